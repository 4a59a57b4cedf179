package catalog

import (
	"cmp"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// policies are escalation policies by id.
type policies map[string]*oncall.EscalationPolicy

// way returns the policies on the way from one to another by what they
// include; nil when there is none.
func (ps policies) way(from, to string, seen map[string]bool) []string {
	if from == to {
		return []string{to}
	}
	if ps[from] == nil || seen[from] {
		return nil
	}
	seen[from] = true
	for _, level := range ps[from].Levels {
		if level.Policy == "" {
			continue
		}
		if rest := ps.way(level.Policy, to, seen); rest != nil {
			return append([]string{from}, rest...)
		}
	}
	return nil
}

// branch reports whether a policy, or one that it includes, branches by hours.
func (ps policies) branch(id string, seen map[string]bool) bool {
	if ps[id] == nil || seen[id] {
		return false
	}
	seen[id] = true
	for _, level := range ps[id].Levels {
		if branches(level) || ps.branch(level.Policy, seen) {
			return true
		}
	}
	return false
}

func branches(l oncall.Level) bool { return l.During != "" || l.Outside != "" }

// count returns how many levels a policy has with those that it includes and
// those that include them, at most a few more than maxLevels. A circle counts
// once. What is known is asked of no policy again.
func (ps policies) count(id string, known map[string]int) int {
	if n, ok := known[id]; ok || ps[id] == nil {
		return n
	}
	known[id] = 0
	n := 0
	for _, level := range ps[id].Levels {
		n = min(n+1+ps.count(level.Policy, known), maxLevels+1)
	}
	known[id] = n
	return n
}

// Skips says why a level is not walked at a moment, by the hours during or
// outside of which it is; it is empty for one that is walked. Hours that the
// catalog does not have (any more) keep nobody from being paged.
func (c *Catalog) Skips(during, outside string, at time.Time) string {
	if clock, ok := c.Clock(during); ok && !clock.Holds(at) {
		return "it is outside of the hours " + during
	}
	if clock, ok := c.Clock(outside); ok && clock.Holds(at) {
		return "it is within the hours " + outside
	}
	return ""
}

// flat returns the levels of a policy, with those of other policies in the
// place of the levels that include them. What is unknown, and what goes round
// in a circle, is left out: only a catalog that nobody checked has it.
func (ps policies) flat(id string, inside ...string) []oncall.Level {
	if ps[id] == nil || slices.Contains(inside, id) {
		return nil
	}
	var out []oncall.Level
	for _, level := range ps[id].Levels {
		if level.Policy == "" {
			out = append(out, level)
			continue
		}
		for _, included := range ps.flat(level.Policy, append(inside, id)...) {
			included.During = cmp.Or(level.During, included.During)
			included.Outside = cmp.Or(level.Outside, included.Outside)
			out = append(out, included)
		}
	}
	return out
}
