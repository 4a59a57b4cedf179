package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

// into asks for a merge.
func into(person, from, to string) func(*herd) {
	return give(person, from, incident.MergeCommand, incident.MergeInto{Into: to, Reason: "one cause"})
}

func acks(person, number string) func(*herd) {
	return give(person, number, incident.AcknowledgeCommand, ack)
}

func TestMergeEndsOneAndPagesOnForBoth(t *testing.T) {
	h := several(t, "INC-1", "INC-2").
		at("02:01", acks("alice", "INC-1")).
		at("02:03", into("heidi", "INC-2", "INC-1")).
		at("02:07", acks("alice", "INC-1")).at("02:20", end("INC-1")).play()
	require.Equal(t, incident.Merged, h.rows["INC-2"].Phase)
	require.Equal(t, "INC-1", h.rows["INC-2"].Into)
	require.Equal(t, []string{
		"02:00 push first of INC-1 (alert-1)", "02:00 push first of INC-2 (alert-1)",
		"02:02 sms first of INC-2 (alert-1)",
		"02:03 push alice (alert-2)", "02:05 sms alice (alert-2)",
	}, h.seen("02:00", "02:20", "push", "sms"), "the holder is paged about what came, and nobody for what went")
	require.Equal(t, []string{"02:03 tell first of INC-2: INC-2 is part of INC-1 (one cause): go on there."}, h.seen("02:03", "02:05", "tell"))
	require.Equal(t, "it becomes part of INC-1 as soon as that has taken over; paging goes on until then", h.answers["merge INC-2 02:03"])
	require.Len(t, h.rows["INC-1"].Alerts, 2)
	require.Equal(t, []string{"INC-2 became part of it (Title of INC-2): one cause"}, h.line("INC-1", "absorbed"))
}

func TestMergeByTheHolderPagesNobody(t *testing.T) {
	h := several(t, "INC-1", "INC-2").
		at("02:01", acks("alice", "INC-1")).at("02:03", into("alice", "INC-2", "INC-1")).at("02:40", end("INC-1")).play()
	require.Empty(t, h.seen("02:03", "02:40", "push", "sms"))
}

func TestMergeOfWhatNobodyAnswersEscalates(t *testing.T) {
	h := several(t, "INC-1", "INC-2").
		at("02:01", acks("alice", "INC-1")).at("02:03", into("heidi", "INC-2", "INC-1")).
		at("02:17", acks("bob", "INC-1")).at("02:20", end("INC-1")).play()
	require.Equal(t, []string{"02:03 push alice (alert-2)", "02:08 push first of INC-1 (alert-2)", "02:13 push bob (alert-2)"},
		h.seen("02:03", "02:20", "push"))
}

func TestMergeIntoWhatIsGoneChangesNothing(t *testing.T) {
	h := several(t, "INC-1", "INC-2").
		at("02:01", end("INC-1")).at("02:03", into("heidi", "INC-2", "INC-1")).at("02:12", end("INC-2")).play()
	require.Equal(t, []string{"02:05 push bob (alert-1)"}, h.seen("02:04", "02:06", "push"), "it pages as before")
	require.Equal(t, incident.Cancelled, h.rows["INC-2"].Phase)
	require.Equal(t, []string{"INC-2 is not merged into INC-1: INC-1 cannot hear: it is over, or its workflow is gone."}, h.line("INC-2", "not-merged"))
	require.Len(t, h.seen("02:03", "02:04", "tell heidi: INC-2 is not merged"), 1)
}

func TestMergeIntoEachOtherLosesNeither(t *testing.T) {
	h := several(t, "INC-1", "INC-2").
		at("02:03", func(h *herd) {
			into("heidi", "INC-1", "INC-2")(h)
			into("ivan", "INC-2", "INC-1")(h)
		}).at("02:20", end("INC-1")).play()
	require.Equal(t, incident.Merged, h.rows["INC-2"].Phase)
	require.Equal(t, incident.Cancelled, h.rows["INC-1"].Phase)
	require.Len(t, h.rows["INC-1"].Alerts, 2)
	require.Equal(t, []string{"02:05 push bob (alert-1)"}, h.seen("02:04", "02:06", "push"))
}

func TestMergeInAChain(t *testing.T) {
	h := several(t, "INC-1", "INC-2", "INC-3").
		at("02:01", into("heidi", "INC-3", "INC-2")).at("02:02", into("heidi", "INC-2", "INC-1")).
		at("02:03", hears("INC-3", fire("late", "02:03"))).
		at("02:04", acks("alice", "INC-1")).at("02:20", end("INC-1")).play()
	require.Len(t, h.rows["INC-1"].Alerts, 3)
	require.Equal(t, incident.Merged, h.rows["INC-2"].Phase)
	require.Equal(t, incident.Merged, h.rows["INC-3"].Phase)
	require.Empty(t, h.seen("02:05", "02:20", "push"))
}

