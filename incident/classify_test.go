package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

func classification(s catalog.Level) incident.Classify {
	return incident.Classify{What: "checkout fails", Impact: incident.Impact{Scope: catalog.External}, Severity: s, WhoFixes: "us"}
}

func TestClassifyingAnswersWhatImpactSeverityAndWhoCanFix(t *testing.T) {
	i := held(t)
	require.Equal(t, []string{"what", "impact.scope", "severity", "who_fixes"},
		refused(t, incident.Refused, by("alice", 2*time.Minute), i.Classify, incident.Classify{}))
	refused(t, incident.Invalid, by("alice", 2*time.Minute), i.Classify, classification("SEV9"))
	c := classification(catalog.SEV3)
	c.Impact.Scope = "everyone"
	refused(t, incident.Invalid, by("alice", 2*time.Minute), i.Classify, c)
	do(t, i, "alice", 2*time.Minute, i.Classify, incident.Classify{
		What: "unknown", Impact: incident.Impact{Scope: catalog.ScopeUnknown}, Severity: "unknown", WhoFixes: "unknown",
	})
	require.Equal(t, incident.Mitigating, i.Phase, "each may be unknown")
	require.Equal(t, catalog.SEV3, i.Severity)
	require.True(t, i.Provisional)
	require.Empty(t, i.Highest)
}

func TestNobodyClassifiesBeforeAnAck(t *testing.T) {
	i := opened(t)
	require.Equal(t, []string{"acknowledge"}, refused(t, incident.Refused, by("alice", time.Minute), i.Classify, classification(catalog.SEV3)))
}

func TestRaisingSeverityAfterTheAckPagesWhomItNewlyDemandsOnce(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.Classify, classification(catalog.SEV1))
	calls := open(i, incident.ForResponder)
	require.Len(t, calls, 2)
	require.Equal(t, []oncall.Target{{Person: "heidi"}}, calls[0].Levels[0].Targets)
	require.Equal(t, []oncall.Target{{Team: "platform"}}, calls[1].Levels[0].Targets)
	require.Len(t, open(i, incident.ForRole), 1, "a commander is sought")
	require.Equal(t, after(16*time.Minute), i.Updates.Due, "the first update after the ack")
	do(t, i, "alice", 3*time.Minute, i.Classify, classification(catalog.SEV1))
	do(t, i, "alice", 4*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
	require.Len(t, open(i, incident.ForResponder), 2, "once")
	require.Equal(t, after(34*time.Minute), i.Updates.Due, "the cadence of SEV1")
}

func TestTheHolderIsNotPagedToHelp(t *testing.T) {
	i := held(t)
	do(t, i, "heidi", 2*time.Minute, i.Reassign, incident.Reassign{To: oncall.Target{Person: "heidi"}, Reason: "mine"})
	require.Equal(t, "heidi", i.Holder)
	do(t, i, "heidi", 3*time.Minute, i.Classify, classification(catalog.SEV1))
	require.Len(t, open(i, incident.ForResponder), 1)
}

func TestAHigherUrgencyPagesTheHolderAgainUnlessTheHolderSaidSo(t *testing.T) {
	i := held(t, severity(catalog.SEV4))
	do(t, i, "bob", 2*time.Minute, i.Classify, classification(catalog.SEV2))
	require.Equal(t, catalog.Urgent, only(t, i, incident.ForAlert).Urgency)
	i = held(t, severity(catalog.SEV4))
	do(t, i, "alice", 2*time.Minute, i.Classify, classification(catalog.SEV2))
	require.Empty(t, open(i, incident.ForAlert))
}

func TestAProvisionalSeverityIsConfirmedWithoutCeremony(t *testing.T) {
	i := held(t, severity(catalog.SEV2))
	do(t, i, "alice", 2*time.Minute, i.Classify, classification(catalog.SEV3))
	require.Equal(t, catalog.SEV3, i.Highest)
	require.False(t, i.Provisional)
}

func TestLoweringNeedsAReasonAndTheAuthorityAndUndoesNothing(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.Classify, classification(catalog.SEV1))
	do(t, i, "alice", 3*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
	lower := classification(catalog.SEV3)
	require.Equal(t, []string{"reason"}, refused(t, incident.Refused, by("bob", 4*time.Minute), i.Classify, lower))
	lower.Reason = "few are affected"
	refused(t, incident.Forbidden, by("bob", 4*time.Minute), i.Classify, lower)
	due := i.Updates.Due
	do(t, i, "alice", 4*time.Minute, i.Classify, lower) // alice acts as commander
	require.Equal(t, catalog.SEV3, i.Severity)
	require.Equal(t, catalog.SEV1, i.Highest)
	require.Equal(t, catalog.Urgent, i.Urgency)
	require.Len(t, open(i, incident.ForResponder), 2)
	require.Len(t, open(i, incident.ForRole), 1)
	require.Equal(t, due, i.Updates.Due)
	require.True(t, i.Duties().Closing.Fix, "closing duties follow the highest that was confirmed")
	last := i.Outbox.Updates[len(i.Outbox.Updates)-1]
	require.Equal(t, incident.CorrectionUpdate, last.Kind)
	require.Equal(t, []string{"incidents", "customers"}, last.Audiences)
	lower.Reason = ""
	do(t, i, "bob", 5*time.Minute, i.Classify, lower) // saying the same again lowers nothing
}

func TestWhatAPersonDeclaresIsConfirmed(t *testing.T) {
	i := opened(t, severity(catalog.SEV2), func(o *incident.Opening) { o.By = incident.Person("zoe") })
	require.False(t, i.Provisional)
	require.Equal(t, catalog.SEV2, i.Highest)
}
