package activities_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// ahead is a team whose schedule begins later, on a Monday.
type ahead struct {
	*outside
	catalog *catalog.Catalog
	known   map[string][]string
	now     time.Time
}

func newAhead() *ahead {
	person := func(id, zone string, kinds ...string) catalog.Person {
		p := catalog.Person{ID: id, Zone: zone}
		for _, kind := range kinds {
			p.Contacts = append(p.Contacts, catalog.ContactMethod{ID: kind, Kind: kind, Address: "secret-" + id, Verified: true})
		}
		return p
	}
	return &ahead{
		outside: newOutside(), known: map[string][]string{}, now: time.Date(2026, 10, 19, 2, 0, 0, 0, time.UTC),
		catalog: &catalog.Catalog{
			Teams: []catalog.Team{{ID: "shop", Name: "Shop", Members: []string{"alice", "bob", "carol"}, Leads: []string{"alice", "carol"}}},
			People: []catalog.Person{
				person("alice", "Europe/Berlin", "push", "pigeon"), person("bob", "", "push"), person("carol", "", "push"), person("dave", "", "push"),
			},
			Services: []catalog.Service{{ID: "shop", Team: "shop", Escalation: "shop"}},
			Schedules: []oncall.Schedule{{ID: "shop", Zone: "UTC", Rotations: []oncall.Rotation{{
				Name: "primary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "00:00", Start: "2026-10-26", Participants: []string{"bob"}},
			}}}},
			Escalations: []oncall.EscalationPolicy{{ID: "shop", Levels: []oncall.Level{{Targets: []oncall.Target{{Schedule: "shop"}}}}}},
			LastResort:  []string{"dave"},
		},
	}
}

func (a *ahead) Current(context.Context) (*catalog.Catalog, error) {
	return a.catalog, a.broken["catalog"]
}

func (a *ahead) ToldGaps(_ context.Context, team string) ([]string, error) {
	return a.known[team], a.broken["store"]
}

func (a *ahead) KeepToldGaps(_ context.Context, team string, marks []string, _ time.Time) error {
	a.known[team] = marks
	return a.broken["store"]
}

// look looks ahead as a process does that was just started: it remembers only
// what the ledger does.
func (a *ahead) look(t *testing.T) (activities.Ahead, error) {
	t.Helper()
	for _, attempt := range a.attempts {
		a.made[attempt.Key] = a.made[attempt.Key] || attempt.Error == ""
	}
	p := a.pager()
	p.Catalogs, p.Now = a, func() time.Time { return a.now }
	l := &activities.Lookout{Pager: p, Told: a}
	return l.LookAhead(t.Context())
}

func TestATeamIsToldOnceOfAGap(t *testing.T) {
	a := newAhead()
	got, err := a.look(t)
	require.NoError(t, err)
	require.Equal(t, activities.Ahead{Gaps: 1, Told: []string{"shop"}}, got)
	require.Len(t, a.pages, 2, "its leads, by the channel that there is")
	require.Equal(t, "On-call coverage of team Shop: gaps in the next 14 days", a.pages[0].Title)
	require.Contains(t, a.pages[0].Body, "- shop: until 2026-10-26 01:00 CET, nobody but the last resort is reached: level 1: nobody is on call in shop\n")
	require.Contains(t, a.pages[1].Body, "until 2026-10-26 00:00 UTC", "each reads times in their own zone")
	require.False(t, a.pages[0].Urgent)
	for _, attempt := range a.attempts {
		require.NotContains(t, attempt.Error, "secret", "no address is recorded")
	}

	a.now = a.now.Add(24 * time.Hour)
	got, err = a.look(t)
	require.NoError(t, err)
	require.Equal(t, activities.Ahead{Gaps: 1}, got, "it is no news")
	require.Len(t, a.pages, 2)

	a.catalog.People[1].Contacts = nil
	got, err = a.look(t)
	require.NoError(t, err)
	require.Equal(t, activities.Ahead{Gaps: 3, Told: []string{"shop"}}, got, "now bob cannot be reached either")
	require.Len(t, a.pages, 4)

	a.catalog.People[1].Contacts = a.catalog.People[0].Contacts
	a.catalog.Schedules[0].Rotations[0].Start = "2026-01-01"
	got, err = a.look(t)
	require.NoError(t, err)
	require.Equal(t, activities.Ahead{}, got)
	require.Empty(t, a.known["shop"])
	require.Len(t, a.pages, 4, "that nothing is missing is told to nobody")

	a.now = a.now.Add(24 * time.Hour)
	a.catalog.Schedules[0].Rotations[0].Start = "2026-10-26"
	got, err = a.look(t)
	require.NoError(t, err)
	require.Equal(t, []string{"shop"}, got.Told)
	require.Len(t, a.pages, 6, "what was mended and is missing again is news")
}

func TestSomebodyElseIsToldWhenTheLeadsCannotBe(t *testing.T) {
	for _, test := range []struct {
		silenced []string
		want     string
	}{
		{[]string{"alice", "carol"}, "bob"},
		{[]string{"alice", "bob", "carol"}, "dave"},
		{[]string{"alice", "bob", "carol", "dave"}, ""},
	} {
		a := newAhead()
		for i, p := range a.catalog.People {
			if slices.Contains(test.silenced, p.ID) {
				a.catalog.People[i].Contacts = nil
			}
		}
		_, err := a.look(t)
		require.NoError(t, err)
		if test.want == "" {
			require.Empty(t, a.pages)
			continue
		}
		require.Len(t, a.pages, 1)
		require.Contains(t, a.pages[0].Key, "/"+test.want+"/push")
	}
}

func TestWhatCouldNotBeToldIsToldAgain(t *testing.T) {
	for _, what := range []string{"push", "store", "catalog"} {
		a := newAhead()
		a.broken[what] = errAway
		_, err := a.look(t)
		require.ErrorContains(t, err, "away", what)
		require.Equal(t, incident.Unavailable, incident.KindOf(activities.Known(err)), what)
		delete(a.broken, what)
		got, err := a.look(t)
		require.NoError(t, err, what)
		require.Equal(t, 1, got.Gaps, what)
		require.GreaterOrEqual(t, len(a.pages), 2, what)
	}
	a := newAhead()
	a.broken["push"] = errDead
	_, err := a.look(t)
	require.NoError(t, err, "what is refused for good is not tried for ever")
}
