package incident_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func hatch() incident.Hatch {
	return incident.Hatch{ID: "shop/x", What: "the shop without x", Expires: noon.Add(time.Hour)}
}

// degradedBy is a mitigated incident of which a run has degraded something.
func degradedBy(t *testing.T) (*incident.Incident, string) {
	t.Helper()
	i := mitigating(t)
	started, err := i.StartRun(by("alice", 0), incident.StartRun{Name: "flag-set"}, noon)
	require.NoError(t, err)
	i.OpenHatch(started.ID, hatch(), noon)
	i.RunEnded(started.ID, incident.RunDone, "", noon)
	_, err = i.Mitigate(by("alice", 0), incident.Mitigate{What: "degraded"}, noon)
	require.NoError(t, err)
	return i, started.ID
}

func resolving(i *incident.Incident) error {
	_, err := i.Resolve(by("alice", 0), incident.Resolve{
		Fix: "https://git.example.org/1", Reason: "known", Confirmations: i.Duties().Closing.Confirmations,
	}, noon)
	return err
}

// missing is what an incident lacks to be resolved.
func missing(t *testing.T, i *incident.Incident) []string {
	t.Helper()
	var refusal *incident.Error
	require.ErrorAs(t, resolving(i), &refusal)
	return refusal.Missing
}

func TestAHatchThatIsOpenedAgainBlocksResolvingAgain(t *testing.T) {
	i, _ := degradedBy(t)
	require.Error(t, resolving(i))
	_, err := i.CompleteFollowUp(by("alice", 0), incident.CompleteFollowUp{ID: "1", Text: "restored by hand"}, noon)
	require.NoError(t, err)
	require.NoError(t, resolving(i.Clone()))

	again, err := i.StartRun(by("alice", 0), incident.StartRun{Name: "flag-set"}, noon)
	require.NoError(t, err)
	i.OpenHatch(again.ID, hatch(), noon)
	i.RunEnded(again.ID, incident.RunDone, "", noon)
	require.Error(t, resolving(i), "it is degraded again")
}

func TestAWaivedHatchPagesNobody(t *testing.T) {
	i, run := degradedBy(t)
	_, err := i.WaiveFollowUp(by("lena", 0, catalog.TeamLead), incident.WaiveFollowUp{ID: "1", Reason: "for good"}, noon)
	require.NoError(t, err)
	i.OpenHatch(run, incident.Hatch{ID: "shop/y", What: "the shop without y", Expires: noon.Add(2 * time.Hour)}, noon)
	i.Drain()
	i.ExpireHatch(noon.Add(2 * time.Hour))
	for _, e := range i.Drain() {
		require.NotContains(t, e.Text, "without x")
	}
}

func TestEscapeHatchesGoAlongWithAMerge(t *testing.T) {
	from := numbered("INC-8", catalog.SEV3, "b")
	_, err := from.Acknowledge(by("alice", time.Minute), incident.Acknowledge{}, after(time.Minute))
	require.NoError(t, err)
	started, err := from.StartRun(by("alice", 2*time.Minute), incident.StartRun{Name: "flag-set"}, after(2*time.Minute))
	require.NoError(t, err)
	from.OpenHatch(started.ID, hatch(), after(2*time.Minute))
	from.RunEnded(started.ID, incident.RunDone, "", after(2*time.Minute))
	into := held(t)
	require.Empty(t, merge(t, "root", from, into, 3*time.Minute))
	_, err = into.Mitigate(by("alice", 20*time.Minute), incident.Mitigate{What: "degraded"}, after(20*time.Minute))
	require.NoError(t, err)
	_, err = into.Resolve(by("alice", 21*time.Minute), incident.Resolve{
		Fix: "https://git.example.org/1", Reason: "known", Confirmations: into.Duties().Closing.Confirmations,
	}, after(21*time.Minute))
	require.Error(t, err, "the shop is without x")
}

func TestWhoeverCompletesAHatchSaysThatItWasRestoredByHand(t *testing.T) {
	i, _ := degradedBy(t)
	i.Drain()
	do(t, i, "zoe", 0, i.CompleteFollowUp, incident.CompleteFollowUp{ID: "1", Text: "turned it on in the console"})
	require.Equal(t, "zoe", i.Hatches[0].RestoredBy)
	require.Equal(t, noon, i.Hatches[0].Restored)
	said := i.Drain()
	require.Equal(t, "Follow-up 1 is done: Restore what was degraded: the shop without x: turned it on in the console", said[0].Text)
	require.Equal(t, "hatch.restored", said[1].Kind)
	require.Equal(t, "Restored by hand, as zoe says: the shop without x.", said[1].Text)
	require.Equal(t, incident.Person("zoe"), said[1].Actor)
	require.NoError(t, resolving(i))
}

