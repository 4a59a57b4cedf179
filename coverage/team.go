package coverage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Teams lists the teams whose services have gaps, each once, in the order of
// the services.
func (r Report) Teams() []string {
	var out []string
	for _, s := range r.Services {
		if len(s.Gaps) > 0 && !slices.Contains(out, s.Team) {
			out = append(out, s.Team)
		}
	}
	return out
}

// Service returns one service's part; false when there is no such service.
func (r Report) Service(id string) (Service, bool) {
	i := slices.IndexFunc(r.Services, func(s Service) bool { return s.ID == id })
	if i < 0 {
		return Service{}, false
	}
	return r.Services[i], true
}

// Of returns the part of a report that concerns one team.
func (r Report) Of(team string) Report {
	r.Services = slices.DeleteFunc(slices.Clone(r.Services), func(s Service) bool { return s.Team != team })
	return r
}

// Marks names each gap of a report by what it is about, so that one who was
// told of it need not be told again on the next day: the time at which it
// begins or, when that lies too far back, ends.
func (r Report) Marks() []string {
	out := []string{}
	for _, s := range r.Services {
		for _, g := range s.Gaps {
			end := "begins " + g.From.Format(time.RFC3339)
			if g.From.IsZero() {
				end = "ends " + g.Until.Format(time.RFC3339)
			}
			sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00%s", s.ID, g.Kind, g.Person, g.Why, end))
			out = append(out, hex.EncodeToString(sum[:12]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Lines says each gap in words, with its times in a zone.
func (r Report) Lines(zone *time.Location) []string {
	var out []string
	for _, s := range r.Services {
		for _, g := range s.Gaps {
			out = append(out, fmt.Sprintf("%s: %s, %s: %s", s.ID, g.Spell(zone), g.What(), g.Why))
		}
	}
	return out
}

const clock = "2006-01-02 15:04 MST"

// Spell says when a gap is.
func (g Gap) Spell(zone *time.Location) string {
	from, until := g.From.In(zone).Format(clock), g.Until.In(zone).Format(clock)
	switch {
	case g.From.IsZero() && g.Until.IsZero():
		return "all the time"
	case g.From.IsZero():
		return "until " + until
	case g.Until.IsZero():
		return "from " + from + " on"
	}
	return from + " to " + until
}

// What says what is missing in a gap.
func (g Gap) What() string {
	switch g.Kind {
	case Nobody:
		return "nobody but the last resort is reached"
	case FirstLevel:
		return "the first level is skipped"
	default:
		return g.Person + " cannot be reached"
	}
}
