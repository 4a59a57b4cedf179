package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

// off asks for a split.
func off(number string, fingerprints ...string) func(*herd) {
	return give("heidi", number, incident.SplitCommand, incident.Split{Alerts: fingerprints, Title: "Its own", Reason: "another cause"})
}

func TestSplitPagesAsAnyNewIncident(t *testing.T) {
	h := several(t, "INC-1").
		at("02:01", hears("INC-1", fire("other", "02:01"))).
		at("02:02", acks("alice", "INC-1")).
		at("02:10", off("INC-1", "other")).
		at("02:10:30", hears("INC-1", clear("other", "02:01"), fire("third", "02:10"))).
		at("02:30", end("INC-1")).play()
	require.Equal(t, []string{"02:10 push first of INC-1 (alert-1)"}, h.seen("02:10", "02:30", "push"), "until what came here late cleared it")
	require.Equal(t, []string{"02:10 split recorded: INC-9"}, h.seen("02:10", "02:30", "split recorded"))
	next := h.rows["INC-9"]
	require.Equal(t, "INC-1", next.SplitFrom)
	require.Equal(t, "key of INC-1/INC-9", next.Key)
	require.Equal(t, incident.Transient, next.Phase)
	require.Equal(t, "Its own", next.Title)
	require.Len(t, next.Alerts, 1)
	require.Equal(t, []string{"1 alert is INC-9 from now on: Its own."}, h.line("INC-1", "split"))
	require.Equal(t, []string{"alert of INC-1", "third"}, []string{h.rows["INC-1"].Alerts[0].Fingerprint, h.rows["INC-1"].Alerts[1].Fingerprint})
	require.Len(t, h.seen("02:10", "02:11", "tell alice heidi: 1 alert is INC-9"), 1)
}

func TestSplitWaitsForTheStoreAndPagingGoesOn(t *testing.T) {
	h := several(t, "INC-1")
	h.broken["split"] = away("02:00", "02:04")
	h.broken["move"] = away("02:00", "02:07")
	h.at("02:00:30", hears("INC-1", fire("other", "02:00"))).
		at("02:01", off("INC-1", "other")).
		at("02:02", off("INC-1", "other")).
		at("02:03", into("heidi", "INC-1", "INC-2")).
		at("02:06", acks("alice", "INC-9")).
		at("02:12", end("INC-9")).at("02:13", end("INC-1")).play()
	require.Contains(t, h.answers["split INC-1 02:02"], "is being split off already")
	require.Contains(t, h.answers["merge INC-1 02:03"], "a split is under way")
	require.Len(t, h.seen("02:04", "02:05", "push first of INC-1 (alert-1)"), 1)
	require.Len(t, h.seen("02:05", "02:06", "push bob (alert-1)"), 1, "nothing stops here")
	require.Len(t, h.seen("02:07", "02:09", "split recorded: INC-9"), 1)
}

func TestSplitOfWhatHasClearedIsNoSplit(t *testing.T) {
	h := several(t, "INC-1")
	h.broken["split"] = away("02:00", "02:04")
	h.at("02:00:30", hears("INC-1", fire("other", "02:00"))).
		at("02:01", off("INC-1", "other")).at("02:02", hears("INC-1", clear("other", "02:00"))).
		at("02:12", end("INC-1")).play()
	require.Nil(t, h.rows["INC-9"])
	require.Equal(t, []string{"INC-1 is not split (Its own): its alerts have cleared."}, h.line("INC-1", "not-split"))
	require.Len(t, h.rows["INC-1"].Alerts, 2)
}

func TestSplitIsUndoneByAMerge(t *testing.T) {
	h := several(t, "INC-1").
		at("02:01", hears("INC-1", fire("other", "02:01"))).at("02:02", acks("alice", "INC-1")).
		at("02:10", off("INC-1", "other")).
		at("02:10:20", into("alice", "INC-9", "INC-1")).
		at("02:10:40", hears("INC-1", fire("other", "02:10"))).
		at("02:30", end("INC-1")).play()
	require.Equal(t, incident.Merged, h.rows["INC-9"].Phase)
	require.Len(t, h.rows["INC-1"].Alerts, 2)
	require.Empty(t, h.seen("02:11", "02:30", "push", "sms"))
}
