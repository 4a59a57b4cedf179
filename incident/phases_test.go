package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func TestAPersonMitigatesFromEveryEarlierPhase(t *testing.T) {
	for name, make := range map[string]func(*testing.T) *incident.Incident{
		"triggered": func(t *testing.T) *incident.Incident { return opened(t) },
		"triaging":  func(t *testing.T) *incident.Incident { return held(t) },
		"mitigating": func(t *testing.T) *incident.Incident {
			i := held(t)
			do(t, i, "alice", 2*time.Minute, i.Classify, classification(catalog.SEV3))
			return i
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := make(t)
			require.Equal(t, incident.Phase(name), i.Phase)
			require.Equal(t, []string{"what"}, refused(t, incident.Refused, by("bob", 5*time.Minute), i.Mitigate, incident.Mitigate{}))
			do(t, i, "bob", 5*time.Minute, i.Mitigate, incident.Mitigate{What: "turned it off"})
			require.Equal(t, incident.Mitigated, i.Phase)
			require.Empty(t, open(i, incident.ForAlert))
			require.Contains(t, told(i, "is mitigated"), "alice")
			refused(t, incident.Refused, by("bob", 6*time.Minute), i.Mitigate, incident.Mitigate{What: "again"})
		})
	}
}

func TestMitigationMayBeDatedBackButNotBeforeItBegan(t *testing.T) {
	i := held(t)
	refused(t, incident.Invalid, by("alice", 5*time.Minute), i.Mitigate, incident.Mitigate{What: "x", Since: after(-time.Second)})
	refused(t, incident.Invalid, by("alice", 5*time.Minute), i.Mitigate, incident.Mitigate{What: "x", Since: after(6 * time.Minute)})
	do(t, i, "alice", 5*time.Minute, i.Mitigate, incident.Mitigate{What: "x", Since: after(3 * time.Minute)})
	require.Equal(t, after(3*time.Minute), i.Stamp(incident.MitigatedAt))
	do(t, i, "alice", 10*time.Minute, i.Reopen, incident.Reopen{Reason: "back"})
	refused(t, incident.Invalid, by("alice", 12*time.Minute), i.Mitigate, incident.Mitigate{What: "x", Since: after(9 * time.Minute)})
}

func TestMitigatedWithoutAnAckTheMitigatorHoldsItAndTTMIsEmpty(t *testing.T) {
	i := opened(t, severity(catalog.SEV2))
	do(t, i, "bob", 5*time.Minute, i.Mitigate, incident.Mitigate{What: "x"})
	do(t, i, "bob", 6*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, "bob", i.Holder)
	require.Zero(t, i.Stamp(incident.FirstAck), "an ack after the mitigation is not what it is measured from")
	_, ok := i.TTM()
	require.False(t, ok)
	require.Len(t, open(i, incident.ForRole), 1, "the response policy applies as soon as somebody holds it")
	require.NotZero(t, i.Updates.Due)
}

func TestResolvingNeedsWhatThePolicyDemands(t *testing.T) {
	i := mitigated(t, severity(catalog.SEV2))
	require.Equal(t, []string{"fix (the fixing change) or shortcut (why there is none)", "confirmation: Support is quiet."},
		refused(t, incident.Refused, by("alice", 30*time.Minute), i.Resolve, incident.Resolve{}))
	do(t, i, "alice", 30*time.Minute, i.Resolve, fully())
	require.Equal(t, incident.Resolved, i.Phase)
	require.Equal(t, map[string]string{"Support is quiet.": "alice"}, i.Closing.Confirmations)
	require.Equal(t, after(30*time.Minute), i.Stamp(incident.ResolvedAt))
}

func TestSEV1And2NeedAFixOrAShortcutWhateverTheCatalogSays(t *testing.T) {
	i := mitigated(t, severity(catalog.SEV2), func(o *incident.Opening) { o.Policy.Severities[1].Response.Closing = catalog.Closing{} })
	require.Len(t, refused(t, incident.Refused, by("alice", 30*time.Minute), i.Resolve, incident.Resolve{}), 1)
	do(t, i, "alice", 30*time.Minute, i.Resolve, incident.Resolve{Shortcut: "restarted by hand"})
	require.Len(t, i.FollowUps, 1)
	require.Equal(t, "Replace the shortcut: restarted by hand", i.FollowUps[0].Title)
	require.Equal(t, "follow-ups collected", i.Gates(after(100 * time.Hour))[2].Name)
	require.False(t, i.Gates(after(100 * time.Hour))[2].Met, "a person must confirm")
}

func TestTheTimelineSaysHowItWasResolved(t *testing.T) {
	for want, c := range map[string]incident.Resolve{
		"Resolved. Fixed by PR 7.":                                         {Fix: "PR 7"},
		"Resolved. A shortcut for now: restarted.":                         {Shortcut: "restarted"},
		"Resolved. Fixed by PR 7. A shortcut for now: restarted. It held.": {Fix: "PR 7", Shortcut: "restarted", Reason: "It held."},
	} {
		i := mitigated(t)
		c.Confirmations = fully().Confirmations
		i.Drain()
		do(t, i, "alice", 30*time.Minute, i.Resolve, c)
		require.Equal(t, want, i.Drain()[0].Text)
	}
}

