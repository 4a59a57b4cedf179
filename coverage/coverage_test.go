package coverage_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/coverage"
	"github.com/tocsinhq/tocsin/oncall"
)

// monday is the first day of most of these reports.
var monday = time.Date(2026, 10, 19, 0, 0, 0, 0, time.UTC)

func hour(day, hour int) time.Time {
	return monday.Add(time.Duration(day)*24*time.Hour + time.Duration(hour)*time.Hour)
}

// person has one contact method of each kind.
func person(id string, kinds ...string) catalog.Person {
	p := catalog.Person{ID: id}
	for _, kind := range kinds {
		p.Contacts = append(p.Contacts, catalog.ContactMethod{ID: kind, Kind: kind, Address: id, Verified: true})
	}
	return p
}

// shop is a catalog with one service, whose escalation goes from the schedule
// to its secondary.
func shop(primary, secondary oncall.Rotation, overrides ...oncall.Override) *catalog.Catalog {
	primary.Name, secondary.Name = "primary", "secondary"
	return &catalog.Catalog{
		Teams:    []catalog.Team{{ID: "shop", Name: "Shop", Members: []string{"alice", "bob"}, Leads: []string{"alice"}}},
		People:   []catalog.Person{person("alice", "push", "email"), person("bob", "push"), person("carol"), person("dave", "email")},
		Services: []catalog.Service{{ID: "shop", Team: "shop", Escalation: "shop"}},
		Schedules: []oncall.Schedule{{
			ID: "shop", Zone: "UTC", Rotations: []oncall.Rotation{primary, secondary}, Overrides: overrides,
		}},
		Escalations: []oncall.EscalationPolicy{{ID: "shop", Levels: []oncall.Level{
			{Targets: []oncall.Target{{Schedule: "shop"}}}, {Targets: []oncall.Target{{Schedule: "shop/secondary"}}},
		}}},
		LastResort: []string{"alice", "dave"},
	}
}

// daily hands over at midnight, from a date on.
func daily(start string, people ...string) oncall.Rotation {
	return oncall.Rotation{Layer: oncall.Layer{Every: oncall.Daily, HandOff: "00:00", Start: start, Participants: people}}
}

func gaps(t *testing.T, c *catalog.Catalog, q coverage.Question) []coverage.Gap {
	t.Helper()
	q.From = monday
	got := coverage.Check(c, q)
	require.Len(t, got.Services, 1)
	return got.Services[0].Gaps
}

func TestNothingIsMissing(t *testing.T) {
	t.Parallel()
	got := coverage.Check(shop(daily("2026-01-01", "alice", "bob"), daily("2026-01-01", "bob", "alice")), coverage.Question{From: monday})
	require.True(t, got.Complete())
	require.Equal(t, coverage.Report{
		From: monday, Until: hour(14, 0), LastResort: []coverage.Unreached{},
		Services: []coverage.Service{{ID: "shop", Team: "shop", Gaps: []coverage.Gap{}}},
	}, got)
	require.Empty(t, got.Teams())
	require.Empty(t, got.Marks())

	c, err := catalog.Load(os.DirFS("../deployments/catalog"))
	require.NoError(t, err)
	require.True(t, coverage.Check(c, coverage.Question{From: monday}).Complete(), "the example has nothing missing")
}

func TestNobodyBeforeTheRotationsStart(t *testing.T) {
	t.Parallel()
	c := shop(daily("2026-10-21", "alice"), daily("2026-10-22", "bob"))
	got := coverage.Check(c, coverage.Question{From: monday.Add(30 * time.Second)})
	s := got.Services[0]
	require.Equal(t, []coverage.Gap{{
		Kind: coverage.Nobody, Until: hour(2, 0),
		Why: "level 1: nobody is on call in shop; level 2: nobody is on call in shop/secondary",
	}}, s.Gaps, "on the third day the first level is enough")
	require.Equal(t, 48*60, s.Minutes, "29.5 seconds count as a minute")
	require.Equal(t, monday.Add(30*time.Second), s.Next, "it has begun")
	require.Equal(t, []string{"shop: until 2026-10-21 00:00 UTC, nobody but the last resort is reached: " + s.Gaps[0].Why}, got.Lines(time.UTC))
}

func TestTheFirstLevelIsSkipped(t *testing.T) {
	t.Parallel()
	c := shop(daily("2026-10-21", "alice"), daily("2026-01-01", "bob"))
	require.Equal(t, []coverage.Gap{{
		Kind: coverage.FirstLevel, Until: hour(2, 0), Why: "level 1: nobody is on call in shop",
	}}, gaps(t, c, coverage.Question{}))
	require.Zero(t, coverage.Check(c, coverage.Question{From: monday}).Services[0].Minutes)
}

func TestAPersonWhomNothingReaches(t *testing.T) {
	t.Parallel()
	c := shop(daily("2026-10-12", "alice", "carol"), daily("2026-10-12", "bob"))
	got := gaps(t, c, coverage.Question{Span: 2 * 24 * time.Hour})
	require.Equal(t, []coverage.Gap{
		{Kind: coverage.FirstLevel, From: hour(0, 0), Until: hour(1, 0), Why: "level 1: carol has no contact method"},
		{Kind: coverage.Unreachable, From: hour(0, 0), Until: hour(1, 0), Person: "carol", Why: "has no contact method"},
	}, got)

	c = shop(daily("2026-01-01", "bob"), daily("2026-01-01", "alice"))
	require.Equal(t, []coverage.Gap{
		{Kind: coverage.FirstLevel, Why: "level 1: bob is reached only by push, which is not configured"},
		{Kind: coverage.Unreachable, Person: "bob", Why: "is reached only by push, which is not configured"},
	}, gaps(t, c, coverage.Question{Channels: []string{"email"}}), "all the time: it has no ends")
	require.Equal(t, []coverage.Unreached{
		{Person: "alice", Why: "is reached only by push and email, which is not configured"},
		{Person: "dave", Why: "is reached only by email, which is not configured"},
	}, coverage.Check(c, coverage.Question{From: monday, Channels: []string{}}).LastResort)
}

