// Package coverage finds the times at which a page would reach nobody. It is
// exact: it looks at every moment at which an answer may change, and asks the
// catalog as the pager does.
package coverage

import (
	"cmp"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// DefaultSpan is how far ahead one looks who does not say.
const DefaultSpan = 14 * 24 * time.Hour

// Question is what is asked.
type Question struct {
	From time.Time
	// Span is how far to look ahead; DefaultSpan when zero.
	Span time.Duration
	// Channels are the kinds of contact methods that are configured; nil means
	// all.
	Channels []string
}

// Report is how urgent pages would reach people in [From, Until).
type Report struct {
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	Services []Service `json:"services"`
	// LastResort names those of the last resort whom no page would reach.
	LastResort []Unreached `json:"last_resort"`
}

// Service is one service's part of a report.
type Service struct {
	ID   string `json:"id"`
	Team string `json:"team"`
	// Minutes is for how long a page would reach nobody but the last resort,
	// rounded up, and Next when it first would.
	Minutes int       `json:"minutes"`
	Next    time.Time `json:"next,omitzero"`
	Gaps    []Gap     `json:"gaps"`
}

// Kind says what is missing in a gap.
type Kind string

// The kinds of a gap, the worst first.
const (
	// Nobody is reached by any level: only the last resort is left.
	Nobody Kind = "nobody"
	// FirstLevel reaches nobody: the first level is skipped.
	FirstLevel Kind = "first-level"
	// Unreachable is a person to be paged who has no contact method that can
	// be used.
	Unreachable Kind = "unreachable"
)

// Gap is a time in which somebody is missing. It may reach beyond the time
// asked about.
type Gap struct {
	Kind Kind `json:"kind"`
	// From and Until are zero when they lie further away than the span that
	// was asked for.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Person is who cannot be reached.
	Person string `json:"person,omitempty"`
	// Why says it in words.
	Why string `json:"why"`
}

// Unreached is a person whom no page would reach, and why.
type Unreached struct {
	Person string `json:"person"`
	Why    string `json:"why"`
}

// Check answers for every service of the catalog, in its order.
func Check(c *catalog.Catalog, q Question) Report {
	q.From, q.Span = q.From.UTC(), cmp.Or(q.Span, DefaultSpan)
	r := reader{catalog: c, channels: q.Channels}
	out := Report{From: q.From, Until: q.From.Add(q.Span), Services: []Service{}, LastResort: []Unreached{}}
	for _, s := range c.Services {
		out.Services = append(out.Services, r.service(s, out))
	}
	for _, person := range c.LastResort {
		if why, ok := r.anyhow(person); !ok {
			out.LastResort = append(out.LastResort, Unreached{person, why})
		}
	}
	return out
}

// Complete reports whether nothing is missing.
func (r Report) Complete() bool {
	return len(r.LastResort) == 0 && !slices.ContainsFunc(r.Services, func(s Service) bool { return len(s.Gaps) > 0 })
}

// service finds the gaps of one service. It looks as far beyond both ends as
// the report is long, so that a gap has its own ends, and not those of the day
// on which somebody asked.
func (r reader) service(s catalog.Service, in Report) Service {
	span := in.Until.Sub(in.From)
	from, until := in.From.Add(-span), in.Until.Add(span)
	policy, _ := r.catalog.Policy(s.ID)
	levels := policy.Escalation.Levels
	moments := r.moments(levels, from, until)
	var found []Gap
	for i, at := range moments {
		end := until
		if i+1 < len(moments) {
			end = moments[i+1]
		}
		for _, gap := range r.at(levels, at) {
			gap.From, gap.Until = at, end
			found = join(found, gap)
		}
	}
	out := Service{ID: s.ID, Team: s.Team, Gaps: []Gap{}}
	var open time.Duration
	for _, gap := range found {
		if !gap.From.Before(in.Until) || !in.From.Before(gap.Until) {
			continue
		}
		if gap.Kind == Nobody {
			open += out.open(gap, in)
		}
		out.Gaps = append(out.Gaps, gap.between(from, until))
	}
	out.Minutes = int((open + time.Minute - 1) / time.Minute)
	slices.SortStableFunc(out.Gaps, func(a, b Gap) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.Person, b.Person))
	})
	return out
}

// open counts a gap in which there is nobody, and returns how much of it lies
// within the report.
func (s *Service) open(gap Gap, in Report) time.Duration {
	begins, ends := gap.From, gap.Until
	if begins.Before(in.From) {
		begins = in.From
	}
	if ends.After(in.Until) {
		ends = in.Until
	}
	if s.Next.IsZero() || begins.Before(s.Next) {
		s.Next = begins
	}
	return ends.Sub(begins)
}

// join adds a gap, or lengthens the one that it goes on from.
func join(list []Gap, gap Gap) []Gap {
	for i := range list {
		g := &list[i]
		if g.Kind == gap.Kind && g.Person == gap.Person && g.Why == gap.Why && g.Until.Equal(gap.From) {
			g.Until = gap.Until
			return list
		}
	}
	return append(list, gap)
}

// between forgets the ends of a gap that are only those of the look.
func (g Gap) between(from, until time.Time) Gap {
	if g.From.Equal(from) {
		g.From = time.Time{}
	}
	if g.Until.Equal(until) {
		g.Until = time.Time{}
	}
	return g
}

func (g Gap) rank() int { return slices.Index([]Kind{Nobody, FirstLevel, Unreachable}, g.Kind) }
