package catalog_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const routes = `routes:
  - {name: test, when: 'labels.env == "test"', page: false}
  - {name: slow, when: 'labels.kind == "disk"', hold: 2m, group_by: [host], continue: true}
  - {name: db, when: 'labels.kind == "disk" && labels.host.startsWith("db")', service: payments, urgency: ordinary, continue: true}
  - {name: worst, when: 'int(labels.used) > 98', severity: SEV1, hold: 0s}
`

func routed(t testing.TB, more string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(small)}, catalog.File{Name: "r.yaml", Data: []byte(more)})
	require.NoError(t, err)
	return c
}

func TestRoutesComeBeforeTheServices(t *testing.T) {
	c := routed(t, routes)
	tests := map[string]struct {
		labels map[string]string
		want   catalog.Routed
	}{
		"none fits": {
			map[string]string{"service": "payments", "used": "1"},
			catalog.Routed{Service: "payments", Urgency: catalog.Urgent, Severity: catalog.SEV3, Hold: 30 * time.Second},
		},
		"recorded only": {
			map[string]string{"service": "payments", "env": "test", "severity": "critical"},
			catalog.Routed{
				Service: "payments", Urgency: catalog.NotPaged, Severity: catalog.SEV1, Hold: 30 * time.Second, Routes: []string{"test"},
			},
		},
		"the first goes on, the service's matchers decide the rest": {
			map[string]string{"kind": "disk", "host": "web1", "used": "91"},
			catalog.Routed{
				Service: "other", CatchAll: true, Urgency: catalog.Urgent, Severity: catalog.SEV3, Hold: 2 * time.Minute, Routes: []string{"slow"},
			},
		},
		"what a later one names again is replaced": {
			map[string]string{"kind": "disk", "host": "db1", "used": "99"},
			catalog.Routed{
				Service: "payments", Urgency: catalog.Ordinary, Severity: catalog.SEV1, Routes: []string{"slow", "db", "worst"},
			},
		},
		"one that cannot say does not match": {
			map[string]string{"kind": "cpu", "service": "payments"},
			catalog.Routed{
				Service: "payments", Urgency: catalog.Urgent, Severity: catalog.SEV3, Hold: 30 * time.Second, Unsure: []string{"worst"},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := c.Route(alerts.Alert{Status: alerts.Firing, Labels: test.labels}, noon)
			require.Equal(t, "payments", got.Team)
			require.Equal(t, got.Key, alerts.Key(got.Group))
			require.Equal(t, test.want.Urgency != catalog.NotPaged, got.Pages())
			got.Team, got.Key, got.Group = "", "", nil
			require.Equal(t, test.want, got)
		})
	}
	require.Equal(t, `host="db1"`, c.Route(alerts.Alert{Labels: map[string]string{"kind": "disk", "host": "db1"}}, noon).Key)
}

func TestExplainSaysWhatDecided(t *testing.T) {
	c := routed(t, routes)
	a := alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"kind": "disk", "host": "web1", "used": "much"}}
	got := c.Explain(a, noon)
	require.Equal(t, c.Route(a, noon), got.Routed)
	require.Equal(t, []catalog.Step{
		{"route", "test", false, `does not hold: labels.env == "test"`},
		{"route", "slow", true, `grouped by host, hold 2 min, and goes on because labels.kind == "disk"`},
		{"route", "db", false, `does not hold: labels.kind == "disk" && labels.host.startsWith("db")`},
		{"route", "worst", false, got.Steps[3].Reason},
		{"service", "payments", false, `does not hold: service="payments"`},
		{"catch-all", "other", true, "takes what nothing else matches"},
	}, got.Steps)
	require.Equal(t, []string{"ann", "ben"}, people(got.Paged))
	require.Empty(t, c.Explain(alerts.Alert{Labels: map[string]string{"env": "test"}}, noon).Paged)
	require.Contains(t, got.Steps[3].Reason, "cannot say")
	require.Contains(t, got.Steps[3].Reason, "and counts as not matching: int(labels.used) > 98")
}

func people(duties []catalog.Duty) []string {
	out := map[string]bool{}
	for _, d := range duties {
		out[d.Person] = true
	}
	return slices.Sorted(maps.Keys(out))
}

func TestRoutesSurviveEncoding(t *testing.T) {
	c := routed(t, routes)
	data, err := c.Encode()
	require.NoError(t, err)
	again, err := catalog.Decode(data)
	require.NoError(t, err)
	a := alerts.Alert{Labels: map[string]string{"kind": "disk", "host": "db1", "used": "99"}}
	require.Equal(t, c.Route(a, noon), again.Route(a, noon))
}

