package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// GetCatalog shows the catalog in force, without addresses: from the store,
// and the last good one while that is away.
func (s *server) GetCatalog(ctx context.Context, _ gen.GetCatalogRequestObject) (gen.GetCatalogResponseObject, error) {
	c, version, err := s.Store.CurrentCatalog(ctx)
	if err != nil {
		if c, err = s.catalog(ctx); err != nil {
			return nil, err
		}
		version = c.Version
	}
	// The contact methods that people added belong to it, as soon as they are
	// known here.
	if merged, err := s.catalog(ctx); err == nil && merged.Version == version {
		c = merged
	}
	return gen.GetCatalog200JSONResponse(catalogView(c, version)), nil
}

// ValidateCatalog says what applying files would do.
func (s *server) ValidateCatalog(ctx context.Context, r gen.ValidateCatalogRequestObject) (gen.ValidateCatalogResponseObject, error) {
	plan, err := s.plan(ctx, r.Body)
	if problems, ok := errors.AsType[catalog.Problems](err); ok {
		change := gen.CatalogChange{Version: plan.version, Changes: []catalog.Change{}, Used: []string{}}
		change.Problems = each(problems, catalog.Problem.String)
		return gen.ValidateCatalog200JSONResponse(change), nil
	}
	if err != nil {
		return nil, err
	}
	return gen.ValidateCatalog200JSONResponse(plan.answer()), nil
}

// ApplyCatalog puts files in force, or changes nothing.
func (s *server) ApplyCatalog(ctx context.Context, r gen.ApplyCatalogRequestObject) (gen.ApplyCatalogResponseObject, error) {
	p, err := s.plan(ctx, r.Body)
	if problems, ok := errors.AsType[catalog.Problems](err); ok {
		return nil, &incident.Error{
			Kind: incident.Invalid, Message: "the files are not a valid catalog", Missing: each(problems, catalog.Problem.String),
		}
	}
	if err != nil {
		return nil, err
	}
	if base := r.Body.Base; base != nil && *base != p.version {
		return nil, incident.Errorf(incident.Conflict, "version %d is in force, and the files were made from %d: take its changes in first", p.version, *base)
	}
	if len(p.used) > 0 && !r.Body.Force {
		return nil, incident.Refusal("open incidents use what would be removed", p.used...)
	}
	by := callerOf(ctx).identity.actor()
	if !has(p.next, by) && !r.Body.Force {
		return nil, incident.Refusal("you would shut yourself out", "the "+string(by.Kind)+" "+by.ID+" in the files")
	}
	if len(p.changes) == 0 {
		return gen.ApplyCatalog200JSONResponse(p.answer()), nil
	}
	if p.version, err = s.Store.SaveCatalog(ctx, p.next, p.version, by.ID); err != nil {
		return nil, err
	}
	s.Log.Info("catalog applied", "version", p.version, "by", by.ID, "changes", len(p.changes))
	return gen.ApplyCatalog200JSONResponse(p.answer()), nil
}

// plan is what applying files would do.
type plan struct {
	next    *catalog.Catalog
	version int
	changes []catalog.Change
	used    []string
}

func (p plan) answer() gen.CatalogChange {
	return gen.CatalogChange{
		Version: p.version, Changes: orEmpty(p.changes), Used: orEmpty(p.used), Problems: []string{},
	}
}

// plan compares files with the catalog in force. Its error is of type
// catalog.Problems when the files are wrong.
func (s *server) plan(ctx context.Context, body *gen.CatalogFiles) (plan, error) {
	now, version, err := s.Store.CurrentCatalog(ctx)
	if err != nil && incident.KindOf(err) != incident.NotFound {
		return plan{}, err
	}
	out := plan{version: version}
	files := each(body.Files, func(f gen.CatalogFile) catalog.File { return catalog.File{Name: f.Name, Data: []byte(f.Data)} })
	if out.next, err = catalog.Parse(files...); err != nil {
		return out, err
	}
	out.changes = catalog.Diff(now, out.next)
	out.used, err = s.used(ctx, out.changes)
	return out, err
}

// used lists what changes would remove though open incidents use it.
func (s *server) used(ctx context.Context, changes []catalog.Change) ([]string, error) {
	var removed []catalog.Change
	for _, c := range changes {
		if c.Removes() {
			removed = append(removed, c)
		}
	}
	if len(removed) == 0 {
		return nil, nil
	}
	uses, err := s.Store.CatalogUses(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, u := range uses {
		if slices.ContainsFunc(removed, func(c catalog.Change) bool { return c.Noun == u.Noun && c.ID == u.ID }) {
			out = append(out, fmt.Sprintf("%s %s is used by %s", u.Noun, u.ID, u.Incident))
		}
	}
	return out, nil
}

// catalogView leaves out addresses, which only the sending activity reads.
func catalogView(c *catalog.Catalog, version int) gen.Catalog {
	return gen.Catalog{
		Version: version,
		Teams: each(c.Teams, func(t catalog.Team) gen.TeamView {
			return gen.TeamView{Id: t.ID, Name: t.Name, Members: orEmpty(t.Members), Leads: t.Leads}
		}),
		People:     each(c.People, personView),
		Services:   each(c.Services, serviceView),
		Schedules:  each(c.Schedules, scheduleView),
		Severities: each(c.Severities, severityView),
		LastResort: orEmpty(c.LastResort),
	}
}

func personView(p catalog.Person) gen.PersonView {
	return gen.PersonView{
		Id: p.ID, Name: p.Name, Zone: p.Zone, Admin: p.Admin,
		Contacts: each(p.Contacts, func(m catalog.ContactMethod) gen.ContactView {
			return gen.ContactView{Id: m.ID, Kind: m.Kind}
		}),
	}
}

func serviceView(s catalog.Service) gen.ServiceView {
	return gen.ServiceView{
		Id: s.ID, Name: s.Name, Team: s.Team, Escalation: s.Escalation, Dashboards: s.Dashboards,
		Undo:     s.Changes.Undo.Runbook,
		Runbooks: each(s.Runbooks, func(u catalog.RunbookUse) string { return u.Name }),
	}
}

func scheduleView(s oncall.Schedule) gen.ScheduleView {
	return gen.ScheduleView{
		Id: s.ID, Name: s.Name, Zone: s.Zone,
		Rotations: each(s.Rotations, func(r oncall.Rotation) string { return r.Name }),
	}
}

func severityView(s catalog.Severity) gen.SeverityView {
	return gen.SeverityView{
		Level: s.Level, Criteria: orEmpty(s.Criteria), Urgency: s.Urgency, Confirmations: s.Response.Closing.Confirmations,
	}
}
