package cli_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/api/changefeed"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

func changing(t *testing.T) (*world, string) {
	t.Helper()
	w := newWorld(t, func(config *api.Config) {
		config.Changes = &changefeed.Feed{Keeper: config.Duty.(*store.Store), Incidents: config.Store, Suspicions: &apitest.Suspicions{}}
	})
	return w, w.grant("machine", "deployer", api.ScopeAlerts)
}

func TestChangesAreReportedListedAndTakenBack(t *testing.T) {
	w, key := changing(t)
	fails(t, "nothing was changed in the day before", "rollback", "INC-1")

	tocsin(t, "change", "report", "checkout", "flag-1", "--kind", "flag", "--title", "retries on", "--at", "2026-03-01T01:30:00Z", "--token", key).ok()
	fails(t, "the likeliest cause was reported without a way to take it back, checkout: retries on (flag): run a runbook", "rollback", "INC-1")

	report := []string{
		"change", "report", "checkout", "deploy-1", "--version", "2.4.0", "--before", "2.3.1", "--author", "ana",
		"--at", "2026-03-01T01:20:00Z", "--undo", "rollback", "--undo-param", "target=checkout", "--token", key,
	}
	require.Equal(t, "on record; told INC-1\n", tocsin(t, report...).ok())
	require.Equal(t, "known already; told INC-1\n", tocsin(t, report...).ok())
	require.Regexp(t, `2026-03-01 01:20:00 UTC\s+checkout\s+deployment\s+2.4.0\s+2.3.1\s+ana\s+-\s+rollback target=checkout\s+deployer\s+deploy-1`,
		tocsin(t, "change", "list", "--kind", "deployment", "--zone", "UTC").ok())
	suspects := tocsin(t, "incident", "suspects", "INC-1", "--zone", "UTC").ok()
	require.Regexp(t, `(?s)checkout: retries on \(flag\).*checkout 2.4.0 \(deployment by ana\).*before it began, the same service\s+rollback target=checkout\s+-\s+deploy-1`, suspects)

	require.Contains(t, tocsin(t, "change", "report", "search", "deploy-2", "--undo", "rolback", "--token", key).ok(),
		"on record; no runbook rolback is served, which is to take it back: see tocsin runbook list")
	fails(t, "take back another, such as checkout 2.4.0 (deployment by ana) (--change checkout/deploy-1)", "rollback", "INC-1")
	got := tocsin(t, "rollback", "INC-1", "--change", "checkout/deploy-1", "--dry-run", "--param", "target=payments")
	got.ok()
	require.Contains(t, got.err, "taken back by: rollback target=payments")
	sent := w.commands.Sent()
	last := sent[len(sent)-1]
	require.Equal(t, incident.StartRunCommand, last.Name)
	require.Equal(t, incident.StartRun{Name: "rollback", DryRun: true, Params: map[string]string{"target": "payments"}}, last.Args)

	fails(t, "reported without a way to take it back", "rollback", "INC-1", "--change", "flag-1")
	fails(t, `no suspect has the id "other"`, "rollback", "INC-1", "--change", "other")

	other := w.grant("machine", "alertmanager", api.ScopeAlerts)
	tocsin(t, "change", "report", "checkout", "deploy-1", "--version", "9", "--at", "2026-03-01T01:50:00Z", "--undo", "rollback", "--token", other).ok()
	fails(t, `several suspects have the id "deploy-1"`, "rollback", "INC-1", "--change", "deploy-1")
	tocsin(t, "rollback", "INC-1", "--change", "deployer/checkout/deploy-1").ok()
	got = tocsin(t, "rollback", "INC-1")
	got.ok()
	require.Contains(t, got.err, "checkout 9 (deployment)", "it is the likeliest now")

	i := sample("INC-1")
	i.Runs = append(i.Runs, incident.Run{ID: "INC-1/runbook/rollback/2", Name: "rollback", State: incident.RunDone, Started: night})
	w.store.Put(i)
	fails(t, "checkout 9 (deployment) was taken back already, by INC-1/runbook/rollback/2", "rollback", "INC-1")
	require.Contains(t, tocsin(t, "incident", "suspects", "INC-1").ok(), "rollback, done by INC-1/runbook/rollback/2")
}

func TestARollbackIsWaitedFor(t *testing.T) {
	w, key := changing(t)
	tocsin(t, "change", "report", "checkout", "deploy-1", "--at", "2026-03-01T01:50:00Z", "--undo", "rollback", "--token", key).ok()
	w.commands.Answer(incident.Outcome{Phase: incident.Mitigating, Text: "rollback is running", ID: waitedFor}, nil)
	i := sample("INC-1")
	i.Runs = append(i.Runs, incident.Run{
		ID: waitedFor, Name: "rollback", By: "alice", Started: night, Ended: night.Add(time.Minute), State: incident.RunRefused, Outcome: "somebody said no",
	})
	w.store.Put(i, incident.Entry{Sequence: 5, Kind: "run.note", Occurred: night, Recorded: night, Actor: incident.Self(), Source: waitedFor, Text: "would roll checkout back to r41"})
	got := tocsin(t, "rollback", "INC-1", "--wait")
	require.Contains(t, got.out, "would roll checkout back to r41")
	require.NotZero(t, got.code, "it was refused")
}

func fails(t *testing.T, because string, args ...string) {
	t.Helper()
	got := tocsin(t, args...)
	require.Equal(t, 2, got.code)
	require.Contains(t, got.err, because)
}

func TestOutputsAreListedAndShown(t *testing.T) {
	var kept *store.Store
	newWorld(t, func(config *api.Config) { kept = config.Evidence.(*store.Store) })
	require.Contains(t, tocsin(t, "incident", "outputs", "INC-1").err, "no run has brought anything to light")
	o := incident.Output{ID: "a-1-1", Run: "INC-1/runbook/a/1", Title: "Pods", Body: "3 of 4\nready\x1b[31m\u202e\n", Bytes: 4100, Removed: 1, At: night}
	require.NoError(t, kept.KeepOutput(t.Context(), "INC-1", o))
	require.Regexp(t, `a-1-1\s+Pods\s+4.1 KB\s+1`, tocsin(t, "incident", "outputs", "INC-1").ok())
	got := tocsin(t, "incident", "outputs", "INC-1", "a-1-1")
	require.Regexp(t, `^3 of 4\nready[^\x1b\x{202e}]*\n$`, got.ok(), "nothing of it reaches the terminal as a command")
	require.Contains(t, got.err, "Pods (")
	require.Equal(t, 1, tocsin(t, "incident", "outputs", "INC-1", "other").code)
}
