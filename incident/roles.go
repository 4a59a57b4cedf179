package incident

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Role is a part that a person plays on an incident.
type Role string

// The roles. Holder is kept in Incident.Holder; it is a role so that it can
// be offered and accepted like the others.
const (
	Holder         Role = "holder"
	Commander      Role = "commander"
	Deputy         Role = "deputy"
	Scribe         Role = "scribe"
	Communications Role = "communications"
	// Investigator looks for the cause beside the mitigation, and writes down
	// what they find apart from it.
	Investigator Role = "investigator"
	Responder    Role = "responder"
)

// Assigned lists the roles that can be assigned.
func Assigned() []Role { return []Role{Commander, Deputy, Scribe, Communications, Investigator} }

// Offer is a role that was assigned and waits for acceptance.
type Offer struct {
	Role Role   `json:"role"`
	To   string `json:"to"`
	// By is who offers it; empty when a response policy does.
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// RoleOf returns the part a person plays, the most telling one first.
func (i *Incident) RoleOf(person string) Role {
	for _, r := range Assigned() {
		if i.Roles[r] == person {
			return r
		}
	}
	switch {
	case i.Holder == person:
		return Holder
	case slices.Contains(i.Responders, person):
		return Responder
	}
	return ""
}

// ActingCommander returns the commander, or the holder while one is looked
// for.
func (i *Incident) ActingCommander() string {
	return cmp.Or(i.Roles[Commander], i.Holder)
}

// AssignRole offers a role; the person is paged, and bears it once they accept.
// Who asks for a role themselves bears it at once. The commander has an
// authority of their own, so that role cannot be helped oneself to: from a
// sitting commander it is only they who hand it over, a team lead or an
// administrator; while it is vacant it goes also to whom it was offered, and
// to the holder.
func (i *Incident) AssignRole(h Header, c AssignRole, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "assign a role")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), within("person", c.Person, maxTitle)); err != nil {
		return Outcome{}, err
	}
	switch {
	case !slices.Contains(Assigned(), c.Role):
		return Outcome{}, Errorf(Invalid, "role: %q is not one of commander, deputy, scribe, communications, investigator", c.Role)
	case c.Person == "":
		return Outcome{}, Errorf(Invalid, "person: say who")
	case i.Roles[c.Role] == c.Person:
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s already", c.Person, c.Role), "somebody else")
	}
	if err := i.mayAssign(h, c); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	if c.Person == h.By.ID {
		return i.bear(c.Role, h, now), nil
	}
	i.did(h, now, "role.offered", "%s asks %s to be %s.", h.By.ID, c.Person, c.Role)
	i.offer(offering{c.Role, oncall.Target{Person: c.Person}, h.By.ID, fmt.Sprintf("%s asks you to be %s of %s", h.By.ID, c.Role, i.Number)}, now)
	return i.outcome(c.Person + " is being asked"), nil
}

// mayAssign refuses who would make somebody commander over a sitting one, or
// themselves without having been asked.
func (i *Incident) mayAssign(h Header, c AssignRole) error {
	sitting := i.Roles[Commander]
	asked := func(s *Summons) bool { return s.calls(h.By.ID) }
	switch {
	case c.Role != Commander:
		return nil
	case sitting != "":
		return i.mustHave(h, nil, "make "+c.Person+" commander instead of "+sitting)
	case c.Person != h.By.ID, len(i.offers(Commander, asked)) > 0:
		return nil
	}
	return i.mustHave(h, nil, "take the role of commander without being asked")
}

// AcceptRole takes a role that is offered to this person, or that somebody is
// looked for and they were paged about. To accept the role of the holder is to
// acknowledge.
func (i *Incident) AcceptRole(h Header, c AcceptRole, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "accept a role")
	if err != nil {
		return Outcome{}, err
	}
	offered := i.offers(c.Role, func(s *Summons) bool { return s.calls(h.By.ID) })
	if len(offered) == 0 {
		bearer := cmp.Or(i.Roles[c.Role], "nobody")
		if c.Role == Holder {
			bearer = orNobody(i.Holder)
		}
		return Outcome{}, Refusal(fmt.Sprintf("nobody asks %s to be %s; %s is", h.By.ID, c.Role, bearer), "an open offer of the role")
	}
	if c.Role != Holder {
		return i.bear(c.Role, h, now), nil
	}
	return i.take(h, asked{role: Holder}, now), nil
}

// bear makes a person bear a role, ends the search for one, and tells whoever
// bore it before.
func (i *Incident) bear(r Role, h Header, now time.Time) Outcome {
	i.heard(h, now)
	for _, s := range i.offers(r, func(*Summons) bool { return true }) {
		i.end(s, now, h.By.ID)
	}
	before := i.Roles[r]
	if i.Roles == nil {
		i.Roles = map[Role]string{}
	}
	i.Roles[r] = h.By.ID
	i.did(h, now, "role.accepted", "%s is %s.", h.By.ID, r)
	i.tell(now, []string{before, i.Holder}, h.By.ID, fmt.Sprintf("%s is now %s of %s.", h.By.ID, r, i.Number))
	return i.outcome("you are " + string(r))
}

// offering is a role for a target. By is empty when a response policy looks
// for somebody: it then goes on until one accepts.
type offering struct {
	role Role
	to   oncall.Target
	by   string
	why  string
}

// offer pages a target about a role. It replaces what people offered before;
// what a policy looks for goes on beside it until somebody accepts.
func (i *Incident) offer(o offering, now time.Time) {
	for _, s := range i.offers(o.role, func(s *Summons) bool { return !s.Persist }) {
		i.end(s, now, "")
	}
	i.Offers = append(i.Offers, Offer{Role: o.role, To: o.to.String(), By: o.by, At: now})
	i.summon(&Summons{
		Kind: ForRole, Subject: string(o.role), Why: cut(o.why), By: o.by, Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: []oncall.Level{{Targets: []oncall.Target{o.to}, Timeout: i.rolePatience(o.role)}}, Repeat: 1, Persist: o.by == "",
	})
}

// offers lists the open offers of a role for which keep holds.
func (i *Incident) offers(r Role, keep func(*Summons) bool) []*Summons {
	return i.open(func(s *Summons) bool { return s.Kind == ForRole && s.Subject == string(r) && keep(s) })
}

// dropOffer forgets the offer that a summons was about.
func (i *Incident) dropOffer(s *Summons) {
	to := s.Levels[0].Targets[0].String()
	i.Offers = slices.DeleteFunc(i.Offers, func(o Offer) bool {
		return string(o.Role) == s.Subject && o.To == to && o.By == s.By
	})
}

func (i *Incident) rolePatience(r Role) time.Duration {
	if t := i.Response().Commander.Timeout; r == Commander && t > 0 {
		return t
	}
	return i.patience()
}
