package kill_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

const (
	// climbs is how many escalations run at once, each of a service and of
	// people of its own.
	climbs = 12
	// steps is how many levels an escalation has, with one person each.
	steps = 3
	// stepTimeout is that of each level.
	stepTimeout = 8 * time.Second
	// ruleStep lies between the contact methods of one person.
	ruleStep = 2 * time.Second
)

// lastResort is who is paged when nobody of a ladder answers.
const lastResort = "esc-last"

// ladderOf names the service of one escalation, and stepOf whom its level
// pages, both counted from zero.
func ladderOf(n int) string { return fmt.Sprintf("esc%02d", n) }

func stepOf(service string, level int) string { return fmt.Sprintf("%s-%d", service, level+1) }

// ladders adds services whose three levels page one person each, by three
// contact methods of different kinds. Nothing else pages anybody, and nobody
// is paged twice for want of time.
func ladders(n int, hooks string) func(*catalog.Catalog) {
	return func(c *catalog.Catalog) {
		c.Settings.Bundle.PagesPerMinute = 10_000
		c.LastResort = []string{lastResort}
		c.People = append(c.People, reachable(lastResort, 0, hooks))
		for s := range c.Severities {
			c.Severities[s].Response, c.Severities[s].External = catalog.ResponsePolicy{}, nil
		}
		var services []catalog.Service
		for i := range n {
			id := ladderOf(i)
			policy := oncall.EscalationPolicy{ID: id, Name: id}
			for level := range steps {
				person := reachable(stepOf(id, level), 1+i*steps+level, hooks)
				c.People = append(c.People, person)
				policy.Levels = append(policy.Levels, oncall.Level{
					Targets: []oncall.Target{{Person: person.ID}}, Timeout: stepTimeout,
				})
			}
			c.Escalations = append(c.Escalations, policy)
			services = append(services, catalog.Service{
				ID: id, Name: id, Team: "payments", Match: []string{`service="` + id + `"`}, Escalation: id,
			})
		}
		c.Services = append(services, c.Services...)
	}
}

// reachable is the n-th person. The kinds of their contact methods go round.
// The first one is used once more at the end, where its receiver can tell the
// two pages apart.
func reachable(id string, n int, hooks string) catalog.Person {
	all := []catalog.ContactMethod{
		{ID: "phone", Kind: "push", Address: id},
		{ID: "text", Kind: "sms", Address: fmt.Sprintf("+1202%07d", 5_551_000+n)},
		{ID: "hook", Kind: "webhook", Address: hooks + id},
		{ID: "bell", Kind: "pushover", Address: fmt.Sprintf("u%029d", n)},
		{ID: "mail", Kind: "email", Address: id + "@example.org"},
	}
	p := catalog.Person{ID: id, Name: strings.ToUpper(id), Zone: "Europe/Berlin"}
	for i := range 3 {
		m := all[(n+i)%len(all)]
		m.Verified = true
		p.Contacts = append(p.Contacts, m)
		p.Rules.Urgent = append(p.Rules.Urgent, catalog.Rule{Contact: m.ID, After: time.Duration(i) * ruleStep})
	}
	if first := p.Contacts[0]; slices.Contains([]string{"push", "webhook", "email"}, first.Kind) {
		p.Rules.Urgent = append(p.Rules.Urgent, catalog.Rule{Contact: first.ID, After: 3 * ruleStep})
	}
	p.Rules.Ordinary = []catalog.Rule{{Contact: p.Contacts[2].ID}}
	return p
}
