package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/incident"
)

const fromAlertmanager = `{"version":"4","status":"firing","receiver":"tocsin","newField":{"a":[1]},"truncatedAlerts":2,
	"groupLabels":{"alertname":"CheckoutErrors"},"alerts":[{"status":"resolved","labels":{"alertname":"CheckoutErrors"},
	"startsAt":"2026-03-01T01:00:00Z","endsAt":"2026-03-01T01:30:00Z","fingerprint":"f"}]}`

func TestAlertmanager(t *testing.T) {
	w := newWorld(t)
	var out struct {
		Alerts    int
		Incidents []struct {
			Number string
			New    bool
		}
	}
	w.do("alertmanager", "POST", "/v1/alerts/alertmanager", fromAlertmanager).want(202, &out)
	require.Equal(t, "INC-1", out.Incidents[0].Number)
	require.True(t, out.Incidents[0].New)
	got := w.intake.Deliveries()[0]
	require.Equal(t, 2, got.Truncated)
	require.Equal(t, alerts.Resolved, got.Alerts[0].Status)
}

func TestGenericAlerts(t *testing.T) {
	w := newWorld(t)
	w.do("alertmanager", "POST", "/v1/alerts/generic", `{"alerts":[{"status":"firing","labels":{"alertname":"A"}}]}`).want(202)
	w.do("alertmanager", "POST", "/v1/alerts/generic", `{"status":"firing","labels":{"alertname":"A"}}`).want(202)
	require.Len(t, w.intake.Deliveries(), 2)
}

func TestBadDeliveries(t *testing.T) {
	w := newWorld(t)
	big := `{"alerts":[{"status":"firing","labels":{"a":"` + strings.Repeat("x", 6<<20) + `"}}]}`
	for name, tc := range map[string]struct {
		source, body string
		status       int
		kind, field  string
	}{
		"not JSON":            {"alertmanager", `{`, 400, "invalid", ""},
		"nothing":             {"alertmanager", ``, 400, "invalid", ""},
		"no alerts":           {"alertmanager", `{}`, 400, "invalid", "alerts"},
		"bad status":          {"alertmanager", `{"alerts":[{"status":"sad"}]}`, 400, "invalid", "alerts[0].status"},
		"wrong type":          {"alertmanager", `{"alerts":7}`, 400, "invalid", "alerts"},
		"too large":           {"alertmanager", big, 413, "too-large", ""},
		"generic, unknown":    {"generic", `{"status":"firing","labels":{"a":"b"},"x":1}`, 400, "invalid", ""},
		"generic, no labels":  {"generic", `{"status":"firing"}`, 400, "invalid", "labels"},
		"generic, empty list": {"generic", `{"alerts":[]}`, 400, "invalid", "alerts"},
		"generic, too large":  {"generic", big, 413, "too-large", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			p := w.do("alertmanager", "POST", "/v1/alerts/"+tc.source, tc.body).problem(tc.status, tc.kind)
			require.Equal(t, tc.field, p.Field, p.Detail)
		})
	}
	require.Empty(t, w.intake.Deliveries())
}

// curl -d says that it sends a form: an alert must not be lost over that.
func TestAlertsAreReadWhateverTheyAreCalled(t *testing.T) {
	w := newWorld(t)
	for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "", "nonsense;;"} {
		w.do("alertmanager", "POST", "/v1/alerts/generic", `{"status":"firing","labels":{"a":"b"}}`, header("Content-Type", kind)).want(202)
		w.do("alertmanager", "POST", "/v1/alerts/alertmanager", fromAlertmanager, header("Content-Type", kind)).want(202)
		p := w.do("alertmanager", "POST", "/v1/alerts/generic", `status=firing`, header("Content-Type", kind)).problem(400, "invalid")
		require.NotEmpty(t, p.Detail)
	}
}

// Alertmanager gives up on a 4xx and on 429, and repeats after a 5xx.
func TestBackPressureIsAlways503(t *testing.T) {
	w := newWorld(t)
	w.intake.Fail(&incident.Error{Kind: incident.Unavailable, Message: "full", RetryAfter: 1500 * time.Millisecond})
	got := w.do("alertmanager", "POST", "/v1/alerts/alertmanager", fromAlertmanager)
	got.problem(503, "unavailable")
	require.Equal(t, "2", got.header.Get("Retry-After"))
	none := newWorld(t, func(c *api.Config) { c.Intake = nil })
	none.do("alertmanager", "POST", "/v1/alerts/generic", `{"status":"firing","labels":{"a":"b"}}`).problem(404, "not-found")
}
