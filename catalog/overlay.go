package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Overlay is what people change day by day, and what no apply of the catalog
// undoes. What refers to something that the catalog does not declare (any
// more) has no effect.
type Overlay struct {
	// Version counts the changes of the overlay.
	Version int64
	// Overrides and Temporary are in the order in which they were made; each
	// names its schedule.
	Overrides []oncall.Override
	Temporary []oncall.Temporary
	// Contacts are the contact methods that people added themselves.
	Contacts []OwnContact
	// Verified names the contact methods whose owner has proved to read them.
	Verified []Verified
	// Rules are the personal rules that replace declared ones.
	Rules []OwnRules
	// Splits are the alerts that people made an incident of their own of.
	Splits []Split
	// Silences are those that are not over.
	Silences []Silence
}

// OwnContact is a contact method that its person added. It hides a declared
// one of the same id.
type OwnContact struct {
	Person string
	Method ContactMethod
}

// Verified says that a person has read a code at a contact method.
type Verified struct {
	Person  string
	Contact string
	// Mark is the ContactMethod's Mark when it was verified.
	Mark string
}

// OwnRules are the rules of one person. Each list that is empty leaves the
// declared one in force.
type OwnRules struct {
	Person string
	Rules  Rules
}

// Split says that an alert of a service belongs to another key than its labels
// say, for as long as the incident of that key is open.
type Split struct {
	Service     string
	Key         string
	Fingerprint string
	// To is the key of the incident that was split off.
	To string
}

// Mark returns a digest of what a verification is about: the kind and the
// address. Under another address a contact method is not verified.
func (m ContactMethod) Mark() string {
	sum := sha256.Sum256([]byte(m.Kind + "\x00" + m.Address))
	return hex.EncodeToString(sum[:])
}

// With returns the catalog in force: this one as declared, with the overlay on
// top. This one stays as it is.
func (c *Catalog) With(o Overlay) *Catalog {
	out := *c
	out.Schedules = c.withDuty(o)
	out.People = withOwn(c.People, o)
	out.Silences = o.Silences
	// Only matchers can fail, and those are as they were.
	out.index, _ = newIndex(&out)
	for _, s := range o.Splits {
		out.index.splits[alertID{s.Service, s.Key, s.Fingerprint}] = s.To
	}
	return &out
}

// withDuty returns new schedules, with the overrides and temporary schedules
// of each behind those that it has. Nobody who is not declared (any more) comes
// on call: whoever else has the duty keeps it.
func (c *Catalog) withDuty(o Overlay) []oncall.Schedule {
	out := slices.Clone(c.Schedules)
	schedules := byID(out, func(s oncall.Schedule) string { return s.ID })
	people := byID(c.People, func(p Person) string { return p.ID })
	for _, s := range schedules {
		s.Overrides, s.Temporary = slices.Clone(s.Overrides), slices.Clone(s.Temporary)
	}
	for _, override := range o.Overrides {
		if s := schedules[override.Schedule]; s != nil && (override.Person == "" || people[override.Person] != nil) {
			s.Overrides = append(s.Overrides, override)
		}
	}
	for _, temporary := range o.Temporary {
		if s := schedules[temporary.Schedule]; s != nil {
			s.Temporary = append(s.Temporary, stillThere(temporary, people)...)
		}
	}
	return out
}

// stillThere returns a temporary schedule without the people who are gone, cut
// out where only they had a shift: there the turns hold.
func stillThere(t oncall.Temporary, people map[string]*Person) []oncall.Temporary {
	made, ends := t.Shifts, []time.Time{t.From, t.Until}
	t.Shifts = slices.DeleteFunc(slices.Clone(made), func(f oncall.FixedShift) bool {
		ends = append(ends, f.From, f.Until)
		return people[f.Person] == nil
	})
	switch len(t.Shifts) {
	case len(made):
		return []oncall.Temporary{t}
	case 0:
		return nil
	}
	slices.SortFunc(ends, time.Time.Compare)
	var out []oncall.Temporary
	for i, until := range ends[1:] {
		from := ends[i]
		if from.Before(t.From) || until.After(t.Until) || !from.Before(until) || given(made, from) && !given(t.Shifts, from) {
			continue
		}
		if last := len(out) - 1; last >= 0 && out[last].Until.Equal(from) {
			out[last].Until = until
			continue
		}
		piece := t
		piece.From, piece.Until = from, until
		out = append(out, piece)
	}
	return out
}

// given reports whether somebody has a shift at a moment.
func given(shifts []oncall.FixedShift, at time.Time) bool {
	return slices.ContainsFunc(shifts, func(f oncall.FixedShift) bool { return !f.From.After(at) && at.Before(f.Until) })
}

// withOwn returns new people, with their own contact methods and rules.
func withOwn(declared []Person, o Overlay) []Person {
	out := slices.Clone(declared)
	people := byID(out, func(p Person) string { return p.ID })
	for _, own := range o.Contacts {
		if p := people[own.Person]; p != nil {
			p.Contacts = withContact(p.Contacts, own.Method)
		}
	}
	for _, v := range o.Verified {
		if p := people[v.Person]; p != nil {
			p.Contacts = withVerified(p.Contacts, v)
		}
	}
	for _, own := range o.Rules {
		if p := people[own.Person]; p != nil {
			p.Rules = p.Rules.with(own.Rules)
		}
	}
	return out
}

// withContact returns a new list: that of the declared catalog stays.
func withContact(list []ContactMethod, own ContactMethod) []ContactMethod {
	own.Own = true
	list = slices.DeleteFunc(slices.Clone(list), func(m ContactMethod) bool { return m.ID == own.ID })
	return append(list, own)
}

func withVerified(list []ContactMethod, v Verified) []ContactMethod {
	list = slices.Clone(list)
	for i, m := range list {
		if m.ID == v.Contact && m.Mark() == v.Mark {
			list[i].Verified = true
		}
	}
	return list
}

func (r Rules) with(own Rules) Rules {
	if len(own.Urgent) > 0 {
		r.Urgent = own.Urgent
	}
	if len(own.Ordinary) > 0 {
		r.Ordinary = own.Ordinary
	}
	if len(own.Quiet) > 0 {
		r.Quiet = own.Quiet
	}
	return r
}
