package coverage

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// reader asks a catalog whom a page would reach.
type reader struct {
	catalog  *catalog.Catalog
	channels []string
}

// moments lists when an answer may change, in order, beginning with from.
func (r reader) moments(levels []oncall.Level, from, until time.Time) []time.Time {
	out := []time.Time{from}
	add := func(t time.Time) {
		if t.After(from) && t.Before(until) {
			out = append(out, t.UTC())
		}
	}
	for _, id := range schedules(levels) {
		calendar, ok := r.catalog.Calendar(id)
		if !ok {
			continue
		}
		for _, shift := range calendar.Shifts(from, until) {
			add(shift.From)
			add(shift.Until)
		}
	}
	for _, id := range hours(levels) {
		clock, ok := r.catalog.Clock(id)
		for t := from; ok && t.Before(until); add(t) {
			t, ok = clock.Change(t)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

// schedules lists the schedules that levels ask, each once.
func schedules(levels []oncall.Level) []string {
	var out []string
	for _, level := range levels {
		for _, t := range level.Targets {
			id, _ := t.ScheduleRotation()
			if t.Schedule != "" && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// hours lists the hours by which levels branch, each once.
func hours(levels []oncall.Level) []string {
	var out []string
	for _, level := range levels {
		for _, id := range []string{level.During, level.Outside} {
			if id != "" && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// at says what is missing at a moment. A level that reaches nobody is skipped
// at once, so all levels are asked about the same moment.
func (r reader) at(levels []oncall.Level, at time.Time) []Gap {
	var gaps []Gap
	var whys []string
	first := -1
	for n, level := range levels {
		if r.catalog.Skips(level.During, level.Outside, at) != "" {
			continue
		}
		reached, why, lost := r.level(level, at)
		for _, u := range lost {
			if !slices.ContainsFunc(gaps, func(g Gap) bool { return g.Person == u.Person }) {
				gaps = append(gaps, Gap{Kind: Unreachable, Person: u.Person, Why: u.Why})
			}
		}
		if reached && first < 0 {
			first = len(whys)
		}
		whys = append(whys, fmt.Sprintf("level %d: %s", n+1, why))
	}
	switch {
	case len(whys) == 0:
		gaps = append(gaps, Gap{Kind: Nobody, Why: "the escalation policy has no level to walk then"})
	case first < 0:
		gaps = append(gaps, Gap{Kind: Nobody, Why: strings.Join(whys, "; ")})
	case first > 0:
		gaps = append(gaps, Gap{Kind: FirstLevel, Why: whys[0]})
	}
	return gaps
}

// level says whether a level reaches anybody, why not, and who of it cannot be
// reached. A webhook reaches nobody who could answer.
func (r reader) level(level oncall.Level, at time.Time) (reached bool, why string, lost []Unreached) {
	var whys []string
	for _, target := range level.Targets {
		duties := r.catalog.OnCall(target, at)
		if len(duties) == 0 {
			whys = append(whys, nobody(target))
		}
		for _, duty := range duties {
			if duty.Person == "" {
				whys = append(whys, "webhook "+duty.Webhook+" is nobody")
				continue
			}
			reason, ok := r.reach(duty.Person)
			if ok {
				reached = true
				continue
			}
			lost = append(lost, Unreached{duty.Person, reason})
			whys = append(whys, duty.Person+" "+reason)
		}
	}
	return reached, strings.Join(whys, ", "), lost
}

// nobody says that a target means nobody.
func nobody(t oncall.Target) string {
	switch {
	case t.Schedule != "":
		return "nobody is on call in " + t.Schedule
	case t.Rotation != "":
		return "nobody is in rotation " + t.Rotation
	default:
		return "team " + t.Team + " has no members"
	}
}

// reach says why an urgent page cannot reach a person by their rules, if it
// cannot.
func (r reader) reach(person string) (why string, ok bool) {
	var methods []catalog.ContactMethod
	for _, rule := range r.catalog.Contacts(person, catalog.Urgent) {
		if m, ok := r.catalog.ContactMethod(person, rule.Contact); ok {
			methods = append(methods, m)
		}
	}
	return r.served(methods)
}

// anyhow says as reach does why none of a person's contact methods reaches
// them: the last resort is paged by all of them, whatever the rules say.
func (r reader) anyhow(person string) (why string, ok bool) {
	p, _ := r.catalog.Person(person)
	return r.served(p.Contacts)
}

// served says why none of some contact methods can be used, if none can.
func (r reader) served(methods []catalog.ContactMethod) (why string, ok bool) {
	var kinds []string
	for _, m := range methods {
		if r.channels == nil || slices.Contains(r.channels, m.Kind) {
			return "", true
		}
		if !slices.Contains(kinds, m.Kind) {
			kinds = append(kinds, m.Kind)
		}
	}
	if len(kinds) == 0 {
		return "has no contact method", false
	}
	return "is reached only by " + strings.Join(kinds, " and ") + ", which is not configured", false
}
