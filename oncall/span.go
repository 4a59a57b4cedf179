package oncall

import "time"

// span is [from, until). A bound that is not set is open.
type span struct{ from, until time.Time }

// holds reports whether t lies in the span.
func (s span) holds(t time.Time) bool {
	return !s.from.After(t) && (s.until.IsZero() || t.Before(s.until))
}

// and returns what lies in both.
func (s span) and(other span) span {
	if s.from.Before(other.from) {
		s.from = other.from
	}
	if s.until.IsZero() || !other.until.IsZero() && other.until.Before(s.until) {
		s.until = other.until
	}
	return s
}

// without returns what of a bounded span lies in none of others, which are in
// their order and apart from each other.
func (s span) without(others []span) []span {
	var out []span
	for _, other := range others {
		if !other.until.After(s.from) || !other.from.Before(s.until) {
			continue
		}
		if other.from.After(s.from) {
			out = append(out, span{s.from, other.from})
		}
		s.from = other.until
	}
	if s.from.Before(s.until) {
		out = append(out, s)
	}
	return out
}

// beside returns what lies on the same side of another span as t, which is
// not in it.
func (s span) beside(other span, t time.Time) span {
	if other.from.After(t) {
		return s.and(span{until: other.from})
	}
	return s.and(span{from: other.until})
}

// around returns what lies in the other span when t does, and else what lies
// on the same side of it.
func (s span) around(other span, t time.Time) span {
	if other.holds(t) {
		return s.and(other)
	}
	return s.beside(other, t)
}
