package incident

import (
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Snoozed says that the holder asked not to be reached about the incident
// until a time.
type Snoozed struct {
	Until time.Time `json:"until"`
	By    string    `json:"by"`
}

// Snooze takes the incident, where the person does not hold it yet, and lets
// them rest until a time: nobody is paged about what is known, and "still on
// it?" is not asked. What still stands then pages the holder again and,
// unanswered, escalates. What the acknowledgement would not cover ends the
// snooze. For how long is the response policy's to say; zero forbids it.
func (i *Incident) Snooze(h Header, c Snooze, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "snooze")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeActive(), fit(word{"reason", c.Reason}), i.mayRest(c.Until.UTC(), now)); err != nil {
		return Outcome{}, err
	}
	if c.Reason == "" {
		return Outcome{}, Refusal("snoozing needs a reason, for whoever looks at it meanwhile", "reason")
	}
	i.heard(h, now)
	if i.Holder != h.By.ID || len(i.escalations()) > 0 {
		i.take(h, asked{}, now)
	}
	if len(i.escalations()) > 0 {
		return i.outcome("you hold it, but it is not snoozed: what has come up since still pages"), nil
	}
	i.Snoozed = Snoozed{Until: c.Until.UTC(), By: h.By.ID}
	i.did(h, now, "snoozed", "%s snoozes it until %s: %s", h.By.ID, moment(c.Until), c.Reason)
	return i.outcome("you hold it; what still stands pages you again at " + moment(c.Until)), nil
}

// mayRest says whether the policy of the present severity allows a snooze that
// ends then.
func (i *Incident) mayRest(until, now time.Time) error {
	longest := i.Response().Snooze
	switch {
	case i.Phase == Mitigated:
		return Refusal(i.Number+" is mitigated: nobody is paged about it", "an incident that is not mitigated")
	case longest <= 0:
		return Refusal(fmt.Sprintf("the response policy of %s allows no snooze", i.Severity), "a severity that may be snoozed")
	case !until.After(now):
		return Errorf(Invalid, "until: a snooze ends in the future")
	case until.Sub(now) > longest:
		return Refusal(fmt.Sprintf("%s may be snoozed for %s at most", i.Severity, catalog.FormatDuration(longest)), "a shorter snooze")
	}
	return nil
}

// SnoozeEnds returns when a snooze is over, or the zero time.
func (i *Incident) SnoozeEnds() time.Time { return i.Snoozed.Until }

// EndSnooze pages the holder again about what still stands. Where every alert
// has cleared meanwhile, they are only told.
func (i *Incident) EndSnooze(now time.Time) {
	by := i.Snoozed.By
	i.awake()
	i.Heard = now
	if !i.Phase.Active() || i.Phase == Mitigated {
		return
	}
	i.note(now, "snooze.ended", "The snooze by %s is over.", by)
	if i.Counts.Alerts > 0 && !i.stands() {
		i.tell(now, []string{i.Holder}, "", "The snooze of "+i.Number+" is over, and all its alerts have cleared. Is it mitigated?")
		return
	}
	i.pageAgain(now, "the snooze is over", true)
}

// awake ends a snooze whose reason is gone.
func (i *Incident) awake() {
	if i.Snoozed != (Snoozed{}) {
		i.Snoozed = Snoozed{}
		i.Revision++
	}
}
