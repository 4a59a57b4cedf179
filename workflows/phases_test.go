package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

var (
	mitigate = incident.Mitigate{What: "rolled back"}
	resolve  = incident.Resolve{Fix: "change 17", Reason: "it is over"}
)

func TestClearsByItselfAndEverybodyPagedIsTold(t *testing.T) {
	s := payments(t, quiet()).at("02:03", says(clear("PaymentsFail", "02:00"))).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)", "02:02 sms alice (alert-1)",
		"02:03 tell alice: INC-1042 cleared by itself. Nothing to do.",
	}, s.transcript("02:00", "03:00"))
	require.Equal(t, incident.Transient, s.row.Phase)
	require.False(t, s.row.HoldsKey)
}

func TestHeldIncidentThatClearsTellsNobody(t *testing.T) {
	p := quiet()
	p.Hold = 3 * time.Minute
	s := payments(t, p).at("02:02", says(clear("PaymentsFail", "02:00"))).play()
	require.Empty(t, s.transcript("02:00", "03:00"))
	require.Equal(t, incident.Transient, s.row.Phase)

	s = payments(t, p).at("02:04", command("alice", incident.AcknowledgeCommand, ack)).at("02:05", stop).play()
	require.Equal(t, []string{"02:03 push alice (alert-1)"}, s.transcript("02:00", "02:05", "push", "sms"))
}

func TestGraveIncidentIsPagedOnThoughItCleared(t *testing.T) {
	o := opening(quiet())
	o.Severity = catalog.SEV1
	s := tell(t, o, fire("PaymentsFail", "02:00")).at("02:01", says(clear("PaymentsFail", "02:00"))).
		at("02:06", command("bob", incident.AcknowledgeCommand, ack)).at("02:06:30", stop).play()
	require.Equal(t, []string{"02:00 push alice (alert-1)", "02:02 sms alice (alert-1)", "02:05 push bob (alert-1)"},
		s.transcript("02:00", "02:06", "push", "sms"))
	require.True(t, s.row.Recovered)
}

func TestRefireAfterMitigatedPagesTheHolderAgain(t *testing.T) {
	s := payments(t, quiet()).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:10", command("alice", incident.MitigateCommand, mitigate)).
		at("02:11", says(clear("PaymentsFail", "02:00"))).
		at("02:20", says(fire("PaymentsFail", "02:19"))).
		at("02:21", command("alice", incident.AcknowledgeCommand, ack)).at("02:40", stop).play()
	require.Equal(t, []string{"02:20 push alice (alert-2)"}, s.transcript("02:02", "02:40", "push", "sms"))
}

