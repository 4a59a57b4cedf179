package demo

import (
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// pace is how much faster than life the demo is: five minutes take 1.5 s.
const pace = 200

// Hasten divides every duration of a catalog by pace, and changes nothing
// else. What an acknowledgement needs stays at a second at least, since the
// engine's timers are not finer.
func Hasten(c *catalog.Catalog) {
	for n := range c.Escalations {
		for l := range c.Escalations[n].Levels {
			c.Escalations[n].Levels[l].Timeout = faster(c.Escalations[n].Levels[l].Timeout)
		}
	}
	for n := range c.People {
		for _, rules := range [][]catalog.Rule{c.People[n].Rules.Urgent, c.People[n].Rules.Ordinary} {
			for r := range rules {
				rules[r].After = faster(rules[r].After)
			}
		}
	}
	for n := range c.Services {
		c.Services[n].Hold = faster(c.Services[n].Hold)
	}
	for n := range c.Severities {
		hastenPolicy(&c.Severities[n].Response)
		if c.Severities[n].External != nil {
			hastenPolicy(c.Severities[n].External)
		}
	}
}

func hastenPolicy(p *catalog.ResponsePolicy) {
	for _, d := range []*time.Duration{
		&p.Commander.Timeout, &p.Updates.First, &p.Updates.Every, &p.Updates.Remind,
		&p.Limits.Acknowledge, &p.Limits.Mitigate, &p.Limits.Resolve,
		&p.StillOnIt, &p.Stabilisation, &p.Closing.CollectWithin,
	} {
		*d = faster(*d)
	}
}

func faster(d time.Duration) time.Duration {
	if d == 0 {
		return 0
	}
	return max(d/pace, time.Second)
}
