package coverage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/coverage"
	"github.com/tocsinhq/tocsin/oncall"
)

// missing says minute by minute what a report says in spans: it asks the
// catalog at that very minute, and knows nothing of boundaries.
func missing(c *catalog.Catalog, levels []oncall.Level, channels []string, at time.Time) []string {
	reached := func(person string) bool {
		for _, rule := range c.Contacts(person, catalog.Urgent) {
			if m, ok := c.ContactMethod(person, rule.Contact); ok && slices.Contains(channels, m.Kind) {
				return true
			}
		}
		return false
	}
	out := map[string]bool{}
	var walked []bool
	for _, level := range levels {
		if h, ok := c.Clock(level.During); ok && !h.Holds(at) {
			continue
		}
		if h, ok := c.Clock(level.Outside); ok && h.Holds(at) {
			continue
		}
		some := false
		for _, target := range level.Targets {
			for _, duty := range c.OnCall(target, at) {
				if reached(duty.Person) {
					some = true
					continue
				}
				out["unreachable "+duty.Person] = true
			}
		}
		walked = append(walked, some)
	}
	switch {
	case !slices.Contains(walked, true):
		out["nobody "] = true
	case !walked[0]:
		out["first-level "] = true
	}
	var list []string
	for what := range out {
		list = append(list, what)
	}
	slices.Sort(list)
	return list
}

// reported says what a report has for a minute.
func reported(s coverage.Service, at time.Time) []string {
	var list []string
	for _, g := range s.Gaps {
		what := fmt.Sprintf("%s %s", g.Kind, g.Person)
		if !g.From.After(at) && (g.Until.IsZero() || at.Before(g.Until)) && !slices.Contains(list, what) {
			list = append(list, what)
		}
	}
	slices.Sort(list)
	return list
}

// random makes a catalog in which a lot is missing, in a week in which clocks
// change.
func random(r *rand.Rand) *catalog.Catalog {
	people := []string{"alice", "bob", "carol", "dave"}
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	rotation := func() oncall.Rotation {
		layer := oncall.Layer{
			Every: oncall.Daily, HandOff: fmt.Sprintf("%02d:%02d", r.IntN(24), r.IntN(60)),
			Start: fmt.Sprintf("2026-10-%02d", 10+r.IntN(18)), Participants: []string{pick(people), pick(people)},
		}
		if r.IntN(2) == 0 {
			layer.During = []oncall.Window{{From: fmt.Sprintf("%02d:30", r.IntN(12)), Until: fmt.Sprintf("%02d:15", 12+r.IntN(12))}}
		}
		return oncall.Rotation{Layer: layer}
	}
	var overrides []oncall.Override
	for range r.IntN(4) {
		from := monday.Add(time.Duration(r.IntN(7*24*60)) * time.Minute)
		o := oncall.Override{
			Schedule: "shop", Rotation: pick([]string{"primary", "secondary"}), Kind: oncall.Replace, Person: pick(people),
			From: from, Until: from.Add(time.Duration(1+r.IntN(2000)) * time.Minute),
		}
		if r.IntN(2) == 0 {
			o.Kind, o.Person, o.Of = oncall.Remove, "", pick(people)
		}
		overrides = append(overrides, o)
	}
	c := shop(rotation(), rotation(), overrides...)
	c.AllHours = []oncall.Hours{{ID: "office", Zone: "America/New_York", During: []oncall.Window{{From: "08:20", Until: "18:10"}}}}
	switch r.IntN(4) {
	case 0:
		c.Escalations[0].Levels[0].During = "office"
	case 1:
		c.Escalations[0].Levels[r.IntN(2)].Outside = "office"
	}
	c.Schedules[0].Zone = pick([]string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"})
	return c
}

// indexed makes a catalog quick to ask.
func indexed(t *testing.T, c *catalog.Catalog) *catalog.Catalog {
	t.Helper()
	data, err := c.Encode()
	require.NoError(t, err)
	out, err := catalog.Decode(data)
	require.NoError(t, err)
	return out
}

func TestEveryMinuteIsAsTheCatalogSays(t *testing.T) {
	t.Parallel()
	channels := []string{"push"}
	for seed := range uint64(25) {
		c := indexed(t, random(rand.New(rand.NewPCG(seed, 1))))
		const span = 8 * 24 * time.Hour
		s := coverage.Check(c, coverage.Question{From: monday, Span: span, Channels: channels}).Services[0]
		policy, _ := c.Policy("shop")
		nobody := 0
		for at := monday; at.Before(monday.Add(span)); at = at.Add(time.Minute) {
			want := missing(c, policy.Escalation.Levels, channels, at)
			require.Equal(t, want, reported(s, at), "seed %d at %s", seed, at)
			if slices.Contains(want, "nobody ") {
				nobody++
			}
		}
		require.Equal(t, nobody, s.Minutes, "seed %d", seed)
		require.Equal(t, nobody == 0, s.Next.IsZero(), "seed %d", seed)
	}
}
