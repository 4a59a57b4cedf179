package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func last(t *testing.T, i *incident.Incident) incident.StatusUpdate {
	t.Helper()
	require.NotEmpty(t, i.Outbox.Updates)
	return i.Outbox.Updates[len(i.Outbox.Updates)-1]
}

func TestTheFirstUpdateIsDueAfterTheAckAndTheCommanderIsRemindedBefore(t *testing.T) {
	i := held(t)
	require.Equal(t, after(16*time.Minute), i.Updates.Due)
	require.Equal(t, after(11*time.Minute), i.RemindDue())
	i.RemindUpdate(after(11 * time.Minute))
	require.Equal(t, []string{"alice"}, told(i, "is due at 12:16 UTC"))
	require.Zero(t, i.RemindDue())
	require.Zero(t, held(t, severity(catalog.SEV4)).Updates.Due)
}

func TestAnUpdateSaysWhatHappensAndWhatIsBeingDone(t *testing.T) {
	i := held(t)
	h := by("alice", 5*time.Minute)
	require.Equal(t, []string{"what", "doing"}, refused(t, incident.Refused, h, i.PostUpdate, incident.PostUpdate{}))
	refused(t, incident.Invalid, h, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d", Estimate: noon})
	do(t, i, "alice", 5*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d", Estimate: after(time.Hour)})
	u := last(t, i)
	require.Equal(t, incident.StatusUpdate{
		Ordinal: 1, What: "w", Doing: "d", Estimate: after(time.Hour), By: "alice", At: after(5 * time.Minute),
		Opens: []string{"incidents", "customers"}, Next: after(65 * time.Minute), Audiences: []string{"incidents", "customers"}, Kind: incident.HumanUpdate,
	}, u)
	do(t, i, "alice", 6*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
	require.Empty(t, last(t, i).Opens, "mails thread")
	i = held(t, severity(catalog.SEV4))
	refused(t, incident.Refused, h, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
}

func TestAnAutomaticUpdateRepeatsTheLastHumanWordsWithTheirTimeToNoExternalAudience(t *testing.T) {
	i := held(t)
	i.AutomaticUpdate(after(16 * time.Minute))
	require.Zero(t, last(t, i).Written, "nobody has written yet")
	require.Empty(t, last(t, i).What)
	i.Outbox.Updates = nil
	do(t, i, "alice", 20*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d", Estimate: after(30 * time.Minute)})
	i.AutomaticUpdate(after(80 * time.Minute))
	u := last(t, i)
	require.Equal(t, incident.AutomaticUpdate, u.Kind)
	require.Equal(t, []string{"w", "d"}, []string{u.What, u.Doing})
	require.Equal(t, after(20*time.Minute), u.Written)
	require.Equal(t, after(30*time.Minute), u.Estimate, "the old estimate, none of its own")
	require.Equal(t, []string{"incidents"}, u.Audiences)
	require.False(t, u.Late)
	require.Equal(t, after(140*time.Minute), u.Next)
}

func TestMissedUpdatesCollapseIntoOneMarkedLate(t *testing.T) {
	i := held(t)
	i.AutomaticUpdate(after(10 * time.Hour))
	require.True(t, last(t, i).Late)
	require.Equal(t, after(11*time.Hour), i.Updates.Due)
	i.AutomaticUpdate(after(11 * time.Hour))
	require.Len(t, i.Outbox.Updates, 1, "while it cannot be sent there is one")
	require.Equal(t, after(12*time.Hour), i.Updates.Due)
	i = held(t)
	i.AutomaticUpdate(after(17*time.Minute + time.Second))
	require.True(t, last(t, i).Late, "a minute is late, whatever the cadence")
}

func TestOnlyExternalAudiencesGetNoAutomaticUpdate(t *testing.T) {
	i := held(t, func(o *incident.Opening) { o.Policy.ExternalAudiences = []string{"incidents", "customers"} })
	i.AutomaticUpdate(after(16 * time.Minute))
	require.Empty(t, i.Outbox.Updates)
	require.Equal(t, after(76*time.Minute), i.Updates.Due)
}

func TestAnAudienceWithoutACadenceIsNotOwedAnything(t *testing.T) {
	i := held(t, func(o *incident.Opening) { o.Policy.Severities[2].Response.Updates.Every = 0 })
	do(t, i, "alice", 5*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
	require.Zero(t, i.Updates.Due)
	require.Zero(t, last(t, i).Next)
}

func TestTheCadenceEndsAtResolvedAndTheClosingMailGoesToWhoeverHadTheOpeningOne(t *testing.T) {
	i := mitigated(t)
	i.AutomaticUpdate(after(25 * time.Minute))
	do(t, i, "alice", 30*time.Minute, i.Resolve, fully())
	u := last(t, i)
	require.Equal(t, incident.ClosingUpdate, u.Kind)
	require.Equal(t, []string{"incidents"}, u.Audiences, "customers never had one")
	require.Zero(t, i.Updates.Due)
	do(t, i, "alice", 31*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
	require.Zero(t, i.Updates.Due, "no phase blocks an update, and it begins no cadence")
	require.Empty(t, resolved(t).Outbox.Updates, "nobody had an opening one")
}

func TestUpdatesThatCannotBeSentAreBounded(t *testing.T) {
	i := held(t)
	for range 3 {
		do(t, i, "alice", 5*time.Minute, i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
	}
	refused(t, incident.Refused, by("alice", 6*time.Minute), i.PostUpdate, incident.PostUpdate{What: "w", Doing: "d"})
}
