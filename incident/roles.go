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
	Responder      Role = "responder"
)

// Offer is a role that was assigned and waits for acceptance.
type Offer struct {
	Role Role      `json:"role"`
	To   string    `json:"to"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// RoleOf returns the part a person plays, the most telling one first.
func (i *Incident) RoleOf(person string) Role {
	for _, r := range []Role{Commander, Deputy, Scribe, Communications} {
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

// AssignRole offers a role; the person is paged until they accept.
func (i *Incident) AssignRole(h Header, c AssignRole, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "assign a role"); err != nil {
		return Outcome{}, err
	}
	switch {
	case i.Phase.Over():
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an open incident")
	case !slices.Contains([]Role{Commander, Deputy, Scribe, Communications}, c.Role):
		return Outcome{}, Errorf(Invalid, "role: %q is not one of commander, deputy, scribe, communications", c.Role)
	case c.Person == "":
		return Outcome{}, Errorf(Invalid, "person: say who")
	}
	i.heard(h, now)
	if c.Person == h.By.ID {
		i.give(c.Role, h, now)
		return i.outcome("you are " + string(c.Role)), nil
	}
	i.did(h, now, "role.offered", "%s asks %s to be %s.", h.By.ID, c.Person, c.Role)
	i.search(c.Role, oncall.Target{Person: c.Person}, now, fmt.Sprintf("%s asks you to be %s of %s", h.By.ID, c.Role, i.Number))
	return i.outcome(c.Person + " is being asked"), nil
}

// AcceptRole takes a role that is offered to this person, or that a search
// has paged them about.
func (i *Incident) AcceptRole(h Header, c AcceptRole, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "accept a role"); err != nil {
		return Outcome{}, err
	}
	offered := i.open(func(s *Summons) bool {
		return s.Kind == ForRole && s.Subject == string(c.Role) && i.calls(s, h.By.ID)
	})
	if len(offered) == 0 {
		return Outcome{}, Refusal(fmt.Sprintf("nobody has asked %s to be %s", h.By.ID, c.Role), "an offer of the role")
	}
	i.heard(h, now)
	i.give(c.Role, h, now)
	return i.outcome("you are " + string(c.Role)), nil
}

// give makes a person bear a role, ends the search for one, and tells
// whoever bore it before.
func (i *Incident) give(r Role, h Header, now time.Time) {
	for _, s := range i.open(ofKind(ForRole)) {
		if s.Subject == string(r) {
			i.end(s, now, h.By.ID)
		}
	}
	i.Offers = slices.DeleteFunc(i.Offers, func(o Offer) bool { return o.Role == r })
	before := i.Roles[r]
	if r == Holder {
		before = i.Holder
		i.take(h, now)
		i.Heard = now
		if before != "" && before != h.By.ID {
			i.join(before)
		}
	} else {
		if i.Roles == nil {
			i.Roles = map[Role]string{}
		}
		i.Roles[r] = h.By.ID
		i.did(h, now, "role.accepted", "%s is %s.", h.By.ID, r)
	}
	i.tell(now, []string{before, i.Holder}, h.By.ID, fmt.Sprintf("%s is now %s of %s.", h.By.ID, r, i.Number))
}

// search pages a target until somebody accepts the role.
func (i *Incident) search(r Role, t oncall.Target, now time.Time, why string) {
	for _, s := range i.open(ofKind(ForRole)) {
		if s.Subject == string(r) {
			i.end(s, now, "")
		}
	}
	i.Offers = slices.DeleteFunc(i.Offers, func(o Offer) bool { return o.Role == r })
	i.Offers = append(i.Offers, Offer{Role: r, To: targetName(t), At: now})
	i.summon(&Summons{
		Kind: ForRole, Subject: string(r), Why: why, Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: []oncall.Level{{Targets: []oncall.Target{t}, Timeout: i.rolePatience(r)}}, Repeat: 1, Persist: r == Commander,
	})
}

func (i *Incident) rolePatience(r Role) time.Duration {
	if t := i.Response().Commander.Timeout; r == Commander && t > 0 {
		return t
	}
	return i.patience()
}