func TestATicketThatIsDoneSaysThatAHatchWasRestored(t *testing.T) {
	i, run := degradedBy(t)
	i.Track(true)
	require.Contains(t, missing(t, i), "the restoring of the shop without x (done by hand: complete follow-up 1), or a waiver of that")
	i.Ticketed(incident.TicketRef{ID: "1", Key: "SHOP-1"}, map[string]incident.TicketRef{"1": {ID: "2", Key: "SHOP-2"}})
	require.Contains(t, missing(t, i), "the restoring of the shop without x (done by hand: follow-up 1, done in SHOP-2), or a waiver of that")
	i.TicketSaid(incident.TicketStatus{Ref: incident.TicketRef{ID: "2", Key: "SHOP-2"}, Found: true, Done: true, Resolution: "Done"}, noon)
	require.Equal(t, "SHOP-2", i.Hatches[0].RestoredBy)
	require.NoError(t, resolving(i.Clone()))

	i.Hatches[0].RestoredBy = run // as if a run had restored it, and its ticket been done since
	i.OpenHatch(run, incident.Hatch{ID: "shop/x"}, noon)
	require.Error(t, resolving(i), "that is taken back")
	require.Equal(t, incident.FollowUpOpen, i.FollowUps[1].State)
}

func TestAWaivedHatchThatIsOpenedAgainBlocksResolving(t *testing.T) {
	i, run := degradedBy(t)
	_, err := i.WaiveFollowUp(by("lena", 0, catalog.TeamLead), incident.WaiveFollowUp{ID: "1", Reason: "for good"}, noon)
	require.NoError(t, err)
	require.NoError(t, resolving(i.Clone()))
	i.OpenHatch(run, hatch(), noon)
	require.Len(t, i.Hatches, 1)
	require.Error(t, resolving(i), "nobody waived that")
}

func TestARunKeepsHatchesWithinBounds(t *testing.T) {
	i, run := degradedBy(t)
	for n := range 30 {
		i.OpenHatch(run, incident.Hatch{ID: fmt.Sprint(n), What: "without it", Expires: noon.Add(time.Hour)}, noon)
	}
	require.Len(t, i.Hatches, 20)
	said := i.Drain()
	require.Equal(t, "Degraded: without it. Nothing waits for its restoring, since too much waits to be restored already: restore it by hand.", said[len(said)-1].Text)
	for n := range 500 {
		i.RestoreHatch(run, fmt.Sprint(n), noon)
		i.OpenHatch(run, incident.Hatch{ID: fmt.Sprint(n + 1), What: "without it", Expires: noon.Add(time.Hour)}, noon)
	}
	require.Len(t, i.Hatches, 20)
	require.Less(t, len(i.FollowUps), 81)
}

// What an undo degrades again is degraded for longer than it was to be, and
// nobody was asked since it was restored.
func TestWhatIsDegradedAgainIsAskedAboutAgain(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	i.OpenHatch(firstRun, incident.Hatch{ID: "flag", What: "no recommendations", Expires: after(time.Hour)}, after(3*time.Minute))
	i.ExpireHatch(after(time.Hour))
	i.RestoreHatch(firstRun, "flag", after(2*time.Hour))
	i.OpenHatch(firstRun, incident.Hatch{ID: "flag"}, after(3*time.Hour))
	require.False(t, i.HatchDue().IsZero())
}

// degradedByItself is an incident for which the catalog has something degraded,
// before anybody has acknowledged.
func degradedByItself(t *testing.T) *incident.Incident {
	t.Helper()
	i := opened(t, func(o *incident.Opening) {
		o.Runbooks = []incident.RunbookOffered{{Name: "flag-set", Auto: &catalog.Auto{PerHour: 2}}}
	})
	i.AutoRun("flag-set", "", after(time.Minute))
	run := i.Runs[0].ID
	i.RunBegan(run, "unleash/shop", "started", after(time.Minute), after(time.Minute))
	i.OpenHatch(run, incident.Hatch{ID: "shop/x", What: "the shop without x", Expires: after(4 * time.Hour)}, after(2*time.Minute))
	i.RunEnded(run, incident.RunDone, "", after(3*time.Minute))
	return i
}

func TestWhatIsDegradedDoesNotClearByItself(t *testing.T) {
	i := degradedByItself(t)
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(20*time.Minute))
	require.NotEqual(t, incident.Transient, i.Phase, "the shop is without x, and everybody is told that there is nothing to do")
	require.False(t, i.HatchDue().IsZero(), "somebody is asked when it expires")
	require.NotEmpty(t, open(i, incident.ForAlert), "paging goes on")
}

func TestWhatIsDegradedIsNotCancelled(t *testing.T) {
	i := degradedByItself(t)
	_, err := i.Cancel(by("lena", 30*time.Minute, catalog.TeamLead, catalog.Administrator), incident.Cancel{Reason: "false alarm"}, after(30*time.Minute))
	require.ErrorContains(t, err, "what it has degraded is not restored")
	i.CalledOff(after(31 * time.Minute))
	said := i.Drain()
	require.Equal(t, "Cancelled: its workflow was cancelled by an operator; it leaves behind the restoring of the shop without x "+
		"(done by hand: complete follow-up 1), or a waiver of that", said[len(said)-1].Text)
}

// Nobody has anything to do any more, and is paged all the same, up to the last
// resort.
func TestWhatClearedAndWasRestoredIsOver(t *testing.T) {
	i := degradedByItself(t)
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(20*time.Minute))
	require.Equal(t, incident.Triggered, i.Phase)
	i.RestoreHatch("INC-1042/runbook/flag-set/2", "shop/x", after(25*time.Minute))
	require.Equal(t, incident.Transient, i.Phase)
	require.Empty(t, open(i, incident.ForAlert))
}
