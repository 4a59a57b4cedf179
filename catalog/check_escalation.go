package catalog

import (
	"fmt"
	"strings"

	"github.com/tocsinhq/tocsin/oncall"
)

// maxLevels bounds an escalation policy together with what it includes.
const maxLevels = 50

func (k *checker) escalations() {
	all := policies(byID(k.c.Escalations, func(p oncall.EscalationPolicy) string { return p.ID }))
	known := make(map[string]int, len(all))
	for i, p := range k.c.Escalations {
		key := fmt.Sprintf("escalation_policies[%d]", i)
		k.within(key, p.Validate())
		for j, level := range p.Levels {
			at := fmt.Sprintf("%s.levels[%d]", key, j)
			for n, target := range level.Targets {
				k.target(fmt.Sprintf("%s.targets[%d]", at, n), target)
			}
			k.branch(at+".during", level.During)
			k.branch(at+".outside", level.Outside)
		}
		if all.count(p.ID, known) > maxLevels {
			k.report(key+".levels", "come to more than %d with the policies that they include", maxLevels)
			continue
		}
		for j, level := range p.Levels {
			k.include(fmt.Sprintf("%s.levels[%d].policy", key, j), p, level, all)
		}
	}
}

// branch reports hours that do not exist.
func (k *checker) branch(key, hours string) {
	if hours != "" && !k.known["hours"][hours] {
		k.report(key, "there are no hours %q", hours)
	}
}

// include reports a policy that cannot stand in for a level of another.
func (k *checker) include(key string, p oncall.EscalationPolicy, level oncall.Level, all policies) {
	if level.Policy == "" {
		return
	}
	k.refer(key, "escalation policy", level.Policy)
	if circle := all.way(level.Policy, p.ID, map[string]bool{}); circle != nil {
		k.report(key, "goes round in a circle: %s", strings.Join(append([]string{p.ID}, circle...), ", "))
	}
	if branches(level) && all.branch(level.Policy, map[string]bool{}) {
		k.report(key, "%q branches by hours itself: set during and outside there or here, not both", level.Policy)
	}
}