func TestRelapseWithinTheWindowReopensAndLaterIsANewIncident(t *testing.T) {
	s := payments(t, quiet()).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:10", command("alice", incident.MitigateCommand, mitigate)).
		at("02:11", says(clear("PaymentsFail", "02:00"))).
		at("02:12", command("alice", incident.ResolveCommand, resolve)).
		at("02:30", says(fire("PaymentsFail", "02:29"))).
		at("02:31", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:32", command("alice", incident.MitigateCommand, mitigate)).
		at("02:33", says(clear("PaymentsFail", "02:29"))).
		at("02:34", command("alice", incident.ResolveCommand, resolve)).
		at("03:10", says(fire("PaymentsFail", "03:09"))).play()
	require.Equal(t, []string{"02:30 push alice (alert-2)"}, s.transcript("02:02", "03:00", "push"))
	require.Equal(t, []string{"03:10 push alice (alert-1)"}, s.transcript("03:00", "03:11", "push"), "of the new incident")
	require.Equal(t, incident.Closed, s.row.Phase)
	require.Len(t, s.rows, 2)
	require.Len(t, s.recorded("recurrence"), 1, "what fires after the window is set aside")
	require.Len(t, s.recorded("recurred"), 1, "and handed on")
}

func TestClosesByItselfWhenEveryGateIsMet(t *testing.T) {
	s := resolved(t, quiet()).
		at("02:30", command("alice", incident.AddFollowUpCommand, incident.AddFollowUp{Title: "test the rollback", Due: clock("5d 02:00")})).
		at("02:40", command("alice", incident.CloseCommand, incident.Close{})).
		at("10d 09:00", command("alice", incident.CompleteFollowUpCommand, incident.CompleteFollowUp{ID: "1"})).play()
	require.Equal(t, incident.Closed, s.row.Phase)
	require.Equal(t, clock("10d 09:00"), s.row.Stamp(incident.ClosedAt))
	require.Contains(t, s.answers["close alice 02:40"], "refused: INC-1042 cannot close yet")
	require.Equal(t, []string{
		"5d 02:00 tell alice: Follow-up 1 of INC-1042 is overdue: test the rollback",
		"6d 02:00 tell alice: Follow-up 1 of INC-1042 is overdue: test the rollback",
	}, s.transcript("5d 00:00", "6d 12:00", "tell alice:"))
	require.Less(t, s.started["store"], 40, "weeks of waiting cost little")
}

// resolved is an incident that is resolved at 02:12.
func resolved(t *testing.T, p catalog.Policy) *story {
	t.Helper()
	return payments(t, p).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:10", command("alice", incident.MitigateCommand, mitigate)).
		at("02:11", says(clear("PaymentsFail", "02:00"))).
		at("02:12", command("alice", incident.ResolveCommand, resolve))
}

func TestWaitsADayForFollowUps(t *testing.T) {
	s := resolved(t, quiet()).play()
	require.Equal(t, clock("1d 02:12"), s.row.Stamp(incident.ClosedAt))
	require.Len(t, s.recorded("stabilised"), 1)
}

func TestCancelledByAPersonTellsEverybody(t *testing.T) {
	s := payments(t, quiet()).at("02:06", command("alice", incident.CancelCommand, incident.Cancel{Reason: "a test alert"})).play()
	require.Equal(t, []string{"02:06 tell bob: INC-1042 was cancelled: a test alert"}, s.transcript("02:06", "03:00"))
	require.Equal(t, incident.Cancelled, s.row.Phase)
}

func TestCancellingTheWorkflowIsTheCommandCancel(t *testing.T) {
	s := payments(t, quiet()).at("02:06", stop).play()
	require.Equal(t, []string{"02:06 tell alice bob: INC-1042 was cancelled: its workflow was cancelled by an operator"}, s.transcript("02:06", "03:00"))
}

func TestFiringAlertAtTheVeryEndIsNeverIgnored(t *testing.T) {
	s := payments(t, quiet())
	s.broken["store"] = away("02:05", "02:20")
	s.at("02:06", command("alice", incident.CancelCommand, incident.Cancel{Reason: "a test alert"})).
		at("02:07", says(fire("PaymentsFail", "02:07"))).play()
	require.Len(t, s.recorded("recurred"), 1)
}

// opens has the incident's successors start, or not, without being played.
func opens(fails func(at time.Time) error) func(*story) {
	return func(s *story) {
		s.env.OnWorkflow(workflows.Incident, anything, anything).Return(func(ctx workflow.Context, state workflows.State) error {
			if state.Incident.Number == s.number {
				return workflows.Incident(ctx, state)
			}
			if fails(s.env.Now()) != nil {
				return testsuite.ErrMockStartChildWorkflowFailed
			}
			s.see("opened for %d alerts", len(state.Alerts))
			return nil
		})
	}
}

func TestARecurrenceIsHandedOnUntilSomebodyHasIt(t *testing.T) {
	s := resolved(t, quiet()).at("02:50", says(fire("PaymentsFail", "02:50")))
	s.watch = opens(away("02:50", "02:50:30"))
	s.breaks = []string{"02:50:40"} // this environment starts a child of one name only once a run
	s.play()
	require.Equal(t, []string{"02:50:40 opened for 1 alerts"}, s.transcript("02:45", "1d 00:00", "opened for"))
	require.Len(t, s.recorded("recurred"), 1)
	require.Empty(t, s.row.Outbox.Recurrence)
}

func TestALaterRecurrenceGoesToTheSameSuccessor(t *testing.T) {
	s := resolved(t, quiet()).
		at("02:50", says(fire("PaymentsFail", "02:50"))).
		at("02:55", says(fire("Other", "02:55"))).play()
	require.Len(t, s.recorded("recurred"), 2)
	require.Len(t, s.rows, 2, "no second successor")
}

func TestCommandIsAppliedOnceAnID(t *testing.T) {
	twice := func(s *story) {
		s.env.UpdateWorkflow(incident.NoteCommand, s.env.Now().String(), s.answer("again"), workflows.Command[incident.Note]{
			Header: incident.Header{ID: "same", By: incident.Person("alice"), At: s.env.Now()}, Args: incident.Note{Text: "once"},
		})
	}
	s := payments(t, quiet()).at("02:01", twice).at("02:02", twice).at("02:03", stop)
	s.breaks = []string{"02:01:30"}
	s.play()
	require.Equal(t, []string{"02:01 once"}, s.recorded("note"))
	require.Equal(t, "noted", s.answers["again"])
}

func TestMachinesCommandIsRefused(t *testing.T) {
	s := payments(t, quiet()).at("02:01", func(s *story) {
		s.env.UpdateWorkflow(incident.AcknowledgeCommand, "m", s.answer("m"), workflows.Command[incident.Acknowledge]{
			Header: incident.Header{ID: "m", By: incident.Machine("alertmanager"), At: s.env.Now()},
		})
	}).at("02:03", stop).play()
	require.Contains(t, s.answers["m"], "forbidden")
	require.Empty(t, s.row.Stamp(incident.FirstAck))
}

func TestAlertsAreTakenInOnce(t *testing.T) {
	s := payments(t, quiet()).
		at("02:01", says(fire("PaymentsFail", "02:00"), fire("PaymentsFail", "02:00"))).
		at("02:02", func(s *story) {
			s.env.SignalWorkflow(workflows.AlertsSignal, workflows.Alerts{Alerts: []alerts.Alert{fire("Other", "02:02")}, More: 7})
		}).
		at("02:03", command("alice", incident.AcknowledgeCommand, ack)).at("02:04", stop).play()
	require.Equal(t, incident.Counts{Alerts: 2, Firing: 2, More: 7}, s.row.Counts)
}
