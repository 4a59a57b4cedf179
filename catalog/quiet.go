package catalog

import (
	"cmp"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Quiet says whether a moment lies in a person's quiet hours, and when those
// are over. Ordinary pages wait until then; urgent ones never do. Hours that
// never end are no quiet hours.
func (c *Catalog) Quiet(person string, at time.Time) (until time.Time, quiet bool) {
	p, _ := c.Person(person)
	if len(p.Rules.Quiet) == 0 {
		return time.Time{}, false
	}
	clock := p.Rules.quietHours(p.Zone).Clock()
	if !clock.Holds(at) {
		return time.Time{}, false
	}
	return clock.Change(at)
}

func (r Rules) quietHours(zone string) oncall.Hours {
	return oncall.Hours{Zone: cmp.Or(zone, "UTC"), During: r.Quiet}
}

// CheckQuiet says, in a *WrongError, what is wrong with the quiet hours.
func (r Rules) CheckQuiet() error {
	if len(r.Quiet) == 0 {
		return nil
	}
	hours := r.quietHours("")
	for _, p := range hours.Validate() {
		return wrong("quiet"+p.Field[len("during"):], "%s", p.Message)
	}
	if _, ends := hours.Clock().Change(time.Unix(0, 0)); !ends {
		return wrong("quiet", "must leave some time in which ordinary pages go out")
	}
	return nil
}
