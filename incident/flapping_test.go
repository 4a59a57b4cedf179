package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// flappy takes an alert to flap that changes more than four times in half an
// hour.
func flappy(o *incident.Opening) {
	o.Policy.Flapping = catalog.Flapping{Changes: 4, Within: 30 * time.Minute}
}

// change lets alert a clear, or fire again, some minutes after noon.
func change(i *incident.Incident, status alerts.Status, minutes ...int) {
	for _, m := range minutes {
		at := time.Duration(m) * time.Minute
		a := since(firing("a"), at)
		if status == alerts.Resolved {
			a = cleared("a")
			a.StartsAt, a.EndsAt = i.Alerts[0].StartsAt, after(at)
		}
		i.TakeAlerts([]alerts.Alert{a}, 0, after(at))
	}
}

// flap makes alert a change its state every four minutes, so often; it fires
// first.
func flap(i *incident.Incident, from, times int) {
	for n := range times {
		status := alerts.Resolved
		if n%2 == 1 {
			status = alerts.Firing
		}
		change(i, status, from+4*n)
	}
}

func TestAnAlertFlapsWhenItChangesTooOftenInTooShortATime(t *testing.T) {
	i := held(t, flappy)
	flap(i, 2, 4)
	require.Zero(t, i.FlappingEnds(), "four changes are no flapping yet")
	flap(i, 18, 1)
	require.Equal(t, after(48*time.Minute), i.FlappingEnds())
	require.Equal(t, []string{"a"}, i.Flapping())

	i = held(t, flappy)
	change(i, alerts.Resolved, 2)
	change(i, alerts.Firing, 10)
	change(i, alerts.Resolved, 20)
	change(i, alerts.Firing, 30)
	change(i, alerts.Resolved, 32)
	require.Zero(t, i.FlappingEnds(), "the first was half an hour ago")
	require.Len(t, i.Flaps[0].Changes, 4)

	i = held(t)
	flap(i, 2, 9)
	require.Empty(t, i.Flaps, "the policy does not say so: nothing flaps")
}

func TestWhatFlapsIsSaidOnceAndDoesNotCountAsCleared(t *testing.T) {
	i := held(t, flappy)
	flap(i, 2, 4)
	require.Len(t, told(i, "Is it mitigated?"), 2)
	i.Drain()
	flap(i, 18, 7) // at 18, 22, .. 42: it ends resolved
	require.Len(t, told(i, "Is it mitigated?"), 2, "nobody is asked again")
	entries := i.Drain()
	require.Len(t, entries, 1)
	require.Equal(t, "flapping", entries[0].Kind)
	require.True(t, entries[0].Highlight)
	require.Equal(t, "Errors flaps: it changed 5 times within 30 min. Until it has been quiet for as long, it pages nobody again and does not count as cleared.", entries[0].Text)
	require.Equal(t, after(72*time.Minute), i.FlappingEnds(), "each change puts it off")

	i.EndFlapping(after(71 * time.Minute))
	require.NotEmpty(t, i.Flaps, "too early")
	i.EndFlapping(after(72 * time.Minute))
	require.Empty(t, i.Flaps)
	require.Equal(t, []string{"flapping.ended", "alert.cleared"}, kinds(i), "its last word counts")
	require.Len(t, told(i, "Is it mitigated?"), 3)
}

func TestWhatFlapsDoesNotEndAnUnansweredIncident(t *testing.T) {
	i := opened(t, flappy)
	i.TakeAlerts([]alerts.Alert{firing("b")}, 0, noon)
	flap(i, 2, 5)
	b := cleared("b")
	i.TakeAlerts([]alerts.Alert{b}, 0, after(20*time.Minute))
	require.Equal(t, incident.Triggered, i.Phase, "it may fire again at any moment")
	require.Len(t, open(i, incident.ForAlert), 1, "paging goes on")
	i.EndFlapping(i.FlappingEnds())
	require.Equal(t, incident.Transient, i.Phase)
	require.Empty(t, i.Flaps)
}

func TestWhatFlapsPagesNobodyAgainUntilItsLastWordIsThatItFires(t *testing.T) {
	i := held(t, flappy)
	flap(i, 2, 5)
	do(t, i, "alice", 19*time.Minute, i.Mitigate, incident.Mitigate{What: "rolled back"})
	flap(i, 22, 1) // a repeat: nothing changes
	change(i, alerts.Firing, 23)
	change(i, alerts.Resolved, 25)
	change(i, alerts.Firing, 27)
	require.Equal(t, incident.Mitigated, i.Phase)
	require.Empty(t, open(i, incident.ForAlert))

	i.EndFlapping(after(57 * time.Minute))
	require.Equal(t, incident.Mitigating, i.Phase)
	require.Len(t, open(i, incident.ForAlert), 1, "now it stands")
}

func TestWhatIsMoreUrgentPagesAlthoughItFlaps(t *testing.T) {
	i := held(t, flappy, severity(catalog.SEV4))
	flap(i, 2, 5)
	worse := label(since(firing("a"), 20*time.Minute), "severity", "critical")
	i.TakeAlerts([]alerts.Alert{worse}, 0, after(20*time.Minute))
	require.Equal(t, catalog.Urgent, i.Urgency)
	require.Len(t, open(i, incident.ForAlert), 1)
}

func TestOnceAPersonSaysThatItIsOverWhatFiresCountsAsEver(t *testing.T) {
	i := held(t, flappy)
	flap(i, 2, 5)
	do(t, i, "alice", 19*time.Minute, i.Mitigate, incident.Mitigate{What: "rolled back"})
	do(t, i, "alice", 20*time.Minute, i.Resolve, fully())
	require.Empty(t, i.Flaps)
	change(i, alerts.Firing, 23)
	require.Equal(t, incident.Mitigating, i.Phase)
	require.Len(t, open(i, incident.ForAlert), 1)
}

func TestASilencedAlertThatFlappedDoesNotBeginAgain(t *testing.T) {
	i := held(t, flappy)
	flap(i, 2, 5)
	do(t, i, "alice", 19*time.Minute, i.Mitigate, incident.Mitigate{What: "rolled back"})
	quiet := since(firing("a"), 22*time.Minute)
	quiet.Suppressed = "s-1"
	i.TakeAlerts([]alerts.Alert{quiet}, 0, after(22*time.Minute))
	i.EndFlapping(after(52 * time.Minute))
	require.Equal(t, incident.Mitigated, i.Phase)
	require.Empty(t, i.Flaps)
}
