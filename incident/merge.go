package incident

import (
	"fmt"
	"time"
)

// Merge ends an incident before resolved that another one holds the alerts of:
// paging stops, and everyone who was told is told where it goes on. A resolved
// one keeps its follow-ups and only leaves its alerts to the other; merging
// what is over changes nothing.
func (i *Incident) Merge(into string, now time.Time) {
	now = now.UTC()
	switch {
	case i.Phase.Over():
	case i.Phase == Resolved:
		i.HoldsKey = false
		i.note(now, "key.left", "%s holds the alerts of %s from now on.", into, i.Number)
	default:
		text := fmt.Sprintf("%s is part of %s: go on there.", i.Number, into)
		i.move(Merged, now, Self(), text)
		i.tell(now, i.involved(), "", text)
		i.correct(now, text)
	}
}
