package api

import (
	"context"
	"net/http"
	"slices"
	"time"

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
	RedactOutput(ctx context.Context, number, id, by string) error
}

// Changes keeps what was changed. AddChange reports whether it is new.
type Changes interface {
	AddChange(ctx context.Context, c changes.Change, reported time.Time) (added bool, err error)
}

// Suspicions tells an open incident what may have caused it. Its error is of
// kind incident.NotFound when there is no open workflow of this number, and
// Unavailable when nobody knows.
type Suspicions interface {
	Suspect(ctx context.Context, number string, list []incident.Suspect) error
}

const (
	// sourceChanges is the source that a key for reports of changes is bound to.
	sourceChanges = "changes"
	// maxTold bounds the open incidents of a service that one change is told to,
	// the newest first.
	maxTold = 50
	// maxRanked bounds the answer about suspects.
	maxRanked = 10
)

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
	repository, c, err := s.ReadGitHub(header, *r.Body)
	if err != nil {
		return nil, err
	}
	cat, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.ChangeTaken{Incidents: []string{}}
	for _, service := range cat.Services {
		if repository == "" || !slices.Contains(service.Changes.Repositories, repository) {
			continue
		}
		if c.Service = service.ID; c.At.IsZero() {
			c.At = s.Now()
		}
		taken, err := s.changed(ctx, c)
		if err != nil {
			return nil, err
		}
		out.Added = out.Added || taken.Added
		out.Incidents = append(out.Incidents, taken.Incidents...)
	}
	return gen.PostGithubWebhook202JSONResponse{ChangeTakenJSONResponse: gen.ChangeTakenJSONResponse(out)}, nil
}

// changed keeps a change and tells the open incidents that it may have caused.
// It answers only after they took it, so that whoever reports again after a
// failure loses nothing.
func (s *server) changed(ctx context.Context, c changes.Change) (gen.ChangeTaken, error) {
	if s.Changes == nil {
		return gen.ChangeTaken{}, incident.Errorf(incident.NotFound, "this process takes no changes: report them to the one that takes alerts")
	}
	cat, err := s.catalog(ctx)
	if err != nil {
		return gen.ChangeTaken{}, err
	}
	service, ok := cat.Service(c.Service)
	if !ok {
		return gen.ChangeTaken{}, incident.Errorf(incident.NotFound, "there is no service %s in the catalog", c.Service)
	}
	if !c.Undo.Known() && c.Kind == changes.Deployment {
		c.Undo = changes.Undo(service.Changes.Undo)
	}
	if err := c.Check(s.Now()); err != nil {
		return gen.ChangeTaken{}, err
	}
	added, err := s.Changes.AddChange(ctx, c, s.Now())
	if err != nil {
		return gen.ChangeTaken{}, err
	}
	told, err := s.suspect(ctx, cat, c)
	return gen.ChangeTaken{Added: added, Incidents: orEmpty(told)}, err
}

// suspect tells the open incidents that a change may have caused.
func (s *server) suspect(ctx context.Context, cat *catalog.Catalog, c changes.Change) (told []string, err error) {
	for _, service := range concerned(cat, c.Service) {
		list, _, err := s.Store.Incidents(ctx, store.IncidentFilter{Service: service, Open: true, Limit: maxTold})
		if err != nil {
			return told, err
		}
		for _, i := range list {
			suspects := changes.Suspects([]changes.Change{c}, changes.SceneOf(i, cat), 1)
			if len(suspects) == 0 || !i.Phase.Active() {
				continue
			}
			err := s.Suspicions.Suspect(ctx, i.Number, changes.Briefs(suspects))
			if err != nil && incident.KindOf(err) != incident.NotFound {
				return told, err
			}
			told = append(told, i.Number)
		}
	}
	return told, nil
}

// concerned lists the services whose incidents a change of one may cause.
func concerned(cat *catalog.Catalog, changed string) []string {
	out := []string{changed}
	for _, s := range cat.Services {
		if slices.Contains(s.DependsOn, changed) {
			out = append(out, s.ID)
		}
	}
	return out
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

// ListSuspects ranks what may have caused an incident, as it is known now.
func (s *server) ListSuspects(ctx context.Context, r gen.ListSuspectsRequestObject) (gen.ListSuspectsResponseObject, error) {
	i, err := s.read(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	cat, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	scene := changes.SceneOf(i, cat)
	since, until := scene.Span()
	var list []changes.Change
	for cursor := ""; ; {
		var more []changes.Change
		more, cursor, err = s.Evidence.ChangeEvents(ctx, store.ChangeFilter{
			Services: scene.Services(), Since: since, Until: until, Cursor: cursor, Limit: 200,
		})
		if err != nil {
			return nil, err
		}
		if list = append(list, more...); cursor == "" {
			break
		}
	}
	ranked := changes.Suspects(list, scene, maxRanked)
	return gen.ListSuspects200JSONResponse{Suspects: each(ranked, func(s changes.Suspect) gen.RankedChange {
		return gen.RankedChange{Change: s.Change, Score: s.Score, Reasons: s.Reasons}
	})}, nil
}
