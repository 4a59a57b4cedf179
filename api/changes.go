package api

import (
	"context"
	"net/http"
	"time"

	"github.com/tocsinhq/tocsin/api/changefeed"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Evidence is what was found out about incidents and around them.
type Evidence interface {
	// ChangeEvents lists what was changed, the newest first.
	ChangeEvents(ctx context.Context, f store.ChangeFilter) ([]changes.Change, string, error)
	// Outputs lists what the runs of an incident brought to light, the latest
	// first.
	Outputs(ctx context.Context, number string, limit int) ([]incident.Output, error)
	Output(ctx context.Context, number, id string) (incident.Output, error)
	RedactOutput(ctx context.Context, number, id, by, reason string) error
}

// Changes takes what was changed; see changefeed.Feed.
type Changes interface {
	Take(ctx context.Context, cat *catalog.Catalog, c changes.Change, now time.Time) (changefeed.Taken, error)
}

// sourceChanges is the source that a key for reports of changes is bound to.
const sourceChanges = "changes"

// ReportChange takes a report of a change.
func (s *server) ReportChange(ctx context.Context, r gen.ReportChangeRequestObject) (gen.ReportChangeResponseObject, error) {
	who := callerOf(ctx).identity
	if err := who.mayFeed(sourceChanges); err != nil {
		return nil, err
	}
	b := r.Body
	if bound := who.token.Service; bound != "" && bound != b.Service {
		return nil, incident.Errorf(incident.Forbidden, "this key is bound to the service %s", bound)
	}
	c := changes.Change{
		ID: b.Id, Source: who.token.Owner, Kind: b.Kind, Service: b.Service, Title: b.Title, Version: b.Version, Before: b.Before,
		Author: b.Author, Link: b.Link, At: b.At, Lines: b.Lines, Undo: b.Undo,
	}
	if c.Kind == "" {
		c.Kind = changes.Deployment
	}
	if c.At.IsZero() {
		c.At = s.Now()
	}
	taken, err := s.changed(ctx, c)
	if err != nil {
		return nil, err
	}
	if c.Undo.Known() && !s.serves(c.Undo.Runbook) {
		taken.UnknownUndo = c.Undo.Runbook
	}
	return gen.ReportChange202JSONResponse{ChangeTakenJSONResponse: gen.ChangeTakenJSONResponse(taken)}, nil
}

// PostGithubWebhook takes a webhook of GitHub.
func (s *server) PostGithubWebhook(ctx context.Context, r gen.PostGithubWebhookRequestObject) (gen.PostGithubWebhookResponseObject, error) {
	if s.ReadGitHub == nil {
		return nil, incident.Errorf(incident.NotFound, "this process hears no webhooks of GitHub")
	}
	header := http.Header{}
	header.Set("X-Hub-Signature-256", r.Params.XHubSignature256)
	header.Set("X-GitHub-Event", r.Params.XGitHubEvent)
	told, err := s.ReadGitHub(header, *r.Body)
	if err != nil {
		return nil, err
	}
	cat, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	c := told.Change
	if now := s.Now(); c.At.IsZero() || c.At.After(now) {
		c.At = now // GitHub does not say, or its clock is ahead
	}
	out := gen.ChangeTaken{Incidents: []string{}}
	for _, service := range cat.Services {
		if !told.Concerns(service.Changes) {
			continue
		}
		c.Service = service.ID
		taken, err := s.changed(ctx, c)
		if err != nil {
			return nil, err
		}
		out.Added = out.Added || taken.Added
		out.Incidents = append(out.Incidents, taken.Incidents...)
	}
	return gen.PostGithubWebhook202JSONResponse{ChangeTakenJSONResponse: gen.ChangeTakenJSONResponse(out)}, nil
}

// changed takes a change.
func (s *server) changed(ctx context.Context, c changes.Change) (gen.ChangeTaken, error) {
	if s.Changes == nil {
		return gen.ChangeTaken{}, incident.Errorf(incident.NotFound, "this process takes no changes: report them to the one that takes alerts")
	}
	cat, err := s.catalog(ctx)
	if err != nil {
		return gen.ChangeTaken{}, err
	}
	taken, err := s.Changes.Take(ctx, cat, c, s.Now())
	return gen.ChangeTaken{Added: taken.Added, Incidents: orEmpty(taken.Incidents)}, err
}

// ListChanges lists what was changed.
func (s *server) ListChanges(ctx context.Context, r gen.ListChangesRequestObject) (gen.ListChangesResponseObject, error) {
	p := r.Params
	f := store.ChangeFilter{Kind: p.Kind, Source: p.Source, Since: p.Since, Until: p.Until, Cursor: p.Cursor, Limit: p.Limit}
	if p.Service != "" {
		f.Services = []string{p.Service}
	}
	list, next, err := s.Evidence.ChangeEvents(ctx, f)
	if err != nil {
		return nil, err
	}
	return gen.ListChanges200JSONResponse{Changes: orEmpty(list), Next: next}, nil
}
