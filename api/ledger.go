package api

import (
	"context"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// ListLedger lists pages over all incidents.
func (s *server) ListLedger(ctx context.Context, r gen.ListLedgerRequestObject) (gen.ListLedgerResponseObject, error) {
	p := r.Params
	person, err := whoever(ctx, p.Person)
	if err != nil {
		return nil, err
	}
	pages, next, err := s.Store.Pages(ctx, store.PageFilter{
		Incident: p.Incident, Person: person, States: statesOf(p.State), From: p.From, Until: p.Until, After: p.Cursor, Limit: p.Limit,
	})
	if err != nil {
		return nil, err
	}
	return gen.ListLedger200JSONResponse{Pages: each(pages, func(p store.Page) gen.Page { return pageOf(p, nil) }), Next: next}, nil
}

// ExplainPaging says why a person was paged about an incident, or was not.
func (s *server) ExplainPaging(ctx context.Context, r gen.ExplainPagingRequestObject) (gen.ExplainPagingResponseObject, error) {
	i, err := s.read(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	person, err := whoever(ctx, r.Params.Person)
	if err != nil {
		return nil, err
	}
	entries, err := s.wholeTimeline(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	pages, err := s.pagesTo(ctx, r.Number, person)
	if err != nil {
		return nil, err
	}
	return gen.ExplainPaging200JSONResponse(incident.Explain(i, entries, pages, person)), nil
}

func (s *server) wholeTimeline(ctx context.Context, number string) ([]incident.Entry, error) {
	var all []incident.Entry
	f := store.TimelineFilter{Limit: mostAtOnce}
	for {
		part, next, err := s.Store.Timeline(ctx, number, f)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if f.After = next; len(part) < mostAtOnce {
			return all, nil
		}
	}
}

func (s *server) pagesTo(ctx context.Context, number, person string) ([]incident.Page, error) {
	var all []incident.Page
	f := store.PageFilter{Incident: number, Person: person, Limit: mostAtOnce}
	for {
		part, next, err := s.Store.Pages(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, p := range part {
			all = append(all, p.Page)
		}
		if f.After = next; next == "" {
			return all, nil
		}
	}
}

// mostAtOnce is the longest part of a list that the store gives.
const mostAtOnce = 200
