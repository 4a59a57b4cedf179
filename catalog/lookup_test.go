package catalog_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

func TestLookUpsSurviveEncoding(t *testing.T) {
	parsed := parseSmall(t)
	data, err := parsed.Encode()
	require.NoError(t, err)
	decoded, err := catalog.Decode(data)
	require.NoError(t, err)
	again, err := decoded.Encode()
	require.NoError(t, err)
	require.JSONEq(t, string(data), string(again))
	byHand := &catalog.Catalog{
		Settings: parsed.Settings, Teams: parsed.Teams, People: parsed.People, Machines: parsed.Machines,
		Audiences: parsed.Audiences, Services: parsed.Services, Schedules: parsed.Schedules,
		AllHours: parsed.AllHours, Webhooks: parsed.Webhooks,
		Escalations: parsed.Escalations, LastResort: parsed.LastResort, Severities: parsed.Severities,
	}
	for name, c := range map[string]*catalog.Catalog{"parsed": parsed, "decoded": decoded, "by hand": byHand} {
		t.Run(name, func(t *testing.T) { requireLookUps(t, c) })
	}
}

func requireLookUps(t *testing.T, c *catalog.Catalog) {
	t.Helper()
	person, ok := c.Person("ann")
	require.True(t, ok)
	require.Equal(t, "Ann", person.Name)
	_, ok = c.Person("zoe")
	require.False(t, ok)
	team, ok := c.Team("payments")
	require.True(t, ok)
	require.Equal(t, []string{"ann"}, team.Leads)
	service, ok := c.Service("other")
	require.True(t, ok)
	require.Equal(t, "Other", service.Name)
	severity, ok := c.Severity(catalog.SEV5)
	require.True(t, ok)
	require.Equal(t, catalog.NotPaged, severity.Urgency)
	_, ok = c.Severity("")
	require.False(t, ok)
	policy, ok := c.Escalation("payments")
	require.True(t, ok)
	require.Len(t, policy.Levels, 2)
	schedule, ok := c.Schedule("payments")
	require.True(t, ok)
	require.Equal(t, "Europe/Berlin", schedule.Zone)
	calendar, ok := c.Calendar("payments")
	require.True(t, ok)
	require.Len(t, calendar.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), 1)
	_, ok = c.Calendar("x")
	require.False(t, ok)
	audience, ok := c.Audience("list")
	require.True(t, ok)
	require.Equal(t, "list@example.org", audience.Address)
	_, ok = c.Machine("alertmanager")
	require.True(t, ok)
}

func TestDecodeRefusesWhatItCannotUse(t *testing.T) {
	_, err := catalog.Decode([]byte("<html>"))
	require.ErrorContains(t, err, "decode catalog: ")
	_, err = catalog.Decode([]byte(`{"services":[{"id":"x","match":["?"]}]}`))
	require.EqualError(t, err, `decode catalog: service x: matcher "?" must look like label="value", with =, !=, =~ or !~`)
	_, err = catalog.Decode([]byte(`{"services":[{"id":"x","runbooks":[{"name":"r","match":["?"]}]}]}`))
	require.EqualError(t, err, `decode catalog: service x: runbook r: matcher "?" must look like label="value", with =, !=, =~ or !~`)
}

func TestRoute(t *testing.T) {
	c := parseSmall(t)
	c.Services[0].GroupBy = []string{"alertname", "host", "rack"}
	tests := map[string]struct {
		alert alerts.Alert
		want  catalog.Routed
	}{
		"by the service's labels, whatever the source's group": {
			alerts.Alert{
				Labels: map[string]string{"service": "payments", "alertname": "A", "host": "h", "severity": "critical"},
				Group:  map[string]string{"alertname": "A"},
			},
			catalog.Routed{
				Service: "payments", Team: "payments", Key: `alertname="A",host="h"`,
				Group:   map[string]string{"alertname": "A", "host": "h"},
				Urgency: catalog.Urgent, Severity: catalog.SEV1, Hold: 30 * time.Second,
			},
		},
		"catch-all by the source's group": {
			alerts.Alert{
				Labels: map[string]string{"alertname": "A", "cluster": "c", "severity": "odd"},
				Group:  map[string]string{"cluster": "c"},
			},
			catalog.Routed{
				Service: "other", Team: "payments", CatchAll: true, Key: `cluster="c"`,
				Group:   map[string]string{"cluster": "c"},
				Urgency: catalog.Urgent, Severity: catalog.DefaultLevel,
			},
		},
		"catch-all by the alert's name": {
			alerts.Alert{Labels: map[string]string{"alertname": "A"}, Group: map[string]string{}},
			catalog.Routed{
				Service: "other", Team: "payments", CatchAll: true, Key: `alertname="A"`,
				Group:   map[string]string{"alertname": "A"},
				Urgency: catalog.Urgent, Severity: catalog.SEV3,
			},
		},
		"no labels at all": {
			alerts.Alert{},
			catalog.Routed{
				Service: "other", Team: "payments", CatchAll: true, Key: `alertname="unnamed alert"`,
				Group:   map[string]string{"alertname": "unnamed alert"},
				Urgency: catalog.Urgent, Severity: catalog.SEV3,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, c.Route(test.alert, noon)) })
	}
}

