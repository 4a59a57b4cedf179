package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// mitigating is an incident that alice holds and has classified.
func mitigating(t *testing.T) *incident.Incident {
	t.Helper()
	i := opened(t)
	do(t, i, "alice", 0, i.Acknowledge, incident.Acknowledge{})
	do(t, i, "alice", 0, i.Classify, incident.Classify{What: "it fails", Severity: catalog.SEV2, WhoFixes: "unknown", Impact: incident.Impact{Scope: catalog.External}})
	require.Equal(t, incident.Mitigating, i.Phase)
	return i
}

func TestTheRootCauseWaitsUntilItIsMitigated(t *testing.T) {
	i := mitigating(t)
	_, err := i.SetCause(by("alice", 0), incident.SetCause{Hypothesis: "the release"}, noon)
	require.NoError(t, err)
	_, err = i.SetCause(by("alice", 0), incident.SetCause{RootCause: "the release"}, noon)
	require.Equal(t, incident.Refused, incident.KindOf(err))
	require.ErrorContains(t, err, "mitigate first")
	_, err = i.SetCause(by("alice", 0), incident.SetCause{}, noon)
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	_, err = i.Mitigate(by("alice", 0), incident.Mitigate{What: "rolled back"}, noon)
	require.NoError(t, err)
	_, err = i.SetCause(by("alice", 0), incident.SetCause{RootCause: "a missing index"}, noon)
	require.NoError(t, err)
	require.Equal(t, "the release", i.Hypothesis)
	require.Equal(t, "a missing index", i.RootCause)
	_, err = i.SetCause(incident.Header{By: incident.Machine("ci")}, incident.SetCause{Hypothesis: "x"}, noon)
	require.Equal(t, incident.Forbidden, incident.KindOf(err))
}

func TestTheInvestigatorWritesApart(t *testing.T) {
	i := mitigating(t)
	_, err := i.Note(by("alice", 0), incident.Note{Text: "locks", Investigation: true}, noon)
	require.Equal(t, incident.Refused, incident.KindOf(err))
	_, err = i.AssignRole(by("carol", 0), incident.AssignRole{Role: incident.Investigator, Person: "carol"}, noon)
	require.NoError(t, err)
	i.Drain()
	_, err = i.Note(by("carol", 0), incident.Note{Text: "locks on orders", Investigation: true}, noon)
	require.NoError(t, err)
	last := i.Drain()
	require.Equal(t, "investigation", last[len(last)-1].Kind)
	require.Equal(t, incident.Investigator, last[len(last)-1].Role)
}

func TestPeopleAreWarnedBeforeTheTimeToMitigateIsOver(t *testing.T) {
	i := mitigating(t)
	limit, at := i.NextLimit()
	require.Equal(t, "mitigate", limit)
	due := i.WarningDue()
	budget := i.Response().Limits.Mitigate
	require.Equal(t, at.Add(-budget/4), due)
	i.Drain()
	i.Outbox.Notices = nil
	i.Warn(due)
	require.Zero(t, i.WarningDue(), "once")
	require.Len(t, i.Outbox.Notices, 1)
	require.Contains(t, i.Outbox.Notices[0].Text, "the time to mitigate")
	allow, _ := i.Overdue()
	require.Zero(t, allow)
	i.Breach("mitigate", at)
	allow, since := i.Overdue()
	require.Equal(t, budget, allow)
	require.Equal(t, at, since)
	_, err := i.PostUpdate(by("alice", 0), incident.PostUpdate{What: "w", Doing: "d"}, at)
	require.NoError(t, err)
	u := i.Outbox.Updates[len(i.Outbox.Updates)-1]
	require.Equal(t, "1 h, "+at.String(), u.Overdue+", "+u.OverdueSince.String())
	_, err = i.Mitigate(by("alice", 0), incident.Mitigate{What: "rolled back"}, at.Add(time.Minute))
	require.NoError(t, err)
	allow, _ = i.Overdue()
	require.Zero(t, allow)
}

