package catalog

import (
	"slices"
	"time"
)

// Contacts returns by which contact methods a person wants to be paged, and
// when: the rules for the urgency, for an ordinary page else those for an
// urgent one, else every contact method at once. It is empty for NotPaged and
// for somebody unknown or without contact methods, and for nobody else.
//
// Contact methods that are not verified are used, and flagged, when the person
// has no verified one; else they are left out, and the next one takes their
// place in time.
func (c *Catalog) Contacts(person string, urgency Urgency) []Rule {
	p, _ := c.Person(person)
	if urgency == NotPaged {
		return nil
	}
	rules := p.Rules.Urgent
	if urgency == Ordinary && len(p.Rules.Ordinary) > 0 {
		rules = p.Rules.Ordinary
	}
	return reachable(rules, p.usable())
}

// usable returns the verified contact methods, or all of them when none is.
func (p Person) usable() []ContactMethod {
	verified := slices.DeleteFunc(slices.Clone(p.Contacts), func(m ContactMethod) bool { return !m.Verified })
	if len(verified) > 0 {
		return verified
	}
	return p.Contacts
}

// reachable keeps the rules whose contact method can be used, or names every
// such method when there is no such rule.
func reachable(rules []Rule, methods []ContactMethod) []Rule {
	var out []Rule
	for _, rule := range rules {
		i := slices.IndexFunc(methods, func(m ContactMethod) bool { return m.ID == rule.Contact })
		if i >= 0 {
			rule.Unverified = !methods[i].Verified
			out = append(out, rule)
		}
	}
	if len(out) > 0 {
		return sooner(out, earliest(out)-earliest(rules))
	}
	for _, m := range methods {
		out = append(out, Rule{Contact: m.ID, Unverified: !m.Verified})
	}
	return out
}

// sooner makes up for rules that cannot be used: whoever is left is not paged
// later for them.
func sooner(rules []Rule, by time.Duration) []Rule {
	for i := range rules {
		rules[i].After -= by
	}
	return rules
}

func earliest(rules []Rule) time.Duration {
	first := rules[0].After
	for _, rule := range rules {
		first = min(first, rule.After)
	}
	return first
}
