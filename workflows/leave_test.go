package workflows_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/workflows"
)

// everything is an incident in which a lot is owed at any moment.
func everything(t *testing.T) *story {
	t.Helper()
	p := cadence()
	p.Severities[1].Response.Ticket = true
	p.Severities[1].Response.StillOnIt = 20 * time.Minute
	p.Severities[1].Response.Limits = catalog.Limits{Acknowledge: 3 * time.Minute, Mitigate: 30 * time.Minute}
	p.Leads = []string{"grace"}
	return payments(t, p).
		at("02:06:10", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:08:10", command("bob", incident.AddResponderCommand, incident.AddResponder{Target: p.Escalation.Levels[0].Targets[0], Reason: "help"})).
		at("02:09:10", command("alice", incident.AcknowledgeCommand, incident.Acknowledge{Page: "INC-1042/responder-1/r0/l0/alice/phone"})).
		at("02:20:10", command("bob", incident.PostUpdateCommand, incident.PostUpdate{What: "Payments fail.", Doing: "Looking."})).
		at("02:22:10", command("bob", incident.AddFollowUpCommand, incident.AddFollowUp{Title: "learn", Due: clock("9d 02:00")})).
		at("02:50:10", command("bob", incident.MitigateCommand, mitigate)).
		at("02:55:10", says(clear("PaymentsFail", "02:00"))).
		at("03:00:10", command("bob", incident.ResolveCommand, resolve)).
		at("1d 09:00", func(s *story) {
			s.move("2", "Done", "Done")
			s.env.SignalWorkflow(workflows.TicketSignal, incident.TicketRef{ID: "2"})
		})
}

// moments are times at which something else is owed each.
func moments() []string {
	return []string{
		"02:00:01", "02:01", "02:03:30", "02:05:30", "02:06:30", "02:08:30", "02:09:30", "02:17", "02:21", "02:23", "02:45",
		"02:52", "02:58", "03:05", "04:00", "1d 01:00",
	}
}

func TestContinuesAsNewAsIfNothingHadHappened(t *testing.T) {
	whole := everything(t).play()
	want := whole.transcript("02:00", "9d 00:00")
	require.Equal(t, incident.Closed, whole.row.Phase)
	for _, when := range moments() {
		t.Run(when, func(t *testing.T) {
			s := everything(t)
			s.breaks = []string{when}
			s.play()
			require.Greater(t, s.runs, 1, "it did continue as new")
			require.Equal(t, want, s.transcript("02:00", "9d 00:00"))
			require.ElementsMatch(t, whole.recorded(), s.recorded())
		})
	}
}

// restless is an incident with all that makes paging wait: a level in turn, one
// of several who must all acknowledge, hours, pages that go together, a channel
// that is away, a receipt, a snooze, and somebody who does not answer any more.
func restless(t *testing.T) *story {
	t.Helper()
	p := restful()
	p.Escalation.Levels = append(bothMust().Escalation.Levels[:1:1], oncall.Level{
		Targets: []oncall.Target{{Person: "grace"}}, Timeout: 5 * time.Minute, During: "business",
	}, oncall.Level{Targets: []oncall.Target{{Person: "bob"}}, Timeout: 5 * time.Minute, RoundRobin: true})
	p.Escalation.Repeat = 1
	s := payments(t, p)
	s.hours = map[string]string{"business": "it is outside of business"}
	s.broken["sms"] = away("02:01:30", "02:09:10")
	return s.
		at("02:05:30", undelivered("INC-1042/alert-1/r0/l2/bob/phone")).
		at("02:13:10", command("erin", incident.AcknowledgeCommand, ack)).
		at("02:20:10", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:25:10", command("erin", incident.SnoozeCommand, until("03:10"))).
		at("03:18:10", command("bob", incident.AcknowledgeCommand, ack)).
		at("03:58:10", command("alice", incident.AcknowledgeCommand, ack)).
		at("04:10:10", stop)
}

func TestPagingContinuesAsNewAsIfNothingHadHappened(t *testing.T) {
	whole := restless(t).play()
	want := whole.transcript("02:00", "04:10")
	require.Greater(t, len(want), 20)
	for _, when := range []string{
		"02:00:01", "02:01:45", "02:03", "02:05:10", "02:05:40", "02:08", "02:10:20", "02:12", "02:15", "02:21", "02:30", "03:00",
		"03:11", "03:16", "03:19", "03:40", "03:45", "04:00",
	} {
		t.Run(when, func(t *testing.T) {
			s := restless(t)
			s.breaks = []string{when}
			s.play()
			require.Greater(t, s.runs, 1, "it did continue as new")
			require.Equal(t, want, s.transcript("02:00", "04:10"))
			require.ElementsMatch(t, whole.recorded(), s.recorded())
		})
	}
}

func TestARecordHasABoundedNumberOfPages(t *testing.T) {
	s := payments(t, quiet())
	s.broken["store"] = away("02:01", "09:00")
	s.at("09:03", command("alice", incident.AcknowledgeCommand, ack)).at("09:20", stop).play()
	require.Greater(t, len(s.pages), 200)
	require.Less(t, s.largest, 150)
}

func TestLeavesWithAPageStillTried(t *testing.T) {
	s := payments(t, quiet())
	s.broken["push"] = away("02:00", "02:00:20")
	s.at("02:00:06", func(s *story) { s.env.SetCurrentHistoryLength(10_000) }).
		at("02:04", command("alice", incident.AcknowledgeCommand, ack)).at("02:05", stop).play()
	require.Greater(t, s.runs, 1)
	require.Len(t, s.transcript("02:00", "02:05", "push alice"), 1, "the page is issued again by its key")
}

func TestWhatARunIsToldWhileARunIsLeftIsToldOnce(t *testing.T) {
	s := rolling(t)
	s.breaks = []string{"02:05"} // from then on the run is none of this environment's
	s.delivered = make(chan struct{})
	skip := incident.ControlRun{Run: "rollback-1", Do: incident.SkipRun, Reason: "seen"}
	s.at("02:10", command("bob", incident.ControlRunCommand, skip))
	later := func(d time.Duration, act func(s *story)) {
		s.scenes = append(s.scenes, &scene{at: clock("02:10").Add(d), act: act})
	}
	later(20*time.Millisecond, func(s *story) {
		s.env.SetCurrentHistoryLength(10_000)
		says()(s)
	})
	later(40*time.Millisecond, func(s *story) { close(s.delivered) })
	s.at("02:18", report(runbook.Report{Kind: runbook.Ended, Ordinal: 2})).at("02:20", stop).play()
	require.Equal(t, []string{"02:10 signal control to " + rollbackRun}, s.transcript("02:06", "02:15", "signal"))
	require.Equal(t, 3, s.runs, "it was left twice")
}

func TestKeepsTheRecordOfARunThatCouldNotWriteIt(t *testing.T) {
	s := payments(t, quiet())
	s.broken["store"] = away("02:00", "02:10")
	s.breaks = []string{"02:01", "02:03", "02:06"}
	s.at("02:12", command("carol", incident.AcknowledgeCommand, ack)).at("02:13", stop).play()
	require.Greater(t, s.runs, 1)
	require.NotEmpty(t, s.recorded("page.sent"), "nothing is missing and nothing is twice")
}

func TestSignalsAreNotLostWhenARunIsLeft(t *testing.T) {
	s := payments(t, quiet())
	s.breaks = []string{"02:03:01"}
	s.at("02:03", func(s *story) {
		for n := range 3 { // they wait for the task that leaves the run
			said := workflows.Alerts{Alerts: []alerts.Alert{fire(fmt.Sprint("Other", n), "02:03")}}
			s.env.SignalWorkflowSkippingWorkflowTask(workflows.AlertsSignal, said)
		}
	}).at("02:04", command("alice", incident.AcknowledgeCommand, ack)).at("02:05", stop).play()
	require.Greater(t, s.runs, 1)
	require.Equal(t, 4, s.row.Counts.Firing)
}

func TestARunLastsAWeekAtMost(t *testing.T) {
	s := resolved(t, quiet()).
		at("02:30", command("alice", incident.AddFollowUpCommand, incident.AddFollowUp{Title: "learn", Due: clock("2d 02:00")})).
		at("30d 09:00", command("alice", incident.CompleteFollowUpCommand, incident.CompleteFollowUp{ID: "1"})).play()
	require.Equal(t, incident.Closed, s.row.Phase)
	require.GreaterOrEqual(t, s.runs, 4)
}

func TestStateStaysSmall(t *testing.T) {
	s := payments(t, quiet())
	for n := range 50 {
		s.state.Alerts = append(s.state.Alerts, fire(fmt.Sprintf("Alert %02d with a rather long name that says a lot", n), "02:00"))
	}
	for n := range 250 {
		s.at(clockAfter("02:01", n), command("alice", incident.NoteCommand, incident.Note{Text: fmt.Sprint("note ", n)}))
	}
	var largest int
	s.breaks = []string{"02:06:30"}
	s.at("02:08", func(s *story) {
		data, err := json.Marshal(s.state)
		require.NoError(s.t, err)
		largest = len(data)
		stop(s)
	}).play()
	require.Positive(t, largest)
	require.Less(t, largest, 256<<10)
}

func clockAfter(from string, seconds int) string {
	return stamp(clock(from).Add(time.Duration(seconds) * time.Second))
}
