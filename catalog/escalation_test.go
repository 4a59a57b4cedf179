package catalog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// included adds policies that include each other to the small catalog.
const included = `escalation_policies:
  - id: nights
    levels:
      - {policy: payments, outside: office}
      - targets: [{webhook: chat}]
        timeout: 2s
        during: office
  - id: both
    repeat: 3
    levels:
      - {policy: nights}
      - targets: [{rotation: payments}]
        timeout: 3s
        everyone: true
`

func withIncluded(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Parse(
		catalog.File{Name: "a.yaml", Data: []byte(strings.Replace(small, "    team: payments\n    escalation: payments\nschedules", "    team: payments\n    escalation: both\nschedules", 1))},
		catalog.File{Name: "b.yaml", Data: []byte(included)},
	)
	require.NoError(t, err)
	return c
}

func TestPolicyHoldsTheLevelsThatItIncludes(t *testing.T) {
	c := withIncluded(t)
	p, ok := c.Policy("other")
	require.True(t, ok)
	require.Equal(t, oncall.EscalationPolicy{ID: "both", Repeat: 3, Levels: []oncall.Level{
		{Targets: []oncall.Target{{Schedule: "payments/primary"}, {Team: "payments"}}, Timeout: 5 * time.Minute, Outside: "office"},
		{Targets: []oncall.Target{{Person: "ben"}}, Timeout: time.Second, Outside: "office"},
		{Targets: []oncall.Target{{Webhook: "chat"}}, Timeout: 2 * time.Second, During: "office"},
		{Targets: []oncall.Target{{Rotation: "payments"}}, Timeout: 3 * time.Second, Everyone: true},
	}}, p.Escalation)
	declared, ok := c.Escalation("both")
	require.True(t, ok)
	require.Equal(t, "nights", declared.Levels[0].Policy, "what is declared stays as it is")
}

func TestCirclesAreToldWhereTheyPass(t *testing.T) {
	_, err := catalog.Parse(
		catalog.File{Name: "a.yaml", Data: []byte(small)},
		catalog.File{Name: "b.yaml", Data: []byte(`escalation_policies:
  - {id: a, levels: [{policy: b}]}
  - {id: b, levels: [{policy: c}, {policy: payments}]}
  - {id: c, levels: [{policy: a}]}
  - {id: d, levels: [{policy: a}]}
`)},
	)
	require.EqualError(t, err, `b.yaml:2: escalation_policies[a].levels[0].policy: goes round in a circle: a, b, c, a
b.yaml:3: escalation_policies[b].levels[0].policy: goes round in a circle: b, c, a, b
b.yaml:4: escalation_policies[c].levels[0].policy: goes round in a circle: c, a, b, c`)
}

// Each policy includes the next one: thousands of them must not take minutes.
func TestALongChainOfPoliciesIsRefusedAtOnce(t *testing.T) {
	const length = 20_000
	var text strings.Builder
	text.WriteString("escalation_policies:\n")
	for n := range length {
		fmt.Fprintf(&text, "  - {id: p%d, levels: [{policy: p%d}]}\n", n, n+1)
	}
	fmt.Fprintf(&text, "  - {id: p%d, levels: [{policy: payments}]}\n", length)
	begun := time.Now()
	_, err := catalog.Parse(catalog.File{Name: "a.yaml", Data: []byte(small)}, catalog.File{Name: "b.yaml", Data: []byte(text.String())})
	require.Less(t, time.Since(begun), 10*time.Second)
	problems, ok := errors.AsType[catalog.Problems](err)
	require.True(t, ok)
	require.Equal(t, "b.yaml:2: escalation_policies[p0].levels: come to more than 50 with the policies that they include", problems[0].String())
}

// A catalog that nobody checked may hold a circle; nobody waits for its end.
func TestPolicyOfAnUncheckedCircle(t *testing.T) {
	c := &catalog.Catalog{
		Services: []catalog.Service{{ID: "s", Escalation: "a"}},
		Escalations: []oncall.EscalationPolicy{
			{ID: "a", Levels: []oncall.Level{{Policy: "a"}, {Policy: "none"}, {Timeout: time.Second}}},
		},
	}
	p, ok := c.Policy("s")
	require.True(t, ok)
	require.Equal(t, []oncall.Level{{Timeout: time.Second}}, p.Escalation.Levels)
}

