package cli_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// A page tells the number as it is, and people type it as they like.
func TestNumbersAreTakenAsPeopleWriteThem(t *testing.T) {
	w := newWorld(t)
	for typed, number := range map[string]string{
		"INC-1": "INC-1", "inc-1": "INC-1", "1": "INC-1",
		"INC-x81f2c04a9be3": "INC-x81f2c04a9be3", "inc-X81F2C04A9BE3": "INC-x81f2c04a9be3",
	} {
		tocsin(t, "incident", "ack", typed)
		sent := w.commands.Sent()
		require.Equal(t, number, sent[len(sent)-1].Number, typed)
	}
}

// Every command reaches its incident with each of its fields.
func TestCommands(t *testing.T) {
	w := newWorld(t)
	w.store.Put(sample("INC-2"))
	at := time.Date(2026, 3, 1, 1, 50, 0, 0, time.UTC)
	for _, tc := range []struct {
		args []string
		name string
		want any
	}{
		{[]string{"ack", "INC-1", "--page", "p"}, "acknowledge", incident.Acknowledge{Page: "p"}},
		{[]string{"acknowledge", "inc-1"}, "acknowledge", incident.Acknowledge{}},
		{[]string{"decline", "1", "--reason", "r"}, "decline", incident.Decline{Reason: "r"}},
		{[]string{"escalate", "1", "--reason", "r"}, "escalate", incident.Escalate{Reason: "r"}},
		{[]string{"reassign", "1", "--team", "storefront", "--reason", "r"}, "reassign", incident.Reassign{To: oncall.Target{Team: "storefront"}, Reason: "r"}},
		{
			[]string{"classify", "1", "--what", "w", "--severity", "sev3", "--scope", "Internal", "--users", "two", "--cannot", "print", "--who-fixes", "bob", "--reason", "r"},
			"classify",
			incident.Classify{What: "w", Severity: catalog.SEV3, Impact: incident.Impact{Scope: catalog.Internal, Users: "two", Cannot: "print"}, WhoFixes: "bob", Reason: "r"},
		},
		{[]string{"cause", "1", "--hypothesis", "the release"}, "set-cause", incident.SetCause{Hypothesis: "the release"}},
		{[]string{"note", "1", "--text", "locks", "--investigation"}, "note", incident.Note{Text: "locks", Investigation: true}},
		{[]string{"role", "assign", "1", "--role", "scribe", "--person", "carol"}, "assign-role", incident.AssignRole{Role: incident.Scribe, Person: "carol"}},
		{[]string{"role", "accept", "1", "--role", "holder"}, "accept-role", incident.AcceptRole{Role: incident.Holder}},
		{[]string{"add-responder", "1", "--schedule", "payments/secondary", "--reason", "r"}, "add-responder", incident.AddResponder{Target: oncall.Target{Schedule: "payments/secondary"}, Reason: "r"}},
		{[]string{"feedback", "1", "--not-actionable", "--reason", "r"}, "feedback", incident.Feedback{Reason: "r"}},
		{[]string{"feedback", "1", "--actionable"}, "feedback", incident.Feedback{Actionable: true}},
		{[]string{"note", "1", "--text", "t", "--highlight"}, "note", incident.Note{Text: "t", Highlight: true}},
		{[]string{"link", "1", "--title", "t", "--to", "https://example.org"}, "link", incident.AddLink{Title: "t", URL: "https://example.org"}},
		{[]string{"status", "1", "--status", "s", "--next", "n"}, "set-status", incident.SetStatus{Status: "s", NextStep: "n"}},
		{[]string{"update", "1", "--what", "w", "--doing", "d", "--estimate", "2026-03-01T01:50:00Z"}, "post-update", incident.PostUpdate{What: "w", Doing: "d", Estimate: at}},
		{[]string{"mitigate", "1", "--what", "w", "--since", "2026-03-01T02:50:00+01:00"}, "mitigate", incident.Mitigate{What: "w", Since: at}},
		{[]string{"resolve", "1", "--fix", "f", "--shortcut", "s", "--reason", "r", "--confirm", "a, b", "--confirm", "c"}, "resolve", incident.Resolve{Fix: "f", Shortcut: "s", Reason: "r", Confirmations: []string{"a, b", "c"}}},
		{[]string{"reopen", "1", "--reason", "r"}, "reopen", incident.Reopen{Reason: "r"}},
		{[]string{"cancel", "1", "--reason", "r"}, "cancel", incident.Cancel{Reason: "r"}},
		{[]string{"merge", "1", "--into", "inc-2", "--reason", "r"}, "merge", incident.MergeInto{Into: "INC-2", Reason: "r"}},
		{[]string{"split", "1", "--alert", "a", "--alert", "b", "--title", "t", "--reason", "r"}, "split", incident.Split{Alerts: []string{"a", "b"}, Title: "t", Reason: "r"}},
		{[]string{"correct", "1", "--clock", "impact_started", "--at", "2026-03-01T01:50:00Z", "--reason", "r"}, "correct-stamp", incident.CorrectStamp{Clock: incident.ImpactStarted, At: at, Reason: "r"}},
		{[]string{"follow-up", "add", "1", "--title", "t", "--owner", "bob", "--priority", "low", "--due", "2026-03-01T01:50:00Z"}, "add-follow-up", incident.AddFollowUp{Title: "t", Owner: "bob", Priority: catalog.Low, Due: at}},
		{[]string{"follow-up", "done", "1", "2", "--text", "t"}, "complete-follow-up", incident.CompleteFollowUp{ID: "2", Text: "t"}},
		{[]string{"follow-up", "waive", "1", "2", "--reason", "r"}, "waive-follow-up", incident.WaiveFollowUp{ID: "2", Reason: "r"}},
		{[]string{"follow-ups", "confirm", "1"}, "confirm-collected", incident.ConfirmCollected{}},
		{[]string{"close", "1"}, "close", incident.Close{}},
		{[]string{"run", "1", "rollback", "--param", "target=a-b", "--dry-run"}, "start-run", incident.StartRun{Name: "rollback", Params: map[string]string{"target": "a-b"}, DryRun: true}},
		{[]string{"control", "1", "rollback-1", "abort", "--reason", "r"}, "control-run", incident.ControlRun{Run: "rollback-1", Do: "abort", Reason: "r"}},
		{[]string{"answer", "1", "q-1", "--choice", "approve", "--reason", "r"}, "answer", incident.Answer{Question: "q-1", Choice: "approve", Reason: "r"}},
	} {
		t.Run(tc.args[0]+" "+tc.name, func(t *testing.T) {
			before := len(w.commands.Sent())
			require.Equal(t, "INC-1: done (triaging, SEV2, held by alice)\n", tocsin(t, append([]string{"incident"}, tc.args...)...).ok())
			sent := w.commands.Sent()
			require.Len(t, sent, before+1)
			last := sent[before]
			require.Equal(t, tc.name, last.Name)
			require.Equal(t, "INC-1", last.Number)
			require.Equal(t, tc.want, last.Args)
			require.Equal(t, incident.Person("alice"), last.Header.By)
			require.Equal(t, "cli", last.Header.Via)
			require.NotEmpty(t, last.Header.ID)
		})
	}
}

