package kill_test

import (
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

const (
	// stageTimeout is that of a level that one person has to answer.
	stageTimeout = 10 * time.Second
	// longest is how long a snooze may be.
	longest = time.Hour
	// beatEvery is how often a heartbeat is expected; it may be as late again.
	beatEvery = 10 * time.Second
)

// stages adds the services of deeds. Each has two levels of people of its own.
func stages(all []*deed, hooks string) func(*catalog.Catalog) {
	return func(c *catalog.Catalog) {
		c.Settings.Bundle.PagesPerMinute = 10_000
		c.LastResort = []string{lastResort}
		c.People = append(c.People, wakeable(lastResort, hooks))
		for s := range c.Severities {
			c.Severities[s].External = nil
			c.Severities[s].Response = catalog.ResponsePolicy{
				Snooze: longest, Authority: catalog.Authority{Cancel: []catalog.Standing{catalog.Anyone}},
			}
		}
		for _, d := range all {
			d.catalog = c
			for n := range d.services {
				d.declare(c, n, hooks)
			}
		}
	}
}

// declare adds one service with its people and policy.
func (d *deed) declare(c *catalog.Catalog, n int, hooks string) {
	id, first := d.service(n), max(d.everyone, 1)
	levels := []oncall.Level{{Timeout: stageTimeout}, {Timeout: stageTimeout}}
	if d.everyone > 0 {
		levels[0].Everyone, levels[0].Timeout = true, time.Minute
	}
	for p := range first + 1 {
		c.People = append(c.People, wakeable(d.person(n, p), hooks))
		level := &levels[p/first]
		level.Targets = append(level.Targets, oncall.Target{Person: d.person(n, p)})
	}
	c.Escalations = append(c.Escalations, oncall.EscalationPolicy{ID: id, Name: id, Levels: levels})
	c.Services = append([]catalog.Service{{
		ID: id, Name: id, Team: "payments", Match: []string{`service="` + id + `"`}, Escalation: id,
	}}, c.Services...)
	if d.heartbeat {
		c.Heartbeats = append(c.Heartbeats, catalog.Heartbeat{ID: id, Service: id, Every: beatEvery})
	}
}

// wakeable is a person with three contact methods, by which the same page can
// be told apart from the next one.
func wakeable(id, hooks string) catalog.Person {
	return catalog.Person{
		ID: id, Name: id, Zone: "Europe/Berlin",
		Contacts: []catalog.ContactMethod{
			{ID: "phone", Kind: "push", Address: id, Verified: true},
			{ID: "hook", Kind: "webhook", Address: hooks + id, Verified: true},
			{ID: "mail", Kind: "email", Address: id + "@example.org", Verified: true},
		},
		Rules: catalog.Rules{
			Urgent:   []catalog.Rule{{Contact: "phone"}, {Contact: "hook", After: ruleStep}, {Contact: "mail", After: 2 * ruleStep}},
			Ordinary: []catalog.Rule{{Contact: "mail"}},
		},
	}
}