// TestMergeIsHandedOnWhileTheStoreIsAway holds that a merge needs no database,
// and that what still comes in under the old number goes where it belongs.
func TestMergeIsHandedOnWhileTheStoreIsAway(t *testing.T) {
	h := several(t, "INC-1", "INC-2")
	h.broken["store"] = away("02:02", "02:10")
	h.at("02:01", acks("alice", "INC-1")).at("02:03", into("alice", "INC-2", "INC-1")).
		at("02:05", hears("INC-2", fire("late", "02:05"))).
		at("02:05:30", func(h *herd) {
			delivery := workflows.Alerts{Alerts: []alerts.Alert{fire("alert of INC-1", "02:00")}, More: 2}
			require.NoError(t, h.env.SignalWorkflowByID("INC-1", workflows.AlertsSignal, delivery))
		}).
		at("02:06", hears("INC-2", clear("late", "02:05"), clear("alert of INC-2", "02:00"))).at("02:20", end("INC-1")).play()
	require.Equal(t, incident.Merged, h.rows["INC-2"].Phase)
	require.Len(t, h.rows["INC-1"].Alerts, 3, "what comes late is passed on")
	require.Equal(t, 1, h.rows["INC-1"].Counts.Firing, "and so is what ends")
	require.Equal(t, 2, h.rows["INC-1"].Counts.More, "of which nothing was said")
	require.Empty(t, h.seen("02:03", "02:20", "push", "sms"))
}

// TestWhatEndsReachesWhoeverGoesOnWithIt: while the store is away, monitoring
// still knows the old number.
func TestWhatEndsReachesWhoeverGoesOnWithIt(t *testing.T) {
	h := several(t, "INC-1")
	h.broken["store"] = away("02:02", "02:20")
	h.at("02:03", end("INC-1")).
		at("02:05", hears("INC-1", fire("again", "02:05"))).
		at("02:06", hears("INC-1", clear("again", "02:05"))).play()
	require.Len(t, h.rows, 2)
	for number, row := range h.rows {
		if number != "INC-1" {
			require.Equal(t, incident.Transient, row.Phase)
			require.Equal(t, "INC-1", row.Recurs)
		}
	}
}

// TestWhatWentOnElsewhereComesBack: its recurrence is merged into an incident
// that is worked on again, and what ends then ends there, and is passed to
// nobody.
func TestWhatWentOnElsewhereComesBack(t *testing.T) {
	s := payments(t, quiet())
	s.state.Into = "INC-9"
	s.at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:02", func(s *story) {
			s.env.SignalWorkflow("merge", incident.Absorb{From: "INC-9", Ordinal: 1, Title: "once more", By: "alice", Reason: "one cause", At: s.env.Now()})
		}).
		at("02:03", says(clear("PaymentsFail", "02:00"))).at("02:10", stop).play()
	require.Empty(t, s.transcript("02:00", "02:10", "INC-9 hears of"))
	require.Zero(t, s.row.Counts.Firing)
}

func TestCommandsWhileMerging(t *testing.T) {
	s := payments(t, quiet()).
		at("02:01", command("alice", incident.MergeCommand, incident.MergeInto{Into: "INC-1", Reason: "one cause"})).
		at("02:02", command("alice", incident.CancelCommand, incident.Cancel{Reason: "r"})).
		at("02:30", func(s *story) {
			s.env.SignalWorkflow("merged", incident.Absorption{By: "INC-1", To: "INC-1042", Ordinal: 1, Why: "INC-1 is closed"})
		}).
		at("02:31", stop).play()
	require.Equal(t, "refused: INC-1042 is being merged into INC-1", s.answers["cancel alice 02:02"])
	require.Equal(t, []string{"02:05 push bob (alert-1)"}, s.transcript("02:05", "02:10", "push"), "paging goes on")
	told := s.transcript("02:00", "02:30", "signal merge to INC-1")
	require.Greater(t, len(told), 3, "it is told again while it does not answer")
	require.Less(t, len(told), 30)
	require.Equal(t, incident.Cancelled, s.row.Phase)
}

// TestMergeAndSplitOutliveARun holds that what is under way when a run is left
// goes on in the next one.
func TestMergeAndSplitOutliveARun(t *testing.T) {
	s := payments(t, quiet()).
		at("02:01", command("alice", incident.MergeCommand, incident.MergeInto{Into: "INC-1", Reason: "one cause"})).
		at("02:10", func(s *story) {
			s.env.SignalWorkflow("merged", incident.Absorption{By: "INC-1", To: "INC-1042", Ordinal: s.latest().Outbox.Merge.Ordinal})
		})
	s.breaks = []string{"02:03"}
	s.play()
	require.Greater(t, s.runs, 1)
	require.Equal(t, incident.Merged, s.row.Phase)
	require.Equal(t, "INC-1", s.row.Into)
	require.Empty(t, s.transcript("02:11", "03:00", "push"))

	s = payments(t, quiet()).
		at("02:00:30", says(fire("other", "02:00"))).
		at("02:01", command("alice", incident.SplitCommand, incident.Split{Alerts: []string{"other"}, Reason: "another cause"})).
		at("02:30", stop)
	s.broken["move"] = away("02:00", "02:06")
	s.breaks = []string{"02:03"}
	s.play()
	require.Greater(t, s.runs, 1)
	require.NotEmpty(t, s.transcript("02:06", "02:30", "split recorded: INC-9"))
	require.Empty(t, s.row.Outbox.Splits)
	require.Len(t, s.row.Alerts, 1)
}

// latest is how the incident was recorded last.
func (s *story) latest() *incident.Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[s.number]
}