func TestKeys(t *testing.T) {
	w := newWorld(t)
	tocsin(t, "incident", "ack", "1").ok()
	tocsin(t, "incident", "ack", "1").ok()
	tocsin(t, "incident", "ack", "1", "--key", "mine").ok()
	tocsin(t, "incident", "ack", "1", "--key", "mine").ok()
	sent := w.commands.Sent()
	require.NotEqual(t, sent[0].Header.ID, sent[1].Header.ID, "each invocation is a command of its own")
	require.NotEqual(t, sent[1].Header.ID, sent[2].Header.ID)
	require.Equal(t, sent[2].Header.ID, sent[3].Header.ID, "an invocation with the same key is the same command")
}

func TestDistancesFromNow(t *testing.T) {
	w := newWorld(t)
	tocsin(t, "incident", "mitigate", "1", "--what", "w", "--since", "10m").ok()
	tocsin(t, "incident", "follow-up", "add", "1", "--title", "t", "--due", "7d").ok()
	sent := w.commands.Sent()
	require.WithinDuration(t, time.Now().Add(-10*time.Minute), sent[0].Args.(incident.Mitigate).Since, time.Minute)
	require.WithinDuration(t, time.Now().Add(7*24*time.Hour), sent[1].Args.(incident.AddFollowUp).Due, time.Minute)
}

func TestOutcomes(t *testing.T) {
	w := newWorld(t)
	w.commands.Answer(incident.Outcome{Text: incident.Accepted}, nil)
	require.Equal(t, "INC-1: accepted; it counts from now, and is applied as soon as a worker runs\n", tocsin(t, "incident", "ack", "1").ok())
	w.commands.Answer(incident.Outcome{Phase: incident.Mitigating, Text: "rollback is running", ID: "INC-1/runbook/rollback/1"}, nil)
	require.Equal(t, "INC-1: rollback is running (mitigating)\nINC-1/runbook/rollback/1\n",
		tocsin(t, "runbook", "run", "rollback", "--incident", "1", "--param", "target=checkout").ok())
	w.commands.Answer(incident.Outcome{Phase: incident.Resolved, Text: "follow-up 3 added; closing waits for it", ID: "3"}, nil)
	require.Equal(t, "INC-1: follow-up 3 added; closing waits for it (resolved)\n", tocsin(t, "incident", "follow-up", "add", "1", "--title", "t").ok())
}

func TestDeclare(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, "INC-2 is open\n", tocsin(t, "incident", "declare", "--title", "No search", "--service", "search", "--severity", "2",
		"--scope", "external", "--users", "all", "--cannot", "search", "--note", "n").ok())
	got := w.intake.Declarations()
	require.Len(t, got, 1)
	require.Equal(t, "No search", got[0].Title)
	require.Equal(t, catalog.SEV2, got[0].Severity)
	require.Equal(t, incident.Impact{Scope: catalog.External, Users: "all", Cannot: "search"}, got[0].Impact)
}
