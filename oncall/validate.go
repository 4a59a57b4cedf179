package oncall

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Problem is one thing that is wrong with a schedule or an escalation policy.
type Problem struct {
	// Field is the path from the thing itself, such as
	// "rotations[0].hand_off".
	Field   string
	Message string
}

// MinTimeout is the shortest acknowledgement timeout of a level.
const MinTimeout = time.Second

// Validate returns everything that is wrong with the schedule in itself, in
// the order of its fields. Whether the people exist is for the catalog to say.
func (s Schedule) Validate() []Problem {
	var out []Problem
	if err := CheckZone(s.Zone); err != nil {
		out = append(out, Problem{"zone", err.Error()})
	}
	if len(s.Rotations) == 0 {
		out = append(out, Problem{"rotations", "must hold at least one rotation"})
	}
	var names []string
	for i, r := range s.Rotations {
		if slices.Contains(names, r.Name) {
			out = append(out, Problem{fmt.Sprintf("rotations[%d].name", i), fmt.Sprintf("there is another rotation %q", r.Name)})
		}
		names = append(names, r.Name)
		out = append(out, under(fmt.Sprintf("rotations[%d].", i), checkRotation(r))...)
	}
	for i, o := range s.Overrides {
		out = append(out, under(fmt.Sprintf("overrides[%d].", i), checkOverride(o, names))...)
	}
	return out
}

// under puts a path before the fields of problems.
func under(path string, problems []Problem) []Problem {
	for i := range problems {
		problems[i].Field = path + problems[i].Field
	}
	return problems
}

func checkRotation(r Rotation) []Problem {
	var out []Problem
	add := func(field string, err error) {
		if err != nil {
			out = append(out, Problem{field, err.Error()})
		}
	}
	add("name", checkName(r.Name))
	add("every", checkCadence(r.Every))
	_, err := parseTimeOfDay(r.HandOff)
	add("hand_off", err)
	add("weekday", checkWeekday(r))
	_, err = parseDay(r.Start)
	add("start", err)
	if len(r.Participants) == 0 {
		out = append(out, Problem{"participants", "must name at least one person"})
	}
	return out
}

func checkName(name string) error {
	if name == "" || strings.ContainsAny(name, "/ \t\n") {
		return fmt.Errorf("%q is not a name: use one word without a slash, such as \"primary\"", name)
	}
	return nil
}

func checkCadence(c Cadence) error {
	if c != Daily && c != Weekly {
		return fmt.Errorf(`%q is not a cadence: use "daily" or "weekly"`, string(c))
	}
	return nil
}

func checkWeekday(r Rotation) error {
	if r.Every == Weekly {
		_, err := parseWeekday(r.Weekday)
		return err
	}
	if r.Every == Daily && r.Weekday != "" {
		return fmt.Errorf("a daily rotation has no weekday: leave it out")
	}
	return nil
}

func checkOverride(o Override, rotations []string) []Problem {
	var out []Problem
	if o.Rotation != "" && !slices.Contains(rotations, o.Rotation) {
		out = append(out, Problem{"rotation", fmt.Sprintf("there is no rotation %q in this schedule", o.Rotation)})
	}
	if o.Person == "" {
		out = append(out, Problem{"person", "must name a person"})
	}
	if o.From.IsZero() {
		out = append(out, Problem{"from", "must be set"})
	}
	if o.Until.IsZero() {
		return append(out, Problem{"until", "must be set"})
	}
	if !o.From.Before(o.Until) {
		out = append(out, Problem{"until", "must be later than from"})
	}
	return out
}

// Validate returns everything that is wrong with the policy in itself.
// Whether its targets exist is for the catalog to say.
func (p EscalationPolicy) Validate() []Problem {
	var out []Problem
	if len(p.Levels) == 0 {
		out = append(out, Problem{"levels", "must hold at least one level"})
	}
	if p.Repeat < 0 {
		out = append(out, Problem{"repeat", "must not be negative"})
	}
	for i, level := range p.Levels {
		path := fmt.Sprintf("levels[%d].", i)
		if len(level.Targets) == 0 {
			out = append(out, Problem{path + "targets", "must name somebody to page"})
		}
		if level.Timeout < MinTimeout {
			out = append(out, Problem{path + "timeout", fmt.Sprintf("must be at least %s", MinTimeout)})
		}
		for j, target := range level.Targets {
			if err := target.Validate(); err != nil {
				out = append(out, Problem{fmt.Sprintf("%stargets[%d]", path, j), err.Error()})
			}
		}
	}
	return out
}

// Validate says whether exactly one field is set.
func (t Target) Validate() error {
	set := 0
	for _, field := range []string{t.Person, t.Schedule, t.Rotation, t.Team, t.Webhook} {
		if field != "" {
			set++
		}
	}
	if set != 1 {
		return errors.New("must have exactly one of person, schedule, rotation, team and webhook")
	}
	return nil
}
