package oncall

import (
	"fmt"
	"time"
)

// Window is a span of local time that comes again every day, or on some days
// of the week. A bound in a skipped hour lies right after the gap, in a
// repeated hour at its first occurrence.
type Window struct {
	// Days are the weekdays on which the window begins; empty means every day.
	Days []string `yaml:"days" json:"days,omitempty"`
	// From and Until are local times of day, "HH:MM". An Until that is earlier
	// than From is on the next day. Left out, From is the beginning of the day
	// and Until, which may also be "24:00", its end.
	From  string `yaml:"from" json:"from,omitempty"`
	Until string `yaml:"until" json:"until,omitempty"`
}

// Hours are named windows, such as business hours, by which an escalation
// policy branches.
type Hours struct {
	ID   string `yaml:"id" json:"id"`
	Name string `yaml:"name" json:"name,omitempty"`
	// Zone is an IANA name such as "Europe/Berlin".
	Zone   string   `yaml:"zone" json:"zone"`
	During []Window `yaml:"during" json:"during"`
	// Except are local dates ("2006-01-02") on which no window begins, such as
	// public holidays.
	Except []string `yaml:"except" json:"except,omitempty"`
}

// Clock prepares the hours. Hours that are not valid never hold.
func (h Hours) Clock() *Clock {
	if len(h.Validate()) > 0 {
		return &Clock{windows: newWindows([]Window{}, nil, time.UTC)}
	}
	loc, _ := loadZone(h.Zone)
	return &Clock{windows: newWindows(h.During, h.Except, loc)}
}

// Holds answers as Clock.Holds does. Whoever asks more than once should keep
// the Clock.
func (h Hours) Holds(t time.Time) bool { return h.Clock().Holds(t) }

// Clock is hours made ready to be asked often. It is safe for concurrent use.
type Clock struct{ windows *windows }

// Holds reports whether one of the windows holds at t.
func (c *Clock) Holds(t time.Time) bool {
	holds, _ := c.windows.at(shown(t, c.windows.loc))
	return holds
}

// Change returns the next instant after t at which the hours begin or end to
// hold; false when they never do again.
func (c *Clock) Change(t time.Time) (time.Time, bool) {
	now := c.Holds(t)
	for {
		_, s := c.windows.at(shown(t, c.windows.loc))
		// A window that a gap swallowed changes nothing.
		if t = s.until; t.IsZero() || c.Holds(t) != now {
			return t, !t.IsZero()
		}
	}
}

// Validate returns everything that is wrong with the hours in themselves.
func (h Hours) Validate() []Problem {
	var out problems
	out.wrong("zone", CheckZone(h.Zone))
	if len(h.During) == 0 {
		out.add("during", "must hold at least one window: without any, the hours never hold")
	}
	out.under("", checkWindows(h.During))
	for i, date := range h.Except {
		_, err := parseDay(date)
		out.wrong(fmt.Sprintf("except[%d]", i), err)
	}
	return out
}

func checkWindows(windows []Window) []Problem {
	var out problems
	for i, w := range windows {
		_, _, found := w.bounds()
		out.under(fmt.Sprintf("during[%d].", i), found)
	}
	return out
}

// bounds reads from when until when a window holds on its day, and what is
// wrong with it.
func (w Window) bounds() (from, until time.Duration, _ []Problem) {
	var out problems
	for i, name := range w.Days {
		_, err := parseWeekday(name)
		out.wrong(fmt.Sprintf("days[%d]", i), err)
	}
	if len(w.Days) == 0 && w.From == "" && w.Until == "" {
		out.add("days", "must be set, or from and until: this window says nothing")
	}
	from, until = 0, fullDay
	var err error
	if w.From != "" {
		from, err = parseTimeOfDay(w.From)
		out.wrong("from", err)
	}
	if w.Until != "" && w.Until != "24:00" {
		until, err = parseTimeOfDay(w.Until)
		out.wrong("until", err)
	}
	if len(out) == 0 && from == until {
		out.add("until", "must differ from from: this window has no length; leave both out for a whole day")
	}
	return from, until, out
}
