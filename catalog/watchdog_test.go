package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

func TestEveryCatalogPagesTheWatchdogForABeat(t *testing.T) {
	for name, c := range map[string]*catalog.Catalog{"empty": {}, "by hand": {Settings: catalog.Settings{CatchAll: "x"}, LastResort: []string{"carol", "dave"}}} {
		t.Run(name, func(t *testing.T) {
			at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
			beat := alerts.Alert{Source: alerts.SourceBeat, Status: alerts.Firing, StartsAt: at, Labels: map[string]string{"service": "x"}}
			routed := c.Route(beat, at)
			require.Equal(t, catalog.Watchdog, routed.Service)
			require.Equal(t, catalog.Urgent, routed.Urgency)
			require.Equal(t, `beat="1772452800"`, routed.Key)
			beat.StartsAt = at.Add(time.Minute)
			require.NotEqual(t, routed.Key, c.Route(beat, at).Key)

			policy, ok := c.Policy(catalog.Watchdog)
			require.True(t, ok)
			require.Empty(t, policy.LastResort, "a beat wakes nobody")
			require.Empty(t, policy.Leads)
			require.Equal(t, []oncall.Target{{Person: catalog.Watchdog}}, policy.Escalation.Levels[0].Targets)
			duty := c.OnCall(policy.Escalation.Levels[0].Targets[0], at)
			require.Len(t, duty, 1)
			rules := c.Contacts(duty[0].Person, routed.Urgency)
			require.Len(t, rules, 1)
			method, ok := c.ContactMethod(duty[0].Person, rules[0].Contact)
			require.True(t, ok)
			require.Equal(t, catalog.KindHeartbeat, method.Kind)
		})
	}
}

func TestNobodyElseLeadsToTheWatchdog(t *testing.T) {
	c := &catalog.Catalog{Settings: catalog.Settings{CatchAll: "x"}, Services: []catalog.Service{{ID: "x"}}}
	for _, source := range []string{"", alerts.SourceGeneric, alerts.SourceAlertmanager, "beat"} {
		a := alerts.Alert{Source: source, Labels: map[string]string{"service": catalog.Watchdog, "alertname": "TocsinBeat", "beat": "1"}}
		require.Equal(t, "x", c.Route(a, time.Now()).Service)
	}
	_, declared := c.Service(catalog.Watchdog)
	require.False(t, declared, "no incident can be declared for it")
	for _, kind := range catalog.ContactKinds() {
		require.NotEqual(t, catalog.KindHeartbeat, kind.Name, "no person can have such a contact method")
	}
}

func TestTheWatchdogsIDIsReserved(t *testing.T) {
	_, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte("people:\n  - id: tocsin-watchdog\n    name: Rex\n")})
	require.ErrorContains(t, err, `c.yaml:2: people[tocsin-watchdog].id: "tocsin-watchdog" is Tocsin's own: choose another id`)
}

func TestNoSilenceAndNoRouteTouchABeat(t *testing.T) {
	at := time.Now()
	all := catalog.Silence{ID: "all", When: "true", From: at.Add(-time.Hour), Until: at.Add(time.Hour)}
	c := parseSmall(t).With(catalog.Overlay{Silences: []catalog.Silence{all}})
	require.Equal(t, "all", c.Route(alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"alertname": "X"}}, at).Silence)
	routed := c.Route(alerts.Alert{Source: alerts.SourceBeat, Status: alerts.Firing, StartsAt: at}, at)
	require.Empty(t, routed.Silence)
	require.True(t, routed.Pages())
	require.Equal(t, catalog.Watchdog, c.OnCall(oncall.Target{Person: catalog.Watchdog}, at)[0].Person)
	require.Len(t, c.Contacts(catalog.Watchdog, catalog.Urgent), 1, "what people change leaves it alone")
}
