package incident

import (
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/catalog"
)

// mustHave refuses a person who has none of the standings that a policy names.
// An empty list means the commander, a team lead or an administrator. Whoever
// acts as commander has the commander's standing.
func (i *Incident) mustHave(h Header, allowed []catalog.Standing, what string) error {
	if len(allowed) == 0 {
		allowed = []catalog.Standing{catalog.CommanderRole, catalog.TeamLead}
	}
	has := append(i.standings(h), catalog.Anyone)
	if slices.Contains(has, catalog.Administrator) {
		return nil
	}
	for _, s := range allowed {
		if slices.Contains(has, s) {
			return nil
		}
	}
	return Errorf(Forbidden, "%s may not %s; it takes %s", h.By.ID, what, standingNames(allowed))
}

// standings adds what a person is on this incident to what the catalog grants.
func (i *Incident) standings(h Header) []catalog.Standing {
	out := slices.Clone(h.Standings)
	if i.Holder == h.By.ID {
		out = append(out, catalog.HolderRole)
	}
	if i.ActingCommander() == h.By.ID {
		out = append(out, catalog.CommanderRole)
	}
	return out
}

func standingNames(list []catalog.Standing) string {
	var names []string
	for _, s := range list {
		names = append(names, string(s))
	}
	return strings.Join(names, " or ")
}
