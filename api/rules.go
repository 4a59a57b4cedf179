package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// GetRules says how a person wants to be reached.
func (s *server) GetRules(ctx context.Context, r gen.GetRulesRequestObject) (gen.GetRulesResponseObject, error) {
	c, p, err := s.named(ctx, r.Person)
	if err != nil {
		return nil, err
	}
	rules, err := s.rulesOf(ctx, c, p)
	return gen.GetRules200JSONResponse(rules), err
}

// SetRules says how one wants to be reached.
func (s *server) SetRules(ctx context.Context, r gen.SetRulesRequestObject) (gen.SetRulesResponseObject, error) {
	c, p, err := s.actsFor(ctx, r.Person)
	if err != nil {
		return nil, err
	}
	rules := catalog.Rules{Urgent: rulesFrom(r.Body.Urgent), Ordinary: rulesFrom(r.Body.Ordinary), Quiet: r.Body.Quiet}
	if err := s.checkRules(ctx, c, p, rules); err != nil {
		return nil, err
	}
	who := callerOf(ctx).identity.owner()
	if err := s.Duty.SetRules(ctx, store.PersonalRules{Person: p.ID, Rules: rules, Made: s.Now().UTC(), By: who}); err != nil {
		return nil, err
	}
	s.Log.Info("personal rules set", "person", p.ID, "by", who)
	if c, err = s.catalog(ctx); err != nil {
		return nil, err
	}
	p, _ = c.Person(p.ID)
	out, err := s.rulesOf(ctx, c, p)
	return gen.SetRules200JSONResponse(out), err
}

// checkRules refuses rules that name contact methods which their person does
// not have, and quiet hours that cannot be read.
func (s *server) checkRules(ctx context.Context, c *catalog.Catalog, p catalog.Person, rules catalog.Rules) error {
	contacts, err := s.contactsOf(ctx, c, p)
	if err != nil {
		return err
	}
	for _, list := range []struct {
		field string
		rules []catalog.Rule
	}{{"urgent", rules.Urgent}, {"ordinary", rules.Ordinary}} {
		for i, rule := range list.rules {
			if !slices.ContainsFunc(contacts, func(m contact) bool { return m.ID == rule.Contact }) {
				return &fieldError{
					field:   fmt.Sprintf("%s[%d].contact", list.field, i),
					message: fmt.Sprintf("%s has no contact method %q", p.ID, rule.Contact),
				}
			}
		}
	}
	return rules.CheckQuiet()
}

// ClearRules goes back to the declared rules.
func (s *server) ClearRules(ctx context.Context, r gen.ClearRulesRequestObject) (gen.ClearRulesResponseObject, error) {
	_, p, err := s.actsFor(ctx, r.Person)
	if err != nil {
		return nil, err
	}
	if err := s.Duty.ClearRules(ctx, p.ID); err != nil {
		return nil, err
	}
	s.Log.Info("personal rules cleared", "person", p.ID, "by", callerOf(ctx).identity.owner())
	return gen.ClearRules204Response{}, nil
}

// rulesOf shows the rules in force, what they amount to, and whose they are.
func (s *server) rulesOf(ctx context.Context, c *catalog.Catalog, p catalog.Person) (gen.Rules, error) {
	out := gen.Rules{
		Person: p.ID, Zone: cmp.Or(p.Zone, "UTC"), Owner: ownedByCatalog, Quiet: p.Rules.Quiet,
		Urgent:   each(c.Contacts(p.ID, catalog.Urgent), ruleInForce),
		Ordinary: each(c.Contacts(p.ID, catalog.Ordinary), ruleInForce),
	}
	own, err := s.Duty.Rules(ctx, p.ID)
	if incident.KindOf(err) == incident.NotFound {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Owner, out.By, out.MadeAt = ownedByAPI, own.By, own.Made
	out.Own = gen.RulesOrder{
		Urgent: each(own.Rules.Urgent, ruleOrder), Ordinary: each(own.Rules.Ordinary, ruleOrder), Quiet: own.Rules.Quiet,
	}
	return out, nil
}

func ruleInForce(r catalog.Rule) gen.RuleInForce {
	return gen.RuleInForce{Contact: r.Contact, AfterSeconds: int(r.After / time.Second), Unverified: r.Unverified}
}

func ruleOrder(r catalog.Rule) gen.RuleOrder {
	return gen.RuleOrder{Contact: r.Contact, AfterSeconds: int(r.After / time.Second)}
}

func rulesFrom(list []gen.RuleOrder) []catalog.Rule {
	return each(list, func(r gen.RuleOrder) catalog.Rule {
		return catalog.Rule{Contact: r.Contact, After: time.Duration(r.AfterSeconds) * time.Second}
	})
}
