package scene

import (
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Cast puts the cast on call in the example catalog, whatever day it is.
func Cast(c *catalog.Catalog) {
	on := map[string]string{"payments/primary": Primary, "payments/secondary": Secondary, "incident-commanders/primary": Commander}
	for n := range c.Schedules {
		s := &c.Schedules[n]
		s.Overrides = nil
		for r := range s.Rotations {
			if person, ok := on[s.ID+"/"+s.Rotations[r].Name]; ok {
				s.Rotations[r].Participants = []string{person}
			}
		}
	}
}

// ruleDelay is what every delay of a notification rule becomes.
const ruleDelay = 2 * time.Second

// Steady makes the durations of a catalog such that nothing but the first
// level runs out while a scene is played, however often it is interrupted:
// whoever is paged then follows from the scene alone. Each page goes by itself.
func Steady(c *catalog.Catalog) {
	c.Settings.Bundle.PagesPerMinute = 10_000
	const first, never, soon = 5 * time.Second, 20 * time.Minute, 5 * time.Second
	for n := range c.Escalations {
		for l := range c.Escalations[n].Levels {
			c.Escalations[n].Levels[l].Timeout = never
		}
		c.Escalations[n].Levels[0].Timeout = first
	}
	for n := range c.People {
		for _, rules := range []*[]catalog.Rule{&c.People[n].Rules.Urgent, &c.People[n].Rules.Ordinary} {
			*rules = onceEach(*rules)
			for r := range *rules {
				(*rules)[r].After = min((*rules)[r].After, ruleDelay)
			}
		}
	}
	for n := range c.Severities {
		for _, p := range []*catalog.ResponsePolicy{&c.Severities[n].Response, c.Severities[n].External} {
			if p != nil {
				p.Commander.Timeout, p.StillOnIt, p.Stabilisation = never, never, soon
				p.Limits.Acknowledge = never
			}
		}
	}
}

// onceEach leaves out the rules that use a contact method again: a second page
// takes the place of a first one that is stuck.
func onceEach(rules []catalog.Rule) []catalog.Rule {
	var out []catalog.Rule
	for _, r := range rules {
		if !slices.ContainsFunc(out, func(o catalog.Rule) bool { return o.Contact == r.Contact }) {
			out = append(out, r)
		}
	}
	return out
}

// Multiply gives the catalog copies of the service payments, each with a
// deploy target of its own, so that several incidents can be played at once.
func Multiply(c *catalog.Catalog, services []string) {
	var original catalog.Service
	for _, s := range c.Services {
		if s.ID == "payments" {
			original = s
		}
	}
	var copies []catalog.Service
	for _, id := range services {
		s := original
		s.ID, s.Name, s.Match = id, id, []string{`service="` + id + `"`}
		s.Runbooks = nil
		copies = append(copies, s)
	}
	c.Services = append(copies, c.Services...)
}
