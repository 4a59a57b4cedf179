package incident_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// crowd is an incident of three alerts, of which "c" has cleared.
func crowd(t *testing.T) *incident.Incident {
	t.Helper()
	i := opened(t)
	i.TakeAlerts([]alerts.Alert{firing("b"), cleared("c")}, 0, after(time.Minute))
	return i
}

func TestSplitForgetsWhatGoes(t *testing.T) {
	i := crowd(t)
	out := do(t, i, "bob", time.Minute, i.Split, incident.Split{Alerts: []string{"b", "c", "b"}, Reason: "another cause"})
	require.Equal(t, "split-1", out.ID)
	require.Len(t, i.SplitAlerts("split-1"), 2)
	require.Len(t, i.Alerts, 3, "until the new incident runs nothing changes")
	require.Equal(t, "Too many errors", i.Outbox.Splits[0].Title)

	i.Divided("split-1", "INC-9", after(2*time.Minute))
	i.Divided("split-1", "INC-10", after(2*time.Minute))
	require.Equal(t, incident.Counts{Alerts: 1, Firing: 1}, i.Counts)
	require.Equal(t, "a", i.Alerts[0].Fingerprint)
	require.Equal(t, "INC-9", i.Outbox.Splits[0].Number)
	require.Equal(t, []string{"bob"}, told(i, "2 alerts are INC-9 from now on"))
	require.Len(t, open(i, incident.ForAlert), 1, "paging for the rest goes on")
	i.Moved("split-1")
	require.Empty(t, i.Outbox.Splits)
}

func TestSplitThatLeavesOnlyWhatHasCleared(t *testing.T) {
	i := crowd(t)
	do(t, i, "bob", time.Minute, i.Split, incident.Split{Alerts: []string{"a", "b"}, Title: "t", Reason: "another cause"})
	i.Divided("split-1", "INC-9", after(2*time.Minute))
	require.Equal(t, incident.Transient, i.Phase)
	require.Len(t, i.Outbox.Splits, 1, "it has still to be recorded")
}

func TestSplitThatIsNotNeededAnyMore(t *testing.T) {
	i := crowd(t)
	do(t, i, "bob", time.Minute, i.Split, incident.Split{Alerts: []string{"b"}, Title: "t", Reason: "another cause"})
	i.NotSplit("split-1", "its alerts have cleared", after(2*time.Minute))
	i.NotSplit("split-1", "its alerts have cleared", after(2*time.Minute))
	require.Empty(t, i.Outbox.Splits)
	require.Len(t, i.Alerts, 3)
	require.Equal(t, []string{"bob"}, told(i, "INC-7 is not split (t): its alerts have cleared."))
	require.Empty(t, i.SplitAlerts("split-1"))
}

func TestSplitIsRefused(t *testing.T) {
	ok := incident.Split{Alerts: []string{"b"}, Reason: "another cause"}
	for name, c := range map[string]struct {
		prepare func(i *incident.Incident)
		args    incident.Split
		kind    incident.Kind
		says    string
	}{
		"of nothing":             {nil, incident.Split{Reason: "r"}, incident.Invalid, "name the fingerprint"},
		"of what it has not":     {nil, incident.Split{Alerts: []string{"b", "zzz"}, Reason: "r"}, incident.Invalid, `no alert "zzz"`},
		"without a reason":       {nil, incident.Split{Alerts: []string{"b"}}, incident.Refused, "needs a reason"},
		"with a novel of a name": {nil, incident.Split{Alerts: []string{"b"}, Reason: "r", Title: strings.Repeat("x", 241)}, incident.Invalid, "title"},
		"of what has cleared":    {nil, incident.Split{Alerts: []string{"c"}, Reason: "r"}, incident.Refused, "none of these alerts fires"},
		"of everything":          {nil, incident.Split{Alerts: []string{"a", "b", "c"}, Reason: "r"}, incident.Refused, "keeps at least one"},
		"while it is merged":     {func(i *incident.Incident) { i.Outbox.Merge = &incident.Merging{Into: "INC-1"} }, ok, incident.Refused, "being merged into INC-1"},
		"of what goes already": {func(i *incident.Incident) {
			i.Outbox.Splits = []incident.Splitting{{ID: "split-1", Alerts: []string{"b"}}}
		}, ok, incident.Refused, "being split off already"},
		"of the last that stays": {func(i *incident.Incident) {
			i.Outbox.Splits = []incident.Splitting{{ID: "split-1", Alerts: []string{"a", "c"}}}
		}, ok, incident.Refused, "keeps at least one"},
		"five times at once": {func(i *incident.Incident) { i.Outbox.Splits = make([]incident.Splitting, 5) }, ok, incident.Refused, "5 splits are under way"},
		"when it is over":    {func(i *incident.Incident) { i.Merge("INC-1", noon) }, ok, incident.Refused, "INC-7 is merged"},
	} {
		t.Run(name, func(t *testing.T) {
			i := crowd(t)
			if c.prepare != nil {
				c.prepare(i)
			}
			_, err := i.Split(by("bob", 0), c.args, noon)
			require.Equal(t, c.kind, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err := crowd(t).Split(incident.Header{By: incident.Machine("ci")}, ok, noon)
	require.Equal(t, incident.Forbidden, incident.KindOf(err))
}