func TestResolvingWhileAlertsFireTakesAReason(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.Mitigate, incident.Mitigate{What: "x"})
	require.Equal(t, []string{"reason (1 alert still fires)"}, refused(t, incident.Refused, by("alice", 3*time.Minute), i.Resolve, incident.Resolve{}))
	do(t, i, "alice", 3*time.Minute, i.Resolve, incident.Resolve{Reason: "the alert is stuck"})
	require.Equal(t, incident.Resolved, i.Phase)
}

func TestOnlyWhatIsMitigatedResolves(t *testing.T) {
	i := held(t)
	require.Contains(t, refused(t, incident.Refused, by("alice", 3*time.Minute), i.Resolve, fully()), "mitigated (it is triaging)")
}

func TestReopeningNeedsAReasonAndPagesTheHolder(t *testing.T) {
	i := mitigated(t, severity(catalog.SEV2))
	do(t, i, "alice", 25*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
	do(t, i, "alice", 30*time.Minute, i.Resolve, fully())
	require.Zero(t, i.Updates.Due, "the cadence ends at resolved")
	require.Equal(t, []string{"reason"}, refused(t, incident.Refused, by("bob", 40*time.Minute), i.Reopen, incident.Reopen{}))
	do(t, i, "bob", 40*time.Minute, i.Reopen, incident.Reopen{Reason: "customers say so"})
	require.Equal(t, incident.Mitigating, i.Phase)
	require.Equal(t, "alice", i.Targets(only(t, i, incident.ForAlert))[0].Person)
	require.Zero(t, i.Closing.Confirmations, "what was confirmed holds no more")
	require.Equal(t, after(100*time.Minute), i.Updates.Due, "the cadence resumes")

	i = mitigated(t)
	do(t, i, "alice", 40*time.Minute, i.Reopen, incident.Reopen{Reason: "not over"})
	require.Empty(t, open(i, incident.ForAlert), "the holder who reopens it knows")
	refused(t, incident.Refused, by("alice", 41*time.Minute), i.Reopen, incident.Reopen{Reason: "x"})
}

func TestCancellingNeedsAReasonAndTheAuthorityAndTellsEveryoneWhoWasTold(t *testing.T) {
	i := held(t)
	do(t, i, "bob", 2*time.Minute, i.Acknowledge, incident.Acknowledge{})
	do(t, i, "alice", 3*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
	require.Equal(t, []string{"reason"}, refused(t, incident.Refused, by("alice", 4*time.Minute), i.Cancel, incident.Cancel{}))
	refused(t, incident.Forbidden, by("bob", 4*time.Minute), i.Cancel, incident.Cancel{Reason: "x"})
	_, err := i.Cancel(by("lena", 4*time.Minute, catalog.TeamLead), incident.Cancel{Reason: "a false alarm"}, after(4*time.Minute))
	require.NoError(t, err)
	require.Equal(t, incident.Cancelled, i.Phase)
	require.ElementsMatch(t, []string{"alice", "bob"}, told(i, "was cancelled"))
	last := i.Outbox.Updates[len(i.Outbox.Updates)-1]
	require.Equal(t, incident.CorrectionUpdate, last.Kind)
	require.Equal(t, []string{"incidents", "customers"}, last.Audiences)
	require.Zero(t, i.Updates.Due)
	require.False(t, i.InMeans())
}

func TestAnOperatorCancelsOnlyWhatIsNotResolved(t *testing.T) {
	i := held(t)
	i.CalledOff(after(2 * time.Minute))
	require.Equal(t, incident.Cancelled, i.Phase)
	i = resolved(t)
	i.CalledOff(after(time.Hour))
	require.Equal(t, incident.Resolved, i.Phase)
	require.Contains(t, kinds(i), "not-cancelled")
}

func TestMergingTellsWhereItGoesOn(t *testing.T) {
	i := held(t)
	i.Merge("INC-9", after(2*time.Minute))
	require.Equal(t, incident.Merged, i.Phase)
	require.Equal(t, []string{"alice"}, told(i, "go on there"))
	i.Merge("INC-10", after(3*time.Minute))
	require.Equal(t, incident.Merged, i.Phase)
	i = resolved(t)
	i.Merge("INC-9", after(time.Hour))
	require.Equal(t, incident.Resolved, i.Phase, "only what is not resolved is merged")
	require.False(t, i.HoldsKey)
}

func TestNothingIsDoneWithWhatIsOver(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.Cancel, incident.Cancel{Reason: "x"})
	h := by("alice", 3*time.Minute)
	refused(t, incident.Refused, h, i.Escalate, incident.Escalate{})
	refused(t, incident.Refused, h, i.Mitigate, incident.Mitigate{What: "x"})
	refused(t, incident.Refused, h, i.Resolve, fully())
	refused(t, incident.Refused, h, i.Reopen, incident.Reopen{Reason: "x"})
	refused(t, incident.Refused, h, i.Cancel, incident.Cancel{Reason: "x"})
	refused(t, incident.Refused, h, i.AddFollowUp, incident.AddFollowUp{Title: "x"})
	refused(t, incident.Refused, h, i.StartRun, incident.StartRun{Name: "rollback"})
	refused(t, incident.Refused, h, i.PostUpdate, incident.PostUpdate{What: "x", Doing: "y"})
	refused(t, incident.Refused, h, i.Classify, classification(catalog.SEV1))
	do(t, i, "alice", 3*time.Minute, i.Note, incident.Note{Text: "no phase blocks a note"})
}
