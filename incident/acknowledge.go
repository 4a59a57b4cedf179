package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Acknowledge takes the incident as it was known at the time of the tap:
// paging that was caused later goes on. The first to acknowledge becomes the
// holder; later ones join as responders. Answering a page that asked for a
// role or for help answers just that.
func (i *Incident) Acknowledge(h Header, c Acknowledge, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "acknowledge"); err != nil {
		return Outcome{}, err
	}
	if i.Phase.Over() {
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an open incident")
	}
	asked := i.summonsOfPage(c.Page)
	if asked != nil && asked.Kind == ForRole && asked.Open() {
		return i.AcceptRole(h, AcceptRole{Role: Role(asked.Subject)}, now)
	}
	i.heard(h, now)
	i.answer(h, asked, now)
	if i.Holder != "" && i.Holder != h.By.ID {
		i.join(h.By.ID)
		i.did(h, now, "acknowledged.also", "%s also acknowledged; %s holds the incident.", h.By.ID, i.Holder)
		return i.outcome(i.Holder + " holds it already; you are a responder"), nil
	}
	again := i.Holder == h.By.ID
	i.take(h, now)
	if again {
		return i.outcome("you hold it"), nil
	}
	i.tell(now, i.Paged, h.By.ID, fmt.Sprintf("%s acknowledged %s.", h.By.ID, i.Number))
	i.applyPolicy(now)
	return i.outcome("you hold it; everyone who was paged is told"), nil
}

// take makes the person the holder, and starts the clocks of a first ack.
func (i *Incident) take(h Header, now time.Time) {
	i.Holder, i.Held = h.By.ID, false
	if i.Phase == Triggered {
		i.Phase = Triaging
	}
	if i.Stamp(FirstAck).IsZero() {
		i.stamp(FirstAck, h.At)
	}
	i.did(h, now, "acknowledged", "%s acknowledged.", h.By.ID)
}

// answer ends what an acknowledgement covers: what was caused before the tap,
// and what the answered page was about.
func (i *Incident) answer(h Header, asked *Summons, now time.Time) {
	for _, s := range i.open(ofKind(ForAlert, ForStillOnIt, ForResponder, ForBreach)) {
		covers := s == asked || !s.Caused.After(h.At) || s.ID == "alert-1"
		personal := s.Kind == ForResponder || s.Kind == ForBreach
		if covers && (!personal || s == asked || i.calls(s, h.By.ID)) {
			i.end(s, now, h.By.ID)
		}
	}
}

// calls reports whether a summons has reached, or is about to reach, a person.
func (i *Incident) calls(s *Summons, person string) bool {
	return slices.Contains(s.Reached, person) || slices.Contains(s.Present, person)
}

// summonsOfPage finds the summons that a page's key names, or nil.
func (i *Incident) summonsOfPage(key string) *Summons {
	parts := strings.Split(key, "/")
	if len(parts) < 2 {
		return nil
	}
	return i.Summons(parts[1])
}

func (i *Incident) mustBePerson(h Header, what string) error {
	if h.By.Kind != APerson || h.By.ID == "" {
		return Errorf(Forbidden, "only a person can %s", what)
	}
	return nil
}

// join adds a responder once.
func (i *Incident) join(person string) {
	if person != i.Holder && !slices.Contains(i.Responders, person) {
		i.Responders = append(i.Responders, person)
	}
}

// heard notes a sign of life of the holder, which answers "still on it?".
func (i *Incident) heard(h Header, now time.Time) {
	if h.By.ID != i.Holder || h.By.Kind != APerson {
		return
	}
	i.Heard = now
	for _, s := range i.open(ofKind(ForStillOnIt)) {
		i.end(s, now, h.By.ID)
	}
}

// Decline says that a paged person cannot take it. When everyone of a level
// has declined, the next one begins at once.
func (i *Incident) Decline(h Header, c Decline, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "decline"); err != nil {
		return Outcome{}, err
	}
	mine := i.open(func(s *Summons) bool { return i.calls(s, h.By.ID) })
	if len(mine) == 0 {
		return Outcome{}, Refusal("nothing that pages you is open", "an open page to you")
	}
	for _, s := range mine {
		if !slices.Contains(s.Declined, h.By.ID) {
			s.Declined = append(s.Declined, h.By.ID)
		}
		s.Hurry = !slices.ContainsFunc(s.Present, func(p string) bool { return !slices.Contains(s.Declined, p) })
	}
	i.did(h, now, "declined", "%s declined: %s", h.By.ID, orNone(c.Reason))
	return i.outcome("declined; the others are still being paged"), nil
}

// Escalate begins the next level at once, or the second level anew when the
// incident is already held.
func (i *Incident) Escalate(h Header, c Escalate, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "escalate"); err != nil {
		return Outcome{}, err
	}
	if !i.Phase.Active() {
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an incident before resolved")
	}
	i.heard(h, now)
	i.did(h, now, "escalated", "%s escalates: %s", h.By.ID, orNone(c.Reason))
	alert := i.open(ofKind(ForAlert))
	for _, s := range alert {
		s.Hurry = true
	}
	if len(alert) == 0 {
		s := i.pageForAlert(now, "escalated by "+h.By.ID)
		s.Level = min(1, len(s.Levels)-1)
	}
	return i.outcome("the next level is being paged"), nil
}

// Reassign offers the incident to a person or a team. The holder keeps it
// until somebody accepts.
func (i *Incident) Reassign(h Header, c Reassign, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "reassign"); err != nil {
		return Outcome{}, err
	}
	switch {
	case !i.Phase.Active():
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an incident before resolved")
	case c.To == (oncall.Target{}):
		return Outcome{}, Errorf(Invalid, "to: name a person, a team or a schedule")
	case c.Reason == "":
		return Outcome{}, Refusal("reassigning needs a reason, which the new one reads first", "reason")
	}
	i.heard(h, now)
	i.did(h, now, "reassigned", "%s offers the incident to %s: %s", h.By.ID, targetName(c.To), c.Reason)
	i.search(Holder, c.To, now, fmt.Sprintf("%s hands %s over to you: %s", h.By.ID, i.Number, c.Reason))
	return i.outcome(orNobody(i.Holder) + " holds it until it is accepted"), nil
}

// AddResponder pages a person, team or schedule to help, on call or not.
func (i *Incident) AddResponder(h Header, c AddResponder, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "add a responder"); err != nil {
		return Outcome{}, err
	}
	switch {
	case i.Phase.Over():
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an open incident")
	case c.Target == (oncall.Target{}):
		return Outcome{}, Errorf(Invalid, "target: name a person, a team or a schedule")
	}
	i.heard(h, now)
	i.did(h, now, "responder.asked", "%s asks %s to help: %s", h.By.ID, targetName(c.Target), orNone(c.Reason))
	i.summon(&Summons{
		Kind: ForResponder, Why: fmt.Sprintf("%s asks for your help: %s", h.By.ID, c.Reason),
		Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: []oncall.Level{{Targets: []oncall.Target{c.Target}, Timeout: i.patience()}}, Repeat: 1,
	})
	return i.outcome(targetName(c.Target) + " is being paged"), nil
}

func targetName(t oncall.Target) string {
	switch {
	case t.Person != "":
		return t.Person
	case t.Team != "":
		return "team " + t.Team
	default:
		return "schedule " + t.Schedule
	}
}

func orNone(reason string) string {
	if reason == "" {
		return "no reason given"
	}
	return reason
}

func orNobody(person string) string {
	if person == "" {
		return "nobody"
	}
	return person
}