func TestAnEscapeHatchIsRestoredOrWaivedBeforeResolving(t *testing.T) {
	i := mitigating(t)
	started, err := i.StartRun(by("alice", 0), incident.StartRun{Name: "flag-set"}, noon)
	require.NoError(t, err)
	h := incident.Hatch{ID: "shop/recommendations", What: "the shop without recommendations", Expires: noon.Add(time.Hour)}
	i.OpenHatch(started.ID, h, noon)
	i.OpenHatch(started.ID, h, noon)
	require.Len(t, i.Hatches, 1)
	require.Len(t, i.FollowUps, 1)
	require.Equal(t, "Restore what was degraded: the shop without recommendations", i.FollowUps[0].Title)
	require.Equal(t, noon.Add(time.Hour), i.FollowUps[0].Due)
	i.RunEnded(started.ID, incident.RunDone, "", noon)
	_, err = i.Mitigate(by("alice", 0), incident.Mitigate{What: "degraded"}, noon)
	require.NoError(t, err)
	resolve := incident.Resolve{Fix: "https://git.example.org/1", Reason: "known", Confirmations: i.Duties().Closing.Confirmations}
	missing := refused(t, incident.Refused, by("alice", 0), func(h incident.Header, c incident.Resolve, now time.Time) (incident.Outcome, error) {
		return i.Resolve(h, c, now)
	}, resolve)
	require.Contains(t, missing, "the restoring of the shop without recommendations (done by hand: complete follow-up 1), or a waiver of that")

	require.Equal(t, noon.Add(time.Hour), i.HatchDue())
	i.ExpireHatch(noon.Add(time.Hour))
	require.Zero(t, i.HatchDue(), "people are asked once")
	require.NotEmpty(t, open(i, incident.ForBreach))

	restored := i.Clone()
	restored.RestoreHatch("INC-7/runbook/flag-set/2", h.ID, noon)
	require.Equal(t, incident.FollowUpDone, restored.FollowUps[0].State)
	_, err = restored.Resolve(by("alice", 0), resolve, noon)
	require.NoError(t, err)

	tracked := i.Clone()
	tracked.Tracked = true
	tracked.RestoreHatch("INC-7/runbook/flag-set/2", h.ID, noon)
	require.Equal(t, incident.FollowUpOpen, tracked.FollowUps[0].State, "only the tracker says that its issue is done")
	_, err = tracked.Resolve(by("alice", 0), resolve, noon)
	require.NoError(t, err)

	again := incident.Hatch{ID: h.ID}
	restored.OpenHatch("INC-7/runbook/flag-set/3", again, noon)
	require.False(t, restored.Hatches[0].Restored.IsZero(), "a run takes back what it restored itself")
	restored.OpenHatch("INC-7/runbook/flag-set/2", again, noon)
	require.Len(t, restored.Hatches, 1)
	require.Zero(t, restored.Hatches[0].Restored)
	require.Equal(t, incident.FollowUpOpen, restored.FollowUps[0].State)
	require.Empty(t, restored.FollowUps[0].Reason)

	i.FollowUps[0].State = incident.FollowUpWaived
	_, err = i.Resolve(by("alice", 0), resolve, noon)
	require.NoError(t, err)
}

func TestARunAsksForOthersPagesAndTasks(t *testing.T) {
	i := mitigating(t)
	parent, err := i.StartRun(by("alice", 0), incident.StartRun{Name: "evacuate"}, noon)
	require.NoError(t, err)
	i.RunCalls(parent.ID, "other-1", "drain", map[string]string{"node": "a"}, noon)
	i.RunCalls(parent.ID, "other-1", "drain", map[string]string{"node": "a"}, noon)
	require.Len(t, i.Runs, 2)
	child := i.Runs[1]
	require.Equal(t, "INC-7/runbook/drain/1", child.ID)
	require.Equal(t, "alice", child.By, "who started the first answers for it")
	i.RunCalls(parent.ID, "other-2", "drain", nil, noon)
	require.Equal(t, incident.RunRefused, i.Runs[2].State, "it is running already")
	require.Equal(t, "other-2", i.ToTellEnd().Ask)
	i.EndTold(i.Runs[2].ID)
	require.Nil(t, i.ToTellEnd())
	i.RunEnded(child.ID, incident.RunDone, "drain a", noon)
	require.Equal(t, "other-1", i.ToTellEnd().Ask)

	i.RunPages(parent.ID, oncall.Target{Team: "databases"}, "the replica lags", noon, noon)
	require.NotEmpty(t, open(i, incident.ForResponder))
	i.Drain()
	i.RunPages(parent.ID, oncall.Target{}, "nobody", noon, noon)
	require.Contains(t, i.Drain()[0].Text, "Nobody was paged")
	i.RunAddsFollowUp(parent.ID, incident.AddFollowUp{Title: "Raise the limit"}, noon)
	require.Equal(t, i.Holder, i.FollowUps[0].Owner)
	i.RunPages("INC-7/runbook/other/9", oncall.Target{Team: "x"}, "", noon, noon)
	i.RunAddsFollowUp("INC-7/runbook/other/9", incident.AddFollowUp{Title: "x"}, noon)
	i.RunCalls("INC-7/runbook/other/9", "1", "drain", nil, noon)
	require.Len(t, i.FollowUps, 1)
	require.Len(t, i.Runs, 3)
}