// The last resort is paged by every method at once, also by those that no rule
// names and that nobody has verified.
func TestTheLastResortIsReachedByAnyMethod(t *testing.T) {
	t.Parallel()
	c := shop(daily("2026-01-01", "bob"), daily("2026-01-01", "bob"))
	c.LastResort = []string{"alice", "bob"}
	alice := &c.People[0]
	alice.Rules.Urgent = []catalog.Rule{{Contact: "push"}}
	alice.Contacts[1].Verified = false
	got := coverage.Check(c, coverage.Question{From: monday, Channels: []string{"email"}})
	require.Equal(t, []coverage.Unreached{{Person: "bob", Why: "is reached only by push, which is not configured"}}, got.LastResort)
}

func TestTargetsThatMeanNobody(t *testing.T) {
	t.Parallel()
	c := shop(daily("2026-01-01", "alice"), daily("2026-01-01", "bob"))
	c.Teams = append(c.Teams, catalog.Team{ID: "empty"})
	c.Escalations[0].Levels = []oncall.Level{{Targets: []oncall.Target{{Team: "empty"}, {Webhook: "board"}, {Person: "carol"}}}}
	require.Equal(t, coverage.Gap{
		Kind: coverage.Nobody, Why: "level 1: team empty has no members, webhook board is nobody, carol has no contact method",
	}, gaps(t, c, coverage.Question{})[0])
	c.Escalations[0].Levels = nil
	require.Equal(t, "the escalation policy has no level to walk then", gaps(t, c, coverage.Question{})[0].Why)
}

func TestHoursDecideWhichLevelsAreWalked(t *testing.T) {
	t.Parallel()
	c := shop(daily("2026-01-01", "carol"), daily("2026-01-01", "bob"))
	c.AllHours = []oncall.Hours{{ID: "office", Zone: "Europe/Berlin", During: []oncall.Window{{From: "09:00", Until: "17:00"}}}}
	c.Escalations[0].Levels[0].During, c.Escalations[0].Levels[1].Outside = "office", "office"
	got := gaps(t, c, coverage.Question{Span: 24 * time.Hour})
	require.Equal(t, []coverage.Gap{
		{Kind: coverage.Nobody, From: hour(0, 7), Until: hour(0, 15), Why: "level 1: carol has no contact method"},
		{Kind: coverage.Unreachable, From: hour(0, 7), Until: hour(0, 15), Person: "carol", Why: "has no contact method"},
	}, got, "nobody is asked who is walked past")
	c.Escalations[0].Levels = c.Escalations[0].Levels[:1]
	got = gaps(t, c, coverage.Question{Span: 24 * time.Hour})
	require.Equal(t, coverage.Gap{
		Kind: coverage.Nobody, From: hour(-1, 15), Until: hour(0, 7), Why: "the escalation policy has no level to walk then",
	}, got[0])
	require.Equal(t, 24*60, coverage.Check(c, coverage.Question{From: monday, Span: 24 * time.Hour}).Services[0].Minutes)
}

func TestAMarkStaysFromDayToDay(t *testing.T) {
	t.Parallel()
	c := shop(daily("2026-01-01", "alice"), daily("2026-01-01", "bob"),
		oncall.Override{ID: "1", Kind: oncall.Replace, Person: "carol", From: hour(10, 0), Until: hour(16, 0)})
	first := coverage.Check(c, coverage.Question{From: monday}).Marks()
	require.Len(t, first, 2)
	for day := range 16 {
		report := coverage.Check(c, coverage.Question{From: hour(day, 2)})
		require.Equal(t, first, report.Marks(), "day %d", day)
	}
	require.Empty(t, coverage.Check(c, coverage.Question{From: hour(16, 2)}).Marks(), "it is over")
}

func TestTheReportOfATeam(t *testing.T) {
	t.Parallel()
	c := shop(daily("2026-10-21", "alice"), daily("2026-10-22", "bob"))
	c.Services = append(c.Services, catalog.Service{ID: "web", Team: "web", Escalation: "shop"})
	report := coverage.Check(c, coverage.Question{From: monday})
	require.Equal(t, []string{"shop", "web"}, report.Teams())
	require.Len(t, report.Of("web").Services, 1)
	require.Len(t, report.Services, 2)
	require.Len(t, report.Marks(), 2, "each service's gap is its own")
}

func TestGapsAreSpelt(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	from, until := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)
	for want, gap := range map[string]coverage.Gap{
		"2026-10-25 02:30 CEST to 2026-10-25 02:30 CET": {From: from, Until: until},
		"until 2026-10-25 02:30 CET":                    {Until: until},
		"from 2026-10-25 02:30 CEST on":                 {From: from},
		"all the time":                                  {},
	} {
		require.Equal(t, want, gap.Spell(berlin))
	}
	require.Equal(t, "carol cannot be reached", coverage.Gap{Kind: coverage.Unreachable, Person: "carol"}.What())
	require.Equal(t, "the first level is skipped", coverage.Gap{Kind: coverage.FirstLevel}.What())
}
