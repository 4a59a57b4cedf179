package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/workflows"
)

// cost counts the history events that a server would write, at the worst: a
// workflow task of its own for everything that comes back.
type cost struct{ local, regular, timers, messages int }

func (c cost) events() int { return 2 + 3 + c.local + 6*c.regular + 5*c.timers + 5*c.messages }

func TestOrdinaryIncidentStaysBelow250Events(t *testing.T) {
	var c cost
	p := cadence()
	p.Severities[1].Response.Ticket = true
	s := payments(t, p).
		at("02:01", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:02", command("bob", incident.StartRunCommand, incident.StartRun{Name: "rollback"})).
		at("02:02:10", report(runbook.Report{Kind: runbook.Started, Ordinal: 1, Text: "bob started rollback"})).
		at("02:02:20", report(runbook.Report{Kind: runbook.Asked, Ordinal: 2, Question: question("02:12")})).
		at("02:03", command("alice", incident.AnswerCommand, incident.Answer{Question: "rollback-1-1", Choice: "approve"})).
		at("02:03:10", report(runbook.Report{Kind: runbook.Stepped, Ordinal: 3, Text: "rolled back"})).
		at("02:03:20", report(runbook.Report{Kind: runbook.Ended, Ordinal: 4, State: runbook.Done, Text: "done"})).
		at("02:05", command("bob", incident.PostUpdateCommand, incident.PostUpdate{What: "Payments failed.", Doing: "Watching."})).
		at("02:10", command("bob", incident.MitigateCommand, mitigate)).
		at("02:11", says(clear("PaymentsFail", "02:00"))).
		at("02:12", command("bob", incident.ResolveCommand, resolve)).
		at("02:15", command("bob", incident.AddFollowUpCommand, incident.AddFollowUp{Title: "learn", Due: clock("9d 02:00")})).
		at("1d 09:00", func(s *story) {
			s.move("2", "Done", "Done")
			s.env.SignalWorkflow(workflows.TicketSignal, incident.TicketRef{ID: "2"})
		})
	c.messages = len(s.scenes)
	s.poll = 8 * time.Hour
	s.watch = func(s *story) {
		s.env.SetOnLocalActivityStartedListener(func(*activity.Info, context.Context, []any) { c.local++ })
		s.env.SetOnActivityStartedListener(func(i *activity.Info, _ context.Context, _ converter.EncodedValues) {
			if i.Attempt == 1 {
				c.regular++
			}
		})
		s.env.SetOnTimerScheduledListener(func(string, time.Duration) { c.timers++ })
	}
	s.play()
	require.Equal(t, incident.Closed, s.row.Phase)
	t.Logf("%+v: at most %d events", c, c.events())
	require.Less(t, c.events(), 250)
}
