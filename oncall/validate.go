package oncall

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a schedule, hours, an escalation
// policy, or something that lies on top of a schedule.
type Problem struct {
	// Field is the path from the thing itself, such as
	// "rotations[0].hand_off".
	Field   string
	Message string
}

// problems collects what is wrong.
type problems []Problem

func (ps *problems) add(field, format string, args ...any) {
	*ps = append(*ps, Problem{field, fmt.Sprintf(format, args...)})
}

func (ps *problems) wrong(field string, err error) {
	if err != nil {
		ps.add(field, "%s", err)
	}
}

// under adds problems under a path.
func (ps *problems) under(path string, found []Problem) {
	for _, p := range found {
		*ps = append(*ps, Problem{path + p.Field, p.Message})
	}
}

const (
	// maxLength is the longest turn, in hours, days or weeks.
	maxLength = 1000
	// maxRotations bounds the way by which one rotation may follow others.
	maxRotations = 50
)

// Validate returns everything that is wrong with the schedule in itself, in
// the order of its fields. Whether the people exist is for the catalog to say.
func (s Schedule) Validate() []Problem {
	var out problems
	out.wrong("zone", CheckZone(s.Zone))
	if n := len(s.Rotations); n == 0 || n > maxRotations {
		out.add("rotations", "must hold from 1 to %d rotations", maxRotations)
		return out
	}
	var names []string
	for i, r := range s.Rotations {
		path := fmt.Sprintf("rotations[%d].", i)
		if slices.Contains(names, r.Name) {
			out.add(path+"name", "there is another rotation %q", r.Name)
		}
		names = append(names, r.Name)
		out.under(path, s.checkRotation(r))
	}
	for i, o := range s.Overrides {
		out.under(fmt.Sprintf("overrides[%d].", i), s.CheckOverride(o))
	}
	for i, t := range s.Temporary {
		out.under(fmt.Sprintf("temporary[%d].", i), s.CheckTemporary(t))
	}
	return out
}

func (s Schedule) checkRotation(r Rotation) []Problem {
	var out problems
	out.wrong("name", checkName(r.Name))
	inPlace := !reflect.ValueOf(r.Layer).IsZero()
	switch {
	case r.Follows != "" && (inPlace || len(r.Layers) > 0):
		out.add("follows", "a rotation that follows another has no turns of its own: leave out one of the two")
	case r.Follows != "":
		out.wrong("follows", s.checkFollows(r))
	case len(r.Layers) > 0 && inPlace:
		out.add("layers", "a rotation with layers has its turns in them: move what stands beside them into one")
	case len(r.Layers) > 0:
		out.under("", checkLayers(r.Layers))
	default:
		out.under("", checkLayer(r.Layer))
	}
	return out
}

// checkFollows says whether somebody comes next, whoever has the turn.
func (s Schedule) checkFollows(r Rotation) error {
	route := []string{r.Name}
	for r.Follows != "" {
		next, ok := s.Rotation(r.Follows)
		if !ok {
			return fmt.Errorf("there is no rotation %q in this schedule", r.Follows)
		}
		again := slices.Contains(route, next.Name)
		if route = append(route, next.Name); again {
			return fmt.Errorf("goes round in a circle: %s", strings.Join(route, ", "))
		}
		r = next
	}
	for _, layer := range r.Stack() {
		people := slices.Compact(slices.Sorted(slices.Values(layer.Participants)))
		if n := len(route); len(people) < n {
			return fmt.Errorf("in rotation %q nobody comes next: it needs at least %d different participants in each layer", r.Name, n)
		}
	}
	return nil
}

func checkLayers(layers []Layer) []Problem {
	var out problems
	var names []string
	for i, l := range layers {
		path := fmt.Sprintf("layers[%d].", i)
		out.wrong(path+"name", checkName(l.Name))
		if slices.Contains(names, l.Name) {
			out.add(path+"name", "there is another layer %q", l.Name)
		}
		names = append(names, l.Name)
		out.under(path, checkLayer(l))
	}
	return out
}

func checkLayer(l Layer) []Problem {
	var out problems
	if l.Zone != "" {
		out.wrong("zone", CheckZone(l.Zone))
	}
	out.wrong("every", checkCadence(l.Every))
	if l.Length < 0 || l.Length > maxLength {
		out.add("length", "must be from 1 to %d", maxLength)
	}
	_, err := parseTimeOfDay(l.HandOff)
	out.wrong("hand_off", err)
	out.wrong("weekday", checkWeekday(l))
	_, err = parseDay(l.Start)
	out.wrong("start", err)
	if len(l.Participants) == 0 {
		out.add("participants", "must name at least one person")
	}
	if l.During != nil && len(l.During) == 0 {
		out.add("during", "must hold at least one window: leave it out where the layer always holds")
	}
	out.under("", checkWindows(l.During))
	return out
}

func checkName(name string) error {
	if name == "" || strings.ContainsAny(name, "/ \t\n") {
		return fmt.Errorf("%q is not a name: use one word without a slash, such as \"primary\"", name)
	}
	return nil
}

func checkCadence(c Cadence) error {
	if c != Hourly && c != Daily && c != Weekly {
		return fmt.Errorf(`%q is not a cadence: use "hourly", "daily" or "weekly"`, string(c))
	}
	return nil
}

func checkWeekday(l Layer) error {
	if l.Every == Weekly {
		_, err := parseWeekday(l.Weekday)
		return err
	}
	if l.Weekday != "" && checkCadence(l.Every) == nil {
		return fmt.Errorf("only a weekly layer has a weekday, this one is %s: leave it out", l.Every)
	}
	return nil
}