func TestHours(t *testing.T) {
	c := withIncluded(t)
	office, ok := c.Hours("office")
	require.True(t, ok)
	require.Equal(t, "Europe/Berlin", office.Zone)
	clock, ok := c.Clock("office")
	require.True(t, ok)
	monday := time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC)
	require.True(t, clock.Holds(monday))
	require.False(t, clock.Holds(monday.Add(-time.Minute)))
	_, ok = c.Clock("x")
	require.False(t, ok)
	hook, ok := c.Webhook("chat")
	require.True(t, ok)
	require.Equal(t, "http://127.0.0.1:1/chat", hook.Address)
}

func TestExplainPagesByTheLevelThatIsWalkedThen(t *testing.T) {
	c := withIncluded(t)
	a := alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"alertname": "A"}}
	during := c.Explain(a, noon)
	require.Equal(t, "other", during.Service)
	require.Equal(t, []catalog.Duty{{Webhook: "chat", Reason: "named in the policy"}}, during.Paged)
	require.Equal(t, []string{"ann", "ben"}, people(c.Explain(a, noon.Add(8*time.Hour)).Paged))
}

func TestSkips(t *testing.T) {
	c := withIncluded(t)
	for _, test := range []struct {
		during, outside string
		at              time.Time
		want            string
	}{
		{"", "", noon, ""},
		{"office", "", noon, ""},
		{"office", "", noon.Add(8 * time.Hour), "it is outside of the hours office"},
		{"", "office", noon, "it is within the hours office"},
		{"", "office", noon.Add(8 * time.Hour), ""},
		{"gone", "gone", noon, ""},
	} {
		require.Equal(t, test.want, c.Skips(test.during, test.outside, test.at))
	}
}

// layered has two layers in two zones and a secondary that follows them.
const layered = `schedules:
  - id: sun
    zone: Europe/Berlin
    rotations:
      - name: primary
        layers:
          - name: europe
            every: daily
            hand_off: "09:00"
            start: 2026-01-05
            participants: [ann, ben]
          - name: america
            zone: America/New_York
            every: weekly
            length: 2
            weekday: monday
            hand_off: "09:00"
            start: 2026-01-05
            participants: [ben, ann]
            during: [{from: "12:00", until: "24:00"}]
      - {name: secondary, follows: primary}
`

func TestOnCallSaysWhichLayer(t *testing.T) {
	c, err := catalog.Parse(catalog.File{Name: "a.yaml", Data: []byte(small)}, catalog.File{Name: "b.yaml", Data: []byte(layered)})
	require.NoError(t, err)
	at := time.Date(2026, 1, 12, 18, 0, 0, 0, time.UTC)
	require.Equal(t, []catalog.Duty{{Person: "ben", Reason: "on call in sun/primary until 2026-01-13 06:00 CET (layer america of rotation primary)"}},
		c.OnCall(oncall.Target{Schedule: "sun"}, at))
	require.Equal(t, []catalog.Duty{{Person: "ann", Reason: "on call in sun/secondary until 2026-01-13 06:00 CET (next in layer america of rotation primary)"}},
		c.OnCall(oncall.Target{Schedule: "sun/secondary"}, at))
	everyone := c.OnCall(oncall.Target{Rotation: "sun/secondary"}, at)
	require.Equal(t, []catalog.Duty{{Person: "ann", Reason: "in rotation sun/secondary"}, {Person: "ben", Reason: "in rotation sun/secondary"}}, everyone)
	for _, target := range []oncall.Target{{Rotation: "x"}, {Rotation: "sun/x"}} {
		require.Empty(t, c.OnCall(target, at))
	}
	data, err := c.Encode()
	require.NoError(t, err)
	back, err := catalog.Decode(data)
	require.NoError(t, err)
	require.Empty(t, catalog.Diff(c, back))
	require.Equal(t, c.Schedules, back.Schedules)
}

func TestLoads(t *testing.T) {
	c, err := catalog.Parse(catalog.File{Name: "a.yaml", Data: []byte(small)}, catalog.File{Name: "b.yaml", Data: []byte(layered)})
	require.NoError(t, err)
	from := time.Date(2026, 1, 12, 8, 0, 0, 0, time.UTC)
	// Ben has the week in payments. Ann lives in Berlin, and nobody knows where
	// Ben does: the zone of the schedule counts.
	require.Equal(t, []oncall.Load{{Person: "ben", Total: 24 * time.Hour, Night: 8 * time.Hour, Nights: 1}},
		c.Loads(from, from.Add(24*time.Hour), "payments"))
	all := c.Loads(from, from.Add(24*time.Hour))
	require.Len(t, all, 2)
	require.Equal(t, "ann", all[0].Person)
	require.Equal(t, 24*time.Hour, all[1].Total, "two duties at once are one load")
	require.Empty(t, c.Loads(from, from.Add(time.Hour), "x"))
}