func TestRouteTakesTheFirstServiceThatMatches(t *testing.T) {
	c := &catalog.Catalog{
		Settings: catalog.Settings{
			CatchAll:        "empty",
			AlertSeverities: map[string]catalog.AlertSeverity{"info": {Urgency: catalog.NotPaged}},
		},
		Services: []catalog.Service{
			{ID: "empty"},
			{ID: "narrow", Match: []string{`a="1"`, `b="1"`}},
			{ID: "wide", Match: []string{`a="1"`}},
		},
	}
	route := func(labels map[string]string) catalog.Routed { return c.Route(alerts.Alert{Labels: labels}, noon) }
	require.Equal(t, "narrow", route(map[string]string{"a": "1", "b": "1"}).Service)
	require.Equal(t, "wide", route(map[string]string{"a": "1", "b": "2"}).Service)
	require.Equal(t, "empty", route(map[string]string{"a": "2"}).Service)
	info := route(map[string]string{"severity": "info"})
	require.Equal(t, catalog.NotPaged, info.Urgency)
	require.Equal(t, catalog.DefaultLevel, info.Severity)
}

func TestOnCall(t *testing.T) {
	c := parseSmall(t)
	at := time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)
	require.Equal(t, []catalog.Duty{{Person: "ben", Reason: "named in the policy"}}, c.OnCall(oncall.Target{Person: "ben"}, at))
	require.Equal(t, []catalog.Duty{{Person: "ann", Reason: "member of team Payments"}, {Person: "ben", Reason: "member of team Payments"}},
		c.OnCall(oncall.Target{Team: "payments"}, at))
	want := []catalog.Duty{{Person: "ben", Reason: "on call in payments/primary until 2026-11-23 09:00 CET"}}
	require.Equal(t, want, c.OnCall(oncall.Target{Schedule: "payments"}, at))
	require.Equal(t, want, c.OnCall(oncall.Target{Schedule: "payments/primary"}, at))
	require.Equal(t, []catalog.Duty{{Person: "ann", Reason: "in rotation payments/primary"}, {Person: "ben", Reason: "in rotation payments/primary"}},
		c.OnCall(oncall.Target{Rotation: "payments"}, at))
	require.Equal(t, []catalog.Duty{{Webhook: "chat", Reason: "named in the policy"}}, c.OnCall(oncall.Target{Webhook: "chat"}, at))

	for _, target := range []oncall.Target{{}, {Team: "x"}, {Schedule: "x"}, {Schedule: "payments/x"}} {
		require.Empty(t, c.OnCall(target, at), target)
	}
	require.Empty(t, c.OnCall(oncall.Target{Schedule: "payments"}, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)))
}

func TestContacts(t *testing.T) {
	c := parseSmall(t)
	for i := range c.People {
		for j := range c.People[i].Contacts {
			c.People[i].Contacts[j].Verified = true
		}
	}
	require.Equal(t, []catalog.Rule{{Contact: "phone"}, {Contact: "mail", After: 2 * time.Minute}}, c.Contacts("ann", catalog.Urgent))
	require.Equal(t, []catalog.Rule{{Contact: "mail"}}, c.Contacts("ann", catalog.Ordinary))
	require.Empty(t, c.Contacts("ann", catalog.NotPaged))
	require.Equal(t, []catalog.Rule{{Contact: "console"}}, c.Contacts("ben", catalog.Urgent))
	require.Equal(t, []catalog.Rule{{Contact: "console"}}, c.Contacts("ben", catalog.Ordinary))
	require.Empty(t, c.Contacts("zoe", catalog.Urgent))

	c.People[0].Rules.Ordinary = nil
	require.Equal(t, c.People[0].Rules.Urgent, c.Contacts("ann", catalog.Ordinary))

	method, ok := c.ContactMethod("ann", "mail")
	require.True(t, ok)
	require.Equal(t, "ann@example.org", method.Address)
	_, ok = c.ContactMethod("ann", "fax")
	require.False(t, ok)
	_, ok = c.ContactMethod("zoe", "mail")
	require.False(t, ok)
}

func TestStandings(t *testing.T) {
	c := example(t)
	tests := []struct {
		person, service string
		want            []catalog.Standing
	}{
		{"alice", "payments", []catalog.Standing{catalog.Administrator, catalog.TeamLead, catalog.StandingMember}},
		{"alice", "checkout", []catalog.Standing{catalog.Administrator}},
		{"bob", "payments", []catalog.Standing{catalog.StandingMember}},
		{"dave", "checkout", []catalog.Standing{catalog.TeamLead, catalog.StandingMember}},
		{"erin", "payments", nil},
		{"zoe", "payments", nil},
		{"erin", "x", nil},
	}
	for _, test := range tests {
		require.Equal(t, test.want, c.Standings(test.person, test.service), test)
	}
	require.Equal(t, []string{"payments", "platform"}, c.TeamsOf("bob"))
	require.Empty(t, c.TeamsOf("zoe"))
}

func BenchmarkRoute(b *testing.B) {
	c := example(b)
	for i := range 1000 {
		c.Services = append(c.Services, catalog.Service{ID: fmt.Sprint(i), Match: []string{fmt.Sprintf(`service="s%d"`, i)}})
	}
	data, err := c.Encode()
	require.NoError(b, err)
	c, err = catalog.Decode(data)
	require.NoError(b, err)
	alert := alerts.Alert{Labels: map[string]string{"alertname": "A", "service": "s999"}}
	for b.Loop() {
		c.Route(alert, noon)
	}
}

// Catalogs of earlier releases declared overrides.
func TestDecodeHonoursOverrides(t *testing.T) {
	c, err := catalog.Decode([]byte(`{"schedules":[{"id":"s","zone":"Europe/Berlin",
		"rotations":[{"name":"primary","every":"daily","hand_off":"09:00","start":"2026-01-05","participants":["ann"]}],
		"overrides":[{"person":"ben","from":"2026-02-01T09:00:00+01:00","until":"2026-02-02T09:00:00+01:00"}]}]}`))
	require.NoError(t, err)
	require.Equal(t, []catalog.Duty{{Person: "ben", Reason: "on call in s/primary until 2026-02-02 09:00 CET (override)"}},
		c.OnCall(oncall.Target{Schedule: "s"}, time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)))
}
