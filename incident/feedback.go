package incident

import "time"

// Given is what a person said last of whether the page was worth waking
// somebody.
type Given struct {
	// Actionable says that somebody had to do something.
	Actionable bool      `json:"actionable"`
	Reason     string    `json:"reason,omitempty"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
}

// GiveFeedback says whether the incident asked for anything to be done. It is
// taken as long as the incident is not over, and the last word counts; what
// was not actionable needs a reason. It pages nobody and changes nothing else:
// the noise report counts it.
func (i *Incident) GiveFeedback(h Header, c Feedback, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "give feedback")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), fit(word{"reason", c.Reason})); err != nil {
		return Outcome{}, err
	}
	if !c.Actionable && c.Reason == "" {
		return Outcome{}, Refusal("what was not actionable needs a reason, for whoever mends the alert rule", "reason")
	}
	i.heard(h, now)
	i.Feedback = Given{Actionable: c.Actionable, Reason: cut(c.Reason), By: h.By.ID, At: now}
	said := "actionable"
	if !c.Actionable {
		said = "not actionable"
	}
	text := h.By.ID + " says that it was " + said + "."
	if c.Reason != "" {
		text = h.By.ID + " says that it was " + said + ": " + c.Reason
	}
	i.record(Entry{Kind: "feedback", Occurred: h.At, Recorded: now, Actor: h.By, Source: h.Via, Text: text})
	return i.outcome("noted as " + said), nil
}
