package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// again opens an incident of a key whose last incidents cleared by themselves,
// so many of them; more than four changes in half an hour are flapping, and its
// page is then held for ten minutes.
func again(times int) func(*incident.Opening) {
	return func(o *incident.Opening) {
		flappy(o)
		o.Policy.Flapping.Hold, o.Cleared = 10*time.Minute, times
	}
}

func TestAnIncidentFlapsFromItsBeginningWhenThoseBeforeItClearedByThemselves(t *testing.T) {
	for times, flaps := range []bool{false, false, false, true, true} {
		i := opened(t, again(times))
		require.Equal(t, flaps, i.Held, times)
		require.Equal(t, flaps, i.Flapped, times)
		require.Equal(t, !flaps, has(i.Paged, "alice"), "the first ones page at once: %d", times)
	}
	i := opened(t, again(3))
	require.Equal(t, after(10*time.Minute), i.HoldEnds())
	require.Equal(t, after(30*time.Minute), i.FlappingEnds())
	entries := i.Drain()
	last := entries[len(entries)-1]
	require.Equal(t, "flapping", last.Kind)
	require.Equal(t, "It flaps: opened 4 times within 30 min, and cleared by itself each time before. "+
		"It pages as soon as it fires 10 min after it was opened, or later, and nobody until then. Once it has been quiet for 30 min it is over.", last.Text)
	require.Contains(t, texts(incident.Explain(i, entries, nil, "alice")), last.Text, "it explains why nobody was paged")
	limit, _ := i.NextLimit()
	require.Empty(t, limit, "no time limit runs for what nobody was told")
}

func TestWhatFlapsFromItsBeginningPagesWhenItFiresAtTheEndOfItsHold(t *testing.T) {
	i := opened(t, again(3))
	change(i, alerts.Resolved, 2)
	change(i, alerts.Firing, 4)
	require.Empty(t, open(i, incident.ForAlert), "it takes in what would be new incidents")
	require.Equal(t, incident.Triggered, i.Phase)
	require.Equal(t, after(10*time.Minute), i.HoldEnds())
	i.EndHold(after(10 * time.Minute))
	s := only(t, i, incident.ForAlert)
	require.Equal(t, "Checkout fails (it flaps: opened 4 times within 30 min)", s.Why)
	require.Equal(t, noon, s.Caused)
	limit, at := i.NextLimit()
	require.Equal(t, "acknowledge", limit)
	require.Equal(t, after(20*time.Minute), at, "it runs from when people were told")
	change(i, alerts.Resolved, 12)
	require.True(t, s.Open(), "its clearing does not end it: somebody is to look")
}

func TestWhatFlapsBeyondItsHoldPagesWhenItFiresAgain(t *testing.T) {
	i := opened(t, again(3))
	change(i, alerts.Resolved, 9)
	require.Zero(t, i.HoldEnds(), "nothing fires")
	change(i, alerts.Firing, 11)
	require.Equal(t, after(10*time.Minute), i.HoldEnds(), "at once")
	i.EndHold(after(11 * time.Minute))
	require.Equal(t, after(21*time.Minute), func() time.Time { _, at := i.NextLimit(); return at }())
	only(t, i, incident.ForAlert)
}

func TestWhatFlapsFromItsBeginningIsOverOnceItIsQuiet(t *testing.T) {
	i := opened(t, again(3))
	change(i, alerts.Resolved, 2)
	change(i, alerts.Firing, 4)
	change(i, alerts.Resolved, 6)
	require.Equal(t, after(36*time.Minute), i.FlappingEnds())
	i.EndFlapping(after(36 * time.Minute))
	require.Equal(t, incident.Transient, i.Phase)
	require.Empty(t, i.Paged)
	require.Empty(t, told(i, "cleared"), "nobody was told of it")
	require.False(t, i.HoldsKey)
}

func TestWhatIsNeverHeldBecauseItFlaps(t *testing.T) {
	for name, change := range map[string]func(*incident.Opening){
		"grave":        severity(catalog.SEV2),
		"a storm":      func(o *incident.Opening) { o.Storm = true },
		"declared":     func(o *incident.Opening) { o.By = incident.Person("alice") },
		"switched off": func(o *incident.Opening) { o.Policy.Flapping = catalog.Flapping{} },
	} {
		i := opened(t, again(9), change)
		require.False(t, i.Held, name)
		require.Equal(t, []string{"alice"}, i.Paged, name)
	}
	i := opened(t, again(9), func(o *incident.Opening) { o.Policy.Hold = time.Hour })
	require.Equal(t, after(time.Hour), i.HoldEnds(), "a longer hold of the service stays")
}

func TestWhatIsMoreUrgentEndsTheHoldOfWhatFlaps(t *testing.T) {
	for name, more := range map[string]alerts.Alert{
		"urgent": label(since(firing("b"), time.Minute), "severity", "error"),
		"grave":  label(since(firing("b"), time.Minute), "severity", "critical"),
	} {
		i := opened(t, again(3), severity(catalog.SEV4))
		require.True(t, i.Held)
		other := label(since(firing("c"), time.Minute), "severity", "warning")
		i.TakeAlerts([]alerts.Alert{other}, 0, after(time.Minute))
		require.True(t, i.Held, "more of the same waits")
		i.TakeAlerts([]alerts.Alert{more}, 0, after(time.Minute))
		require.False(t, i.Held, name)
		require.Equal(t, catalog.Urgent, only(t, i, incident.ForAlert).Urgency)
	}
}

func TestASilenceKeepsWhatFlapsFromPagingAtTheEndOfItsHold(t *testing.T) {
	i := opened(t, again(3))
	change(i, alerts.Resolved, 2)
	a := since(firing("a"), 4*time.Minute)
	a.Suppressed = "s-1"
	i.TakeAlerts([]alerts.Alert{a}, 0, after(4*time.Minute))
	require.Zero(t, i.HoldEnds())
	i.EndFlapping(after(34 * time.Minute))
	require.Zero(t, i.HoldEnds(), "it is quiet, but under a silence")
	require.Equal(t, incident.Triggered, i.Phase)
	a.Suppressed = ""
	i.TakeAlerts([]alerts.Alert{a}, 0, after(40*time.Minute))
	require.Equal(t, after(10*time.Minute), i.HoldEnds(), "the silence is over: it pages at once")
}

func TestWhoeverAcknowledgesWhatFlapsInItsHoldHoldsIt(t *testing.T) {
	i := opened(t, again(3))
	do(t, i, "bob", 2*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, incident.Triaging, i.Phase)
	require.Zero(t, i.HoldEnds())
	change(i, alerts.Resolved, 3)
	change(i, alerts.Firing, 5)
	require.Empty(t, open(i, incident.ForAlert))
}
