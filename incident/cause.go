package incident

import (
	"time"
)

// SetCause says what may be the cause, or what was found to be. The root cause
// waits until the incident is mitigated: whoever responds has something better
// to do before. A hypothesis can be set at any time, as it may point to what
// mitigates.
func (i *Incident) SetCause(h Header, c SetCause, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "say what the cause is")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), fit(word{"hypothesis", c.Hypothesis}, word{"root_cause", c.RootCause})); err != nil {
		return Outcome{}, err
	}
	switch {
	case c.Hypothesis == "" && c.RootCause == "":
		return Outcome{}, Errorf(Invalid, "hypothesis or root_cause: say what the cause may be, or is")
	case c.RootCause != "" && i.Phase != Mitigated && i.Phase != Resolved:
		return Outcome{}, Refusal("mitigate first: until then the cause is a hypothesis", "mitigated (it is "+string(i.Phase)+")")
	}
	i.heard(h, now)
	if c.Hypothesis != "" {
		i.Hypothesis = cut(c.Hypothesis)
		i.did(h, now, "cause.hypothesis", "Hypothesis: %s", c.Hypothesis)
	}
	if c.RootCause != "" {
		i.RootCause = cut(c.RootCause)
		i.did(h, now, "cause.root", "Root cause: %s", c.RootCause)
	}
	return i.outcome("noted"), nil
}
