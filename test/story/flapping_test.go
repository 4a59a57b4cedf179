package story_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/test/scene"
)

// flappingHold is how long the page waits of what flaps from its beginning.
const flappingHold = 6 * time.Second

// flapping takes the third incident in a row to flap, and no alert for so
// grave that it is paged on though it cleared.
func flapping(c *catalog.Catalog) {
	scene.Cast(c)
	scene.Steady(c)
	c.Settings.Flapping = catalog.Flapping{Changes: 2, Within: time.Hour, Hold: flappingHold}
	c.Settings.AlertSeverities["critical"] = catalog.AlertSeverity{Urgency: catalog.Urgent, Severity: catalog.SEV3}
}

// TestWhatClearsByItselfAgainAndAgainBecomesOneIncident plays an alert that
// clears before anybody acknowledges, over real parts.
func TestWhatClearsByItselfAgainAndAgainBecomesOneIncident(t *testing.T) {
	t.Parallel()
	_, w := start(t, devstack.Config{Adjust: flapping})
	fire := func() (scene.Webhook, string) {
		t.Helper()
		a := scene.Webhook{Service: "payments", Alertname: "Flappy", Summary: "payments fail", Since: time.Now()}
		number, err := a.Fire(t.Context(), w)
		require.NoError(t, err)
		return a, number
	}
	for range 2 {
		a, number := fire()
		_, err := w.Push(t.Context(), scene.Primary, number, "payments fail")
		require.NoError(t, err, "it pages at once")
		require.NoError(t, a.Clear(t.Context(), w, number))
		_, err = w.Incident(t.Context(), number, "the end", func(i *client.Incident) bool { return i.Phase == client.Phase(incident.Transient) })
		require.NoError(t, err)
	}
	a, number := fire()
	require.NoError(t, a.Clear(t.Context(), w, number))
	_, same := fire()
	require.Equal(t, number, same, "it takes in what would be a new incident")
	page, err := w.Push(t.Context(), scene.Primary, number, "it flaps: opened 3 times within 1 h")
	require.NoError(t, err)
	tap, err := w.Sandbox.Phone.Tap(t.Context(), page.ID, 0)
	require.NoError(t, err)
	require.Less(t, tap.Status, 300)
	i, err := w.Incident(t.Context(), number, "the ack", func(i *client.Incident) bool { return i.Holder == scene.Primary })
	require.NoError(t, err)

	pages, err := w.Pages(t.Context(), number)
	require.NoError(t, err)
	for _, p := range pages {
		require.True(t, p.Sent.IsZero() || p.Sent.Sub(i.Clocks.Stamps[incident.TriggeredAt]) >= flappingHold, "%s was handed over at %s", p.Key, p.Sent)
	}
	lines, err := w.Timeline(t.Context(), number)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(lines, func(e client.Entry) bool { return e.Kind == "flapping" }))
	report, err := as(t, w, scene.Primary).GetNoiseWithResponse(t.Context(), &client.GetNoiseParams{})
	require.NoError(t, err)
	require.Len(t, report.JSON200.Rules, 1)
	require.Equal(t, 3, report.JSON200.Rules[0].Incidents)
	require.Equal(t, 1, report.JSON200.Rules[0].Flapping)
}
