package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func limit(i *incident.Incident) string {
	name, at := i.NextLimit()
	if name == "" {
		return ""
	}
	return name + " " + at.Sub(noon).String()
}

func TestTheMitigationBudgetRunsFromTheAckAtTheLatestFromTheLimitOnIt(t *testing.T) {
	i := opened(t)
	require.Equal(t, "acknowledge 10m0s", limit(i))
	i.Breach("acknowledge", after(10*time.Minute))
	require.Equal(t, "mitigate 1h10m0s", limit(i))
	do(t, i, "alice", 30*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, "mitigate 1h10m0s", limit(i), "a late ack buys no time")
	require.Equal(t, "mitigate 1h1m0s", limit(held(t)))
}

func TestTheResolutionBudgetRunsFromMitigated(t *testing.T) {
	i := mitigated(t)
	require.Equal(t, "resolve 24h20m0s", limit(i))
	i.Breach("resolve", after(25*time.Hour))
	require.Empty(t, limit(i), "a limit is broken once")
}

func TestARelapseStartsTheBudgetsAnew(t *testing.T) {
	i := mitigated(t)
	i.Breach("mitigate", after(5*time.Minute))
	i.TakeAlerts([]alerts.Alert{since(firing("a"), 10*time.Hour)}, 0, after(10*time.Hour))
	require.Equal(t, "mitigate 11h10m0s", limit(i))
	do(t, i, "alice", 10*time.Hour+2*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, "mitigate 11h2m0s", limit(i))
	i.Breach("mitigate", after(12*time.Hour))
	require.Empty(t, limit(i))
	require.Len(t, i.Breaches, 2)
}

func TestABreachIsRecordedAndPagesTheLeadsAndTheCommander(t *testing.T) {
	i := held(t)
	_, err := i.AssignRole(by("carl", 2*time.Minute, catalog.TeamLead), incident.AssignRole{Role: incident.Commander, Person: "carl"}, after(2*time.Minute))
	require.NoError(t, err)
	i.Breach("mitigate", after(time.Hour))
	require.Equal(t, []incident.Breach{{Limit: "mitigate", Allow: time.Hour, At: after(time.Hour)}}, i.Breaches)
	s := only(t, i, incident.ForBreach)
	require.Equal(t, "lena", s.Levels[0].Targets[0].Person)
	require.Equal(t, "carl", s.Levels[0].Targets[1].Person)
}

func TestWithoutLimitsNothingIsBroken(t *testing.T) {
	require.Empty(t, limit(opened(t, severity(catalog.SEV4))))
	require.Empty(t, limit(resolved(t)))
}

func TestTheHolderIsAskedAfterSilenceAndAnySignOfLifeIsAYes(t *testing.T) {
	i := held(t)
	require.Equal(t, after(31*time.Minute), i.StillOnItDue())
	do(t, i, "alice", 10*time.Minute, i.Note, incident.Note{Text: "looking"})
	require.Equal(t, after(40*time.Minute), i.StillOnItDue())
	do(t, i, "bob", 20*time.Minute, i.Note, incident.Note{Text: "me too"})
	require.Equal(t, after(40*time.Minute), i.StillOnItDue(), "another's word is not the holder's")
	i.AskStillOnIt(after(40 * time.Minute))
	require.Zero(t, i.StillOnItDue(), "asked once at a time")
	do(t, i, "bob", 41*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Len(t, open(i, incident.ForStillOnIt), 1, "another's ack is not the holder's yes")
	do(t, i, "alice", 41*time.Minute, i.SetStatus, incident.SetStatus{Status: "still on it"})
	require.Empty(t, open(i, incident.ForStillOnIt))
	require.Zero(t, mitigated(t).StillOnItDue())
}

func TestNoAnswerWithdrawsTheAckAndRestartsAtLevelOne(t *testing.T) {
	i := held(t)
	i.AskStillOnIt(after(31 * time.Minute))
	s := only(t, i, incident.ForStillOnIt)
	page(t, i, s, after(31*time.Minute), "alice")
	i.NextLevel(s, after(36*time.Minute))
	require.Empty(t, i.Holder)
	require.Equal(t, incident.Triaging, i.Phase, "the phase stays")
	require.Equal(t, after(time.Minute), i.Stamp(incident.FirstAck))
	again := only(t, i, incident.ForAlert)
	require.Equal(t, "shop/primary", i.Targets(again)[0].Schedule)
	do(t, i, "bob", 37*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, "bob", i.Holder)
	require.Equal(t, after(67*time.Minute), i.StillOnItDue(), "the new holder's silence counts from their ack")
}

func TestATapThatWasUnderWayWhenTheAckWasWithdrawnStillCounts(t *testing.T) {
	i := held(t)
	i.AskStillOnIt(after(31 * time.Minute))
	i.NextLevel(only(t, i, incident.ForStillOnIt), after(36*time.Minute))
	_, err := i.Acknowledge(by("alice", 33*time.Minute), incident.Acknowledge{}, after(37*time.Minute))
	require.NoError(t, err)
	require.Equal(t, "alice", i.Holder)
	require.Empty(t, open(i, incident.ForAlert))
}
