package oncall

import (
	"fmt"
)

// maxWarned is how many times without anybody are named one by one.
const maxWarned = 3

// Warnings says in words what another override would do to the schedule as it
// stands that whoever makes it may not have meant: change nothing, or leave
// nobody on call. Times are in the zone of the schedule.
func (s Schedule) Warnings(o Override) []string {
	if o.Of == "" {
		return nil
	}
	var theirs, others []Shift
	for _, shift := range s.Shifts(o.From, o.Until) {
		switch {
		case shift.Rotation != o.Rotation:
		case shift.Person == o.Of:
			theirs = append(theirs, shift)
		default:
			others = append(others, shift)
		}
	}
	where := o.Schedule + "/" + o.Rotation
	if len(theirs) == 0 {
		return []string{fmt.Sprintf("%s is not on call in %s in this time: as things stand, it changes nothing", o.Of, where)}
	}
	if o.Kind != Remove {
		return nil
	}
	var alone []span
	for _, part := range busy(theirs) {
		alone = append(alone, part.without(busy(others))...)
	}
	var out []string
	for _, part := range alone[:min(len(alone), maxWarned)] {
		out = append(out, fmt.Sprintf("nobody is on call in %s from %s until %s", where, part.from.Format(warnedAt), part.until.Format(warnedAt)))
	}
	if more := len(alone) - maxWarned; more > 0 {
		out = append(out, fmt.Sprintf("nor is anybody %d more times", more))
	}
	return out
}

const warnedAt = "2006-01-02 15:04 MST"
