package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// berlin is an hour ahead of UTC at noon of these tests.
func berlin(t *testing.T) func(person string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return func(person string) *time.Location {
		if person == "alice" {
			return zone
		}
		return time.UTC
	}
}

func TestRulesAreRankedByUselessPagesAndMoreSoByNight(t *testing.T) {
	day, night := after(0), after(9*time.Hour) // 21:00 in UTC, 22:00 in Berlin
	paged := func(at time.Time, people ...string) []incident.HandedPage {
		var out []incident.HandedPage
		for _, p := range people {
			out = append(out, incident.HandedPage{Person: p, At: at})
		}
		return out
	}
	useless := incident.Given{By: "alice", Reason: "nothing to do"}
	useful := incident.Given{By: "alice", Actionable: true}
	got := incident.Noise(noon, after(24*time.Hour), []incident.Woken{
		{Rule: "Errors", Service: "checkout", Pages: paged(night, "alice", "bob", "alice")},
		{Rule: "Disk", Service: "search", Feedback: useless, Pages: paged(day, "bob")},
		{Rule: "Disk", Service: "search", Feedback: useless, Unanswered: true, Pages: paged(night, "alice", "bob")},
		{Rule: "Disk", Service: "checkout", Unanswered: true, Pages: paged(day, "alice", "bob")},
		{Rule: "Flaky", Service: "search", Unanswered: true, Feedback: useful, Pages: paged(day, "bob")},
		{Rule: "Held", Service: "search", Unanswered: true, Flapped: true},
	}, berlin(t))
	require.Equal(t, incident.NoiseReport{From: noon, Until: after(24 * time.Hour), Rules: []incident.NoisyRule{
		{Rule: "Disk", Service: "search", Incidents: 2, Pages: 3, Night: 1, NotActionable: 2, Unanswered: 1, Score: 5},
		{Rule: "Disk", Service: "checkout", Incidents: 1, Pages: 2, Unanswered: 1, Score: 2},
		{Rule: "Errors", Service: "checkout", Incidents: 1, Pages: 3, Night: 2},
		{Rule: "Flaky", Service: "search", Incidents: 1, Pages: 1, Unanswered: 1},
		{Rule: "Held", Service: "search", Incidents: 1, Unanswered: 1, Flapping: 1},
	}}, got)
	require.NotNil(t, incident.Noise(noon, noon, nil, berlin(t)).Rules, "a quiet week is an empty list")
}

func TestWhatANightWas(t *testing.T) {
	for hour, want := range map[int]int{21: 0, 22: 1, 23: 1, 0: 1, 5: 1, 6: 0, 12: 0} {
		at := time.Date(2026, 3, 2, hour, 59, 0, 0, time.UTC)
		got := incident.Noise(noon, noon, []incident.Woken{{Pages: []incident.HandedPage{{Person: "bob", At: at}}}}, berlin(t))
		require.Equal(t, want, got.Rules[0].Night, "%d h", hour)
	}
}

func TestWhatTheNoiseReportCounts(t *testing.T) {
	i := opened(t)
	w, counts := incident.WokenBy(i)
	require.True(t, counts)
	require.Equal(t, incident.Woken{Rule: "Errors", Service: "checkout"}, w, "nobody has answered, but it goes on")

	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(time.Minute))
	w, _ = incident.WokenBy(i)
	require.Equal(t, incident.Transient, i.Phase)
	require.True(t, w.Unanswered)

	w, _ = incident.WokenBy(resolved(t))
	require.False(t, w.Unanswered)

	for name, change := range map[string]func(*incident.Incident){
		"declared": func(i *incident.Incident) { i.Alerts = nil },
		"drill":    func(i *incident.Incident) { i.Drill = true },
		"merged":   func(i *incident.Incident) { i.Phase = incident.Merged },
	} {
		i := opened(t)
		change(i)
		_, counts := incident.WokenBy(i)
		require.False(t, counts, name)
	}
}
