package incident

import (
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Escalate begins the next level at once. Where nobody is being paged, the
// second level is, since the first one's answer is the holder; whoever then
// acknowledges takes the incident. What was held is paged from level 1.
func (i *Incident) Escalate(h Header, c Escalate, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "escalate")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeActive(), fit(word{"reason", c.Reason})); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	i.did(h, now, "escalated", "%s escalates: %s", h.By.ID, orNone(c.Reason))
	if i.Held {
		i.EndHold(now)
		return i.outcome("level 1 is being paged"), nil
	}
	escalations := i.escalations()
	for _, s := range escalations {
		s.Hurry = true
	}
	if len(escalations) == 0 {
		s := i.pageForAlert(h.At, "escalated by "+h.By.ID)
		if i.Holder != "" {
			s.Level = max(0, min(1, len(s.Levels)-1))
		}
	}
	return i.outcome("the next level is being paged"), nil
}

// Reassign offers the incident to a person, a team or whoever is on call. The
// holder keeps it until somebody accepts, and hears when nobody does.
func (i *Incident) Reassign(h Header, c Reassign, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "reassign")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeActive(), aimed("to", c.To), fit(word{"reason", c.Reason})); err != nil {
		return Outcome{}, err
	}
	switch {
	case c.Reason == "":
		return Outcome{}, Refusal("reassigning needs a reason, which the new one reads first", "reason")
	case i.Holder != "" && c.To.Person == i.Holder:
		return Outcome{}, Refusal(i.Holder+" holds it already", "somebody else")
	}
	i.heard(h, now)
	if c.To.Person == h.By.ID {
		return i.take(h, asked{}, now), nil
	}
	i.did(h, now, "reassigned", "%s offers the incident to %s: %s", h.By.ID, c.To.String(), c.Reason)
	i.offer(offering{Holder, c.To, h.By.ID, fmt.Sprintf("%s hands %s over to you: %s", h.By.ID, i.Number, c.Reason)}, now)
	return i.outcome(orNobody(i.Holder) + " holds it until it is accepted"), nil
}

// maxCalls bounds how many requests for help are open at once.
const maxCalls = 20

// AddResponder pages a person, team or schedule to help, on call or not.
func (i *Incident) AddResponder(h Header, c AddResponder, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "add a responder")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), aimed("target", c.Target), fit(word{"reason", c.Reason})); err != nil {
		return Outcome{}, err
	}
	if n := len(i.open(ofKind(ForResponder))); n >= maxCalls {
		return Outcome{}, Refusal(fmt.Sprintf("%d are being asked to help already", n), "an answer of one of them")
	}
	i.heard(h, now)
	i.did(h, now, "responder.asked", "%s asks %s to help: %s", h.By.ID, c.Target.String(), orNone(c.Reason))
	i.call(c.Target, h.By.ID, fmt.Sprintf("%s asks for your help: %s", h.By.ID, orNone(c.Reason)), now)
	return i.outcome(c.Target.String() + " is being paged"), nil
}

// call pages a target to help.
func (i *Incident) call(t oncall.Target, by, why string, now time.Time) {
	i.summon(&Summons{
		Kind: ForResponder, Why: cut(why), By: by, Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: []oncall.Level{{Targets: []oncall.Target{t}, Timeout: i.patience()}}, Repeat: 1,
	})
}

// aimed refuses a target that names nobody, or more than one, or a webhook,
// which cannot answer.
func aimed(name string, t oncall.Target) error {
	named := 0
	for _, id := range []string{t.Person, t.Team, t.Schedule, t.Rotation} {
		if id != "" {
			named++
		}
	}
	if named != 1 || t.Webhook != "" {
		return Errorf(Invalid, "%s: name a person, a team, a schedule or a rotation", name)
	}
	return within(name, t.Person+t.Team+t.Schedule+t.Rotation, maxTitle)
}