func TestARouteOfAnEarlierReleaseSpoilsNothingElse(t *testing.T) {
	c, err := catalog.Decode([]byte(`{"settings":{"catch_all":"x"},"services":[{"id":"x"}],
		"routes":[{"name":"old","when":"gone(labels)","page":false}]}`))
	require.NoError(t, err)
	got := c.Route(alerts.Alert{}, noon)
	require.Equal(t, "x", got.Service)
	require.Equal(t, []string{"old"}, got.Unsure)
	require.Contains(t, c.Explain(alerts.Alert{}, noon).Steps[0].Reason, "undeclared reference to 'gone'")
}

func TestRoutesAreValidated(t *testing.T) {
	tests := map[string]struct{ route, want string }{
		"no name":        {`{when: "true", page: false}`, `r.yaml:2: routes[0].name: must be 1 to 63 letters, digits, dots, dashes and underscores`},
		"same name":      {"{name: a, when: 'true', page: false}\n  - {name: a, when: 'true', page: false}", `r.yaml:3: routes[a].name: there is another route "a"`},
		"no condition":   {`{name: a, page: false}`, `r.yaml:2: routes[a].when: line 1, column 1: is empty: write a condition such as labels.service == "payments"`},
		"not CEL":        {`{name: a, when: "labels.x ==", page: false}`, `r.yaml:2: routes[a].when: line 1, column 12: mismatched input`},
		"unknown name":   {`{name: a, when: "label.x == 'y'", page: false}`, `r.yaml:2: routes[a].when: line 1, column 1: undeclared reference to 'label' (in container '')`},
		"not a truth":    {`{name: a, when: "labels.x", page: false}`, `must be true or false, and is of type string`},
		"a bomb":         {`{name: a, when: "name.matches('((a{99}){99})')", page: false}`, `r.yaml:2: routes[a].when: line 1, column`},
		"service":        {`{name: a, when: "true", service: x}`, `r.yaml:2: routes[a].service: there is no service "x"`},
		"urgency":        {`{name: a, when: "true", urgency: loud}`, `routes[a].urgency: must be one of urgent, ordinary, none`},
		"severity":       {`{name: a, when: "true", severity: SEV9}`, `routes[a].severity: must be one of SEV1`},
		"blank label":    {`{name: a, when: "true", group_by: ['']}`, `routes[a].group_by[0]: must be set`},
		"decides naught": {`{name: a, when: "true", continue: true}`, `r.yaml:2: routes[a]: decides nothing: set service, urgency, severity, group_by, page or hold`},
		"both":           {`{name: a, when: "true", page: false, urgency: urgent}`, `routes[a].page: is false, and the urgency is urgent: leave one of them out`},
		"hold":           {`{name: a, when: "true", hold: soon}`, `routes[a].hold: must be a duration`},
		"place by time":  {`{name: a, when: "now.getHours() > 3", service: other}`, `the end of an alert would not find the incident that its beginning opened`},
		"too many":       {strings.Repeat("{name: a, when: 'true', page: false}\n  - ", 200) + `{name: b, when: "true", page: false}`, `routes: has 201 routes: write at most 200`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(small)},
				catalog.File{Name: "r.yaml", Data: []byte("routes:\n  - " + test.route + "\n")})
			require.ErrorContains(t, err, test.want)
			require.Len(t, err, 1, err)
		})
	}
}

func BenchmarkRouteWithTwentyRules(b *testing.B) {
	var text strings.Builder
	text.WriteString("routes:\n")
	for i := range 20 {
		fmt.Fprintf(&text, "  - {name: r%d, when: 'labels.service == \"s%d\" && labels.severity in [\"warning\", \"info\"]', page: false}\n", i, i)
	}
	c := routed(b, text.String())
	a := alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"alertname": "A", "service": "payments", "severity": "critical"}}
	b.ReportAllocs()
	for b.Loop() {
		c.Route(a, noon)
	}
}

func TestARouteAsksForHours(t *testing.T) {
	c := routed(t, `hours: [{id: weekdays, zone: Europe/Berlin, during: [{days: [monday], from: "09:00", until: "17:00"}]}]
routes: [{name: later, when: '!during("weekdays")', urgency: ordinary}]
`)
	a := alerts.Alert{Status: alerts.Firing}
	require.Equal(t, catalog.Urgent, c.Route(a, noon).Urgency)
	require.Equal(t, catalog.Ordinary, c.Route(a, noon.Add(4*time.Hour)).Urgency, "it is 17:00 in Berlin")
}
