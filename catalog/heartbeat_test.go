package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

const heartbeats = `heartbeats:
  - {id: backup, service: payments, every: 5m, grace: 1m, labels: {severity: critical}}
  - {id: export, service: other, every: 1h}
`

func TestAHeartbeatPagesItsService(t *testing.T) {
	c := routed(t, heartbeats)
	h, ok := c.Heartbeat("backup")
	require.True(t, ok)
	require.Equal(t, noon.Add(6*time.Minute), h.Deadline(noon))
	a := h.Alert(alerts.Firing, noon)
	got := c.Route(a, noon)
	require.Equal(t, "payments", got.Service, "though no matcher fits")
	require.Equal(t, catalog.SEV1, got.Severity)
	require.Equal(t, `alertname="HeartbeatMissed"`, got.Key, "the service groups by that")
	require.Equal(t, a.Fingerprint, h.Alert(alerts.Resolved, noon.Add(time.Hour)).Fingerprint)
	other, ok := c.Heartbeat("export")
	require.True(t, ok)
	require.Equal(t, noon.Add(2*time.Hour), other.Deadline(noon), "without a grace it may be one late")
	require.Equal(t, `alertname="HeartbeatMissed",heartbeat="export"`, c.Route(other.Alert(alerts.Firing, noon), noon).Key)
	_, ok = c.Heartbeat("x")
	require.False(t, ok)
}

func TestHeartbeatsAreValidated(t *testing.T) {
	for text, want := range map[string]string{
		`{id: a, service: x, every: 1m}`:                                   `heartbeats[a].service: there is no service "x"`,
		`{id: a, service: other, every: 5s}`:                               `heartbeats[a].every: must be at least 10 s`,
		`{id: a b, service: other, every: 1m}`:                             `heartbeats[a b].id: must be 1 to 63`,
		`{id: a, service: other, every: 1m, labels: {alertname: Another}}`: `heartbeats[a].labels.alertname: is set by Tocsin`,
	} {
		_, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(small)},
			catalog.File{Name: "h.yaml", Data: []byte("heartbeats:\n  - " + text + "\n")})
		require.ErrorContains(t, err, want, text)
	}
}

func TestWhatASenderIsBoundToComesBeforeTheMatchers(t *testing.T) {
	c := routed(t, "routes: [{name: all, when: 'labels.env == \"x\"', service: other}]\n")
	a := alerts.Alert{Status: alerts.Firing, Service: "other", Labels: map[string]string{"service": "payments"}}
	require.Equal(t, "other", c.Route(a, noon).Service)
	require.Equal(t, "the sender is bound to it", c.Explain(a, noon).Steps[1].Reason)
	a.Service = "gone"
	require.Equal(t, "payments", c.Route(a, noon).Service, "a service that has left the catalog binds nobody")
	a.Service, a.Labels = "payments", map[string]string{"env": "x"}
	require.Equal(t, "other", c.Route(a, noon).Service, "a route may still say otherwise")
}
