package catalog

import (
	"cmp"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// hours returns the windows of a silence as hours; UTC counts where no zone is
// given.
func (s Silence) hours() oncall.Hours {
	return oncall.Hours{ID: s.ID, Zone: cmp.Or(s.Zone, "UTC"), During: s.Recurring}
}

// inWindow reports whether the silence has no windows, or is in one.
func (s Silence) inWindow(at time.Time) bool {
	switch {
	case len(s.Recurring) == 0:
		return true
	case s.clock != nil:
		return s.clock.Holds(at)
	}
	return s.hours().Clock().Holds(at)
}

// checkWindows says what is wrong with the windows, by the names of a silence.
func (s Silence) checkWindows() error {
	if len(s.Recurring) == 0 {
		if s.Zone != "" {
			return wrong("zone", "is for windows: set recurring, or leave it out")
		}
		return nil
	}
	for _, problem := range s.hours().Validate() {
		field := strings.Replace(problem.Field, "during", "recurring", 1)
		return wrong(field, "%s", problem.Message)
	}
	return nil
}
