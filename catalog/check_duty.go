package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// The bounds of what people change of a schedule.
const (
	// MaxAhead is how far ahead it may reach.
	MaxAhead = 366 * 24 * time.Hour
	// MaxFixedShifts is how many shifts a temporary schedule may hold.
	MaxFixedShifts = 200
	// maxDelay is how late "now" may arrive.
	maxDelay = time.Minute
)

// CheckOverride says, in a *WrongError, why an override cannot be made now. It
// returns the override with the name of its rotation, and with its beginning
// moved to now when that is left out.
func (c *Catalog) CheckOverride(o oncall.Override, now time.Time) (oncall.Override, error) {
	var err error
	if o.Rotation, err = c.checkRotation("", o.Schedule, o.Rotation); err != nil {
		return o, err
	}
	if o.From, err = checkSpan("", o.From, o.Until, now); err != nil {
		return o, err
	}
	schedule, _ := c.Schedule(o.Schedule)
	if err := firstOf(schedule.CheckOverride(o)); err != nil {
		return o, err
	}
	return o, cmp.Or(c.checkPerson("person", o.Person), c.checkPerson("of", o.Of))
}

// firstOf returns the first of what is wrong.
func firstOf(problems []oncall.Problem) error {
	for _, p := range problems {
		return wrong(p.Field, "%s", p.Message)
	}
	return nil
}

// CheckTemporary says, in a *WrongError, why a temporary schedule cannot be
// made now. It returns it as CheckOverride does.
func (c *Catalog) CheckTemporary(t oncall.Temporary, now time.Time) (oncall.Temporary, error) {
	var err error
	if t.Rotation, err = c.checkRotation("", t.Schedule, t.Rotation); err != nil {
		return t, err
	}
	if t.From, err = checkSpan("", t.From, t.Until, now); err != nil {
		return t, err
	}
	if len(t.Shifts) == 0 || len(t.Shifts) > MaxFixedShifts {
		return t, wrong("shifts", "must hold 1 to %d shifts", MaxFixedShifts)
	}
	schedule, _ := c.Schedule(t.Schedule)
	if err := firstOf(schedule.CheckTemporary(t)); err != nil {
		return t, err
	}
	for i, s := range t.Shifts {
		at := fmt.Sprintf("shifts[%d]", i)
		if err := c.checkPerson(at+".person", s.Person); err != nil {
			return t, err
		}
		if s.Until.After(t.Until) || s.From.Before(t.From.Add(-maxDelay)) {
			return t, wrong(at, "lies outside the temporary schedule")
		}
	}
	return t, nil
}

// CheckSwap says, in a *WrongError, why a swap cannot be offered or accepted
// now: both people must be on call in the whole of what they give. It returns
// the swap with the names of its rotations.
func (c *Catalog) CheckSwap(s oncall.Swap, now time.Time) (oncall.Swap, error) {
	switch {
	case s.Taker == "":
		return s, wrong("taker", "must name a person")
	case s.Giver == s.Taker:
		return s, wrong("taker", "is the giver: a swap takes two people")
	}
	if err := c.checkPerson("taker", s.Taker); err != nil {
		return s, err
	}
	for _, half := range []struct {
		name, person string
		span         *oncall.Span
	}{{"give", s.Giver, &s.Give}, {"take", s.Taker, &s.Take}} {
		var err error
		if half.span.Rotation, err = c.checkRotation(half.name+".", s.Schedule, half.span.Rotation); err != nil {
			return s, err
		}
		if half.span.From.Before(now) {
			return s, wrong(half.name+".from", "lies in the past: only what has not begun can be swapped")
		}
		if _, err := checkSpan(half.name+".", half.span.From, half.span.Until, now); err != nil {
			return s, err
		}
		calendar, _ := c.Calendar(s.Schedule)
		if !calendar.Covers(half.person, *half.span) {
			return s, wrong(half.name, "%s is not on call in the whole of it", half.person)
		}
	}
	if s.Give.Overlaps(s.Take) {
		return s, wrong("take", "overlaps what is given: both are on call there then, and one of them would not be any more")
	}
	return s, nil
}

// checkRotation returns the name of a rotation, the first one's for "". The
// schedule itself has no path before its name: it is of the whole request.
func (c *Catalog) checkRotation(path, schedule, rotation string) (string, error) {
	s, ok := c.Schedule(schedule)
	if !ok {
		return "", wrong("schedule", "there is no schedule %q", schedule)
	}
	r, ok := s.Rotation(rotation)
	if !ok {
		return "", wrong(path+"rotation", "schedule %q has no rotation %q", schedule, rotation)
	}
	return r.Name, nil
}

// checkPerson refuses somebody whom nobody knows. That somebody is named at all
// is for others to demand.
func (c *Catalog) checkPerson(field, id string) error {
	if _, ok := c.Person(id); !ok && id != "" {
		return wrong(field, "there is no person %q", id)
	}
	return nil
}

// checkSpan returns when a span begins: now when nobody said.
func checkSpan(path string, from, until, now time.Time) (time.Time, error) {
	if from.IsZero() {
		from = now
	}
	switch {
	case until.IsZero():
		return from, wrong(path+"until", "must be set")
	case !until.After(now):
		return from, wrong(path+"until", "lies in the past")
	case from.Before(now.Add(-maxDelay)):
		return from, wrong(path+"from", "lies in the past: leave it out to begin now")
	case !from.Before(until):
		return from, wrong(path+"until", "must be later than from")
	case until.After(now.Add(MaxAhead)):
		return from, wrong(path+"until", "is more than a year ahead")
	}
	return from, nil
}

// MayOverride says whether a person may make an override: whoever manages the
// schedule, and those who take turns in the rotation when they come or go.
func (c *Catalog) MayOverride(person string, o oncall.Override) bool {
	s, _ := c.Schedule(o.Schedule)
	concerned := o.Person == person || o.Of == person
	return c.Manages(person, o.Schedule) || concerned && slices.Contains(s.Participants(o.Rotation), person)
}

// Manages says whether a person may change anybody's duty in a schedule: the
// members and leads of teams whose services page it, and administrators.
func (c *Catalog) Manages(person, schedule string) bool {
	if p, _ := c.Person(person); p.Admin {
		return true
	}
	return slices.ContainsFunc(c.PagedBy(schedule), func(service string) bool {
		return len(c.Standings(person, service)) > 0
	})
}

// PagedBy returns the services whose escalation policy pages somebody of a
// schedule, in their order.
func (c *Catalog) PagedBy(schedule string) []string {
	var out []string
	for _, s := range c.Services {
		if policy, ok := c.Policy(s.ID); ok && names(policy.Escalation, schedule) {
			out = append(out, s.ID)
		}
	}
	return out
}

func names(p oncall.EscalationPolicy, schedule string) bool {
	return slices.ContainsFunc(p.Levels, func(l oncall.Level) bool {
		return slices.ContainsFunc(l.Targets, func(t oncall.Target) bool {
			id, _ := t.ScheduleRotation()
			return id == schedule && id != ""
		})
	})
}
