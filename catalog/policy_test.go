package catalog_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
)

func TestPolicyIsTheSnapshotOfAService(t *testing.T) {
	c := parseSmall(t)
	c.Version = 7
	p, ok := c.Policy("payments")
	require.True(t, ok)
	require.Equal(t, 7, p.Version)
	require.Equal(t, "Payments", p.ServiceName)
	require.Equal(t, "payments", p.Team)
	require.Equal(t, "payments", p.Escalation.ID)
	require.Equal(t, []string{"ann", "ben"}, p.LastResort)
	require.Equal(t, []string{"ann"}, p.Leads)
	require.Equal(t, []string{"Done"}, p.DoneResolutions)
	require.Equal(t, 30*time.Second, p.Hold)
	require.Equal(t, "PAY", p.Ticket.Project)

	for _, s := range p.Severities {
		require.Empty(t, s.Criteria)
	}
	require.NotEmpty(t, c.Severities[0].Criteria, "the catalog keeps its own")

	data, err := json.Marshal(p)
	require.NoError(t, err)
	require.NotContains(t, string(data), "@", "a policy holds no address")
	var back catalog.Policy
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, p, back)

	_, ok = c.Policy("x")
	require.False(t, ok)
}

func TestAnIncidentCarriesWhenItsAlertsFlap(t *testing.T) {
	for _, test := range []struct{ settings, want catalog.Flapping }{
		{catalog.Flapping{}, catalog.Flapping{Changes: 4, Within: 30 * time.Minute, Hold: 10 * time.Minute}},
		{catalog.Flapping{Changes: 6}, catalog.Flapping{Changes: 6, Within: 30 * time.Minute, Hold: 10 * time.Minute}},
		{catalog.Flapping{Within: time.Hour}, catalog.Flapping{Changes: 4, Within: time.Hour, Hold: 10 * time.Minute}},
		{catalog.Flapping{Hold: time.Minute}, catalog.Flapping{Changes: 4, Within: 30 * time.Minute, Hold: time.Minute}},
		{catalog.Flapping{Changes: -1, Within: time.Hour}, catalog.Flapping{}},
	} {
		c := parseSmall(t)
		c.Settings.Flapping = test.settings
		p, _ := c.Policy("payments")
		require.Equal(t, test.want, p.Flapping)
	}
}

func TestNoTicketIsDemandedWhereNobodyCouldMakeIt(t *testing.T) {
	c := parseSmall(t)
	for n := range c.Severities {
		c.Severities[n].Response.Ticket = true
		c.Severities[n].External = &catalog.ResponsePolicy{Ticket: true}
	}
	for _, project := range []string{"PAY", ""} {
		c.Services[0].Ticket.Project = project
		p, _ := c.Policy(c.Services[0].ID)
		for _, s := range p.Severities {
			require.Equal(t, project != "", s.Response.Ticket)
			require.Equal(t, project != "", s.External.Ticket)
		}
		require.True(t, c.Severities[0].External.Ticket, "the catalog keeps its own")
	}
}

func TestPolicyDefaults(t *testing.T) {
	c := parseSmall(t)
	c.Settings.DoneResolutions = nil
	p, ok := c.Policy("other")
	require.True(t, ok)
	require.Equal(t, catalog.DefaultDoneResolutions(), p.DoneResolutions)
	require.Equal(t, catalog.DefaultStormKeys, catalog.Storm{}.Limit())
}

func TestPolicyAnswersForEveryLevel(t *testing.T) {
	p, ok := parseSmall(t).Policy("payments")
	require.True(t, ok)
	require.Equal(t, 30*time.Minute, p.Response(catalog.SEV1, catalog.ScopeUnknown).Updates.Every)
	require.Equal(t, 15*time.Minute, p.Response(catalog.SEV1, catalog.External).Updates.Every)
	require.Equal(t, catalog.SEV2, p.Severity(catalog.SEV2).Level)
	require.Equal(t, catalog.DefaultLevel, p.Severity("").Level)
	require.Equal(t, catalog.FirstResponder, p.Response("SEV9", catalog.External).Commander.Source)
	require.Equal(t, catalog.Ordinary, p.Urgency(catalog.SEV4))
	require.Equal(t, catalog.Urgent, p.Urgency(""))
	require.Equal(t, catalog.Urgent, catalog.Policy{}.Urgency(catalog.SEV5))
}
