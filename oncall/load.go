package oncall

import (
	"maps"
	"slices"
	"time"
)

// Load is how much one person is on call. Somebody who has two duties at once
// is on call once. Times are as they elapse: the night in which clocks are set
// forward is an hour shorter.
type Load struct {
	Person string `json:"person"`
	// Total is the time on call.
	Total time.Duration `json:"total"`
	// Night is the part of it between 22:00 and 06:00 of that person's clock,
	// Nights the number of nights that it touches.
	Night  time.Duration `json:"night"`
	Nights int           `json:"nights"`
	// Weekend is the part of it on Saturdays and Sundays there.
	Weekend time.Duration `json:"weekend"`
}

// Loads adds up shifts, which are already cut to the span in question, for
// each person in them, sorted by person. Zone names the IANA zone of a
// person; where it names none, that of the shift counts.
func Loads(shifts []Shift, zone func(person string) string) []Load {
	all := map[string][]Shift{}
	for _, s := range shifts {
		all[s.Person] = append(all[s.Person], s)
	}
	out := make([]Load, 0, len(all))
	for _, person := range slices.Sorted(maps.Keys(all)) {
		loc, err := loadZone(zone(person))
		if err != nil {
			loc = all[person][0].From.Location()
		}
		out = append(out, loadOf(person, busy(all[person]), loc))
	}
	return out
}

// busy returns the spans in which somebody has at least one duty.
func busy(shifts []Shift) []span {
	slices.SortFunc(shifts, func(a, b Shift) int { return a.From.Compare(b.From) })
	var out []span
	for _, s := range shifts {
		if last := len(out) - 1; last >= 0 && !s.From.After(out[last].until) {
			if s.Until.After(out[last].until) {
				out[last].until = s.Until
			}
			continue
		}
		out = append(out, span{s.From, s.Until})
	}
	return out
}

func loadOf(person string, busy []span, loc *time.Location) Load {
	nights := newWindows([]Window{{From: "22:00", Until: "06:00"}}, nil, loc)
	weekends := newWindows([]Window{{Days: []string{"saturday", "sunday"}}}, nil, loc)
	out := Load{Person: person}
	touched := map[time.Time]bool{}
	for _, s := range busy {
		out.Total += s.until.Sub(s.from)
		nights.each(s, func(night, part span) {
			out.Night += part.until.Sub(part.from)
			touched[night.from.UTC()] = true
		})
		weekends.each(s, func(_, part span) { out.Weekend += part.until.Sub(part.from) })
	}
	out.Nights = len(touched)
	return out
}

// each calls yield for whenever the windows hold within a bounded span, with
// the part of it that lies in the span.
func (w *windows) each(within span, yield func(whole, part span)) {
	for t := within.from; within.holds(t); {
		holds, whole := w.at(shown(t, w.loc))
		if holds {
			yield(whole, whole.and(within))
		}
		t = whole.and(within).until
	}
}
