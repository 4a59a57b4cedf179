package intaketest

import (
	"math/bits"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// maxListed is how many firing alerts of an incident are told by name.
const maxListed = 50

// fact is the last word of an alert, and the incident it belongs to.
type fact struct {
	alerts.Fact
	number string
	listed bool
	// suppressed is the silence that keeps it from paging, and alert what came.
	suppressed string
	alert      alerts.Alert
	last       time.Time
}

func (f fact) firing() bool { return f.Status == alerts.Firing }

// claim decides as the real store does.
func (s *Store) claim(c store.Claim) store.Claimed {
	at := slot{c.Service, c.Key}
	s.moment = c.At
	if s.facts[at] == nil {
		s.facts[at] = map[string]fact{}
	}
	number, held := s.held[at]
	out := store.Claimed{}
	if !held {
		used := incident.IsBeat(c.Number) && s.claims[c.Number] != nil
		if used || !slices.ContainsFunc(c.Alerts, func(a alerts.Alert) bool { return s.opens(at, a) }) {
			s.news(at, c.Alerts, "", &claim{})
			return out
		}
		number, out.New = s.assign(at, c)
	}
	known := s.claims[number]
	before := known.more + known.truncated
	known.truncated = c.Truncated
	out.Number, out.Key, out.Storm, out.Started = number, known.key, known.storm, known.started
	if out.New {
		out.Recurs, out.Cleared = known.recurs, known.cleared
	}
	out.News = s.news(at, c.Alerts, number, known)
	out.More = known.more + known.truncated
	if len(out.News) > 0 || bits.Len(uint(before)) != bits.Len(uint(out.More)) {
		out.Outbox = s.want(c.At, out, known)
	}
	return out
}

func (s *Store) opens(at slot, a alerts.Alert) bool {
	return a.Status == alerts.Firing && a.Suppressed == "" && !s.stale(at, a)
}

// stale reports whether a delivery comes too late to mean anything. A source
// that does not say since when an alert fires is taken at its word.
func (s *Store) stale(at slot, a alerts.Alert) bool {
	known, ok := s.facts[at][a.Fingerprint]
	return ok && (a.StartsAt.Before(known.StartsAt) ||
		a.StartsAt.Equal(known.StartsAt) && !a.StartsAt.IsZero() && !known.firing() && a.Status == alerts.Firing)
}

// news returns what an incident must hear by name, resolved alerts first.
func (s *Store) news(at slot, list []alerts.Alert, number string, c *claim) []alerts.Alert {
	var out []alerts.Alert
	for _, status := range []alerts.Status{alerts.Resolved, alerts.Firing} {
		for _, a := range list {
			if a.Status != status {
				continue
			}
			if number != "" && a.Suppressed != "" && s.facts[at][a.Fingerprint].number != number {
				s.note(at, a, "", &claim{})
				continue
			}
			if s.note(at, a, number, c) {
				out = append(out, a)
			}
		}
	}
	return out
}

// note keeps the last word of an alert, and reports whether it is told.
func (s *Store) note(at slot, a alerts.Alert, number string, c *claim) bool {
	known, ok := s.facts[at][a.Fingerprint]
	moved := number != "" && known.number != number && known.firing()
	lifted := number != "" && known.number == number && known.suppressed != "" && known.firing() && a.Suppressed == ""
	if ok && (s.stale(at, a) || known.Fact == a.Fact() && !moved && !lifted) {
		s.suppress(at, a, number)
		return false
	}
	now := fact{Fact: a.Fact(), number: number, suppressed: a.Suppressed, alert: a, last: s.moment}
	counted := false
	if known.number == number && known.firing() {
		if known.listed {
			c.listed--
		} else {
			c.more--
			counted = true
		}
	}
	told := !counted
	if now.firing() {
		if now.listed = c.listed < maxListed; now.listed {
			c.listed++
		} else {
			c.more++
		}
		told = now.listed
	}
	s.facts[at][a.Fingerprint] = now
	return told && number != ""
}

// suppress keeps which silence a repeat fires under.
func (s *Store) suppress(at slot, a alerts.Alert, number string) {
	known := s.facts[at][a.Fingerprint]
	if s.stale(at, a) || number != "" && known.number == number && a.Suppressed != "" {
		return
	}
	known.suppressed, known.last = a.Suppressed, s.moment
	s.facts[at][a.Fingerprint] = known
}

// assign makes a new incident, or joins the service's storm.
func (s *Store) assign(at slot, c store.Claim) (number string, isNew bool) {
	born := s.born[c.Service]
	for len(born) > 0 && !born[0].After(c.At.Add(-time.Minute)) {
		born = born[1:]
	}
	s.born[c.Service] = append(born, c.At)
	if c.StormLimit == 0 || len(s.born[c.Service]) <= c.StormLimit {
		return s.open(at, c), true
	}
	storm := slot{c.Service, incident.StormKey}
	number, held := s.held[storm]
	if !held {
		number = s.open(storm, c)
		s.claims[number].storm = true
	}
	s.held[at], s.last[at] = number, number
	return number, !held
}

func (s *Store) open(at slot, c store.Claim) string {
	number := c.Number
	if number == "" || s.claims[number] != nil {
		number = s.number()
	}
	s.claims[number] = &claim{service: c.Service, team: c.Team, key: at.key, title: c.Title, recurs: s.last[at]}
	if c.Lately > 0 {
		s.claims[number].cleared = s.cleared[at]
	}
	s.held[at], s.last[at] = number, number
	return number
}

func (s *Store) want(at time.Time, c store.Claimed, known *claim) int64 {
	s.outbox++
	s.wanted[s.outbox] = &store.Outbox{
		ID: s.outbox, Number: c.Number, Service: known.service, Team: known.team, Key: known.key, Title: known.title,
		Storm: known.storm, Recurs: known.recurs, Cleared: known.cleared, Alerts: c.News, More: c.More, At: at,
	}
	return s.outbox
}
