package store

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// Use says that an open incident refers to something of the catalog.
type Use struct {
	// Noun and ID are those of a catalog.Change: service, team, person,
	// escalation policy, schedule, webhook, audience or severity.
	Noun     string
	ID       string
	Incident string
}

// CatalogUses lists what the incidents that are not over refer to, sorted and
// each once: what their policy names, and the people who hold them, play a
// role, respond, are being paged or owe a follow-up.
func (s *Store) CatalogUses(ctx context.Context) ([]Use, error) {
	docs, err := list[string](ctx, s, `SELECT doc FROM incidents WHERE `+open+` AND gone_at IS NULL`)
	if err != nil {
		return nil, failed(err, "look for uses of the catalog")
	}
	found := uses{}
	for _, doc := range docs {
		i, err := decodeIncident(doc)
		if err != nil {
			return nil, err
		}
		found.incident(i)
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Use) int {
		return cmp.Or(cmp.Compare(a.Noun, b.Noun), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Incident, b.Incident))
	}), nil
}

type uses map[Use]bool

func (u uses) add(number, noun string, ids ...string) {
	for _, id := range ids {
		if id != "" {
			u[Use{Noun: noun, ID: id, Incident: number}] = true
		}
	}
}

func (u uses) incident(i *incident.Incident) {
	n := i.Number
	u.add(n, "service", i.Service)
	u.add(n, "team", i.Team)
	u.add(n, "severity", string(i.Severity), string(i.Highest))
	u.add(n, "audience", i.Updates.Heard...)
	u.add(n, "person", i.Holder)
	u.add(n, "person", slices.Collect(maps.Values(i.Roles))...)
	u.add(n, "person", i.Responders...)
	for _, o := range i.Offers {
		u.add(n, "person", o.To)
	}
	for _, f := range i.FollowUps {
		if f.State == incident.FollowUpOpen {
			u.add(n, "person", f.Owner)
		}
	}
	for _, s := range i.Summonses {
		if s.Open() {
			u.levels(n, s.Levels)
		}
	}
	u.policy(n, i.Policy)
}

func (u uses) policy(number string, p catalog.Policy) {
	u.add(number, "escalation policy", p.Escalation.ID)
	u.add(number, "person", p.LastResort...)
	u.add(number, "person", p.Leads...)
	u.levels(number, p.Escalation.Levels)
	for _, s := range p.Severities {
		u.response(number, s.Response)
		if s.External != nil {
			u.response(number, *s.External)
		}
	}
}

func (u uses) response(number string, r catalog.ResponsePolicy) {
	u.add(number, "audience", r.Updates.Audiences...)
	u.targets(number, r.Page)
	u.targets(number, []oncall.Target{{Schedule: r.Commander.Schedule}})
}

func (u uses) levels(number string, levels []oncall.Level) {
	for _, l := range levels {
		u.targets(number, l.Targets)
	}
}

func (u uses) targets(number string, targets []oncall.Target) {
	for _, t := range targets {
		schedule, _ := t.ScheduleRotation()
		u.add(number, "person", t.Person)
		u.add(number, "team", t.Team)
		u.add(number, "schedule", schedule)
		u.add(number, "webhook", t.Webhook)
	}
}
