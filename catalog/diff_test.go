package catalog_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
)

func TestDiff(t *testing.T) {
	tests := map[string]struct {
		edit func(*catalog.Catalog)
		want []string
	}{
		"nothing":           {func(*catalog.Catalog) {}, nil},
		"version":           {func(c *catalog.Catalog) { c.Version = 9 }, nil},
		"empty for nothing": {func(c *catalog.Catalog) { c.People[1].Rules.Urgent = []catalog.Rule{} }, nil},
		"an empty list for none": {func(c *catalog.Catalog) {
			require.Nil(t, c.Services[1].Runbooks)
			c.Services[1].Runbooks = []catalog.RunbookUse{}
		}, nil},
		"settings": {func(c *catalog.Catalog) { c.Settings.Storm.NewKeysPerMinute++; c.Settings.DoneResolutions = nil }, []string{
			"changed settings (storm, done_resolutions)",
		}},
		"a person leaves, one comes, one moves": {func(c *catalog.Catalog) {
			c.People[1] = catalog.Person{ID: "cat"}
			c.People[0].Zone, c.People[0].Contacts[0].Address = "UTC", "new@example.org"
		}, []string{"changed person ann (zone, contacts)", "removed person ben", "added person cat"}},
		"service": {func(c *catalog.Catalog) { c.Services[1].Team = "x" }, []string{"changed service other (team)"}},
		"order of services": {func(c *catalog.Catalog) { slices.Reverse(c.Services) }, []string{
			"changed service (order)",
		}},
		"lists without order of their own": {func(c *catalog.Catalog) { slices.Reverse(c.Severities); slices.Reverse(c.People) }, nil},
		"the rest": {func(c *catalog.Catalog) {
			c.Teams, c.Machines, c.Audiences = nil, nil, nil
			c.Schedules[0].Rotations[0].HandOff = "10:00"
			c.Escalations[0].Repeat = 2
			c.AllHours[0].Except = []string{"2026-12-25"}
			c.Webhooks = nil
			c.LastResort = []string{"ben", "ann"}
			c.Severities[0].Criteria = nil
		}, []string{
			"removed team payments", "removed machine alertmanager", "removed audience list",
			"changed schedule payments (rotations)", "changed hours office (except)", "removed webhook chat",
			"changed escalation policy payments (repeat)",
			"changed last resort (ben, ann)", "changed severity SEV1 (criteria)",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			edited := parseSmall(t)
			test.edit(edited)
			var got []string
			for _, change := range catalog.Diff(parseSmall(t), edited) {
				got = append(got, change.String())
				require.Equal(t, change.Op == "removed", change.Removes())
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestDiffWithNoCatalog(t *testing.T) {
	c := parseSmall(t)
	require.Empty(t, catalog.Diff(nil, nil))
	for _, change := range catalog.Diff(nil, c) {
		require.False(t, change.Removes(), change)
	}
	require.Contains(t, catalog.Diff(nil, c), catalog.Change{Op: catalog.Added, Noun: "service", ID: "payments"})
	require.Contains(t, catalog.Diff(c, nil), catalog.Change{Op: catalog.Removed, Noun: "service", ID: "payments"})
}
