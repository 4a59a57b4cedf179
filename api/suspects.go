package api

import (
	"context"
	"maps"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/spec"
	"github.com/tocsinhq/tocsin/store"
)

const (
	// maxRanked bounds the answer about suspects.
	maxRanked = 10
	// maxBeside bounds the incidents beside the one that is asked about whose runs
	// are looked at, the newest first.
	maxBeside = 200
)

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
	scene, books := changes.SceneOf(i, cat), s.byName()
	since, until := scene.Span()
	runs, err := s.runsSince(ctx, i, store.IncidentFilter{Since: since, Limit: maxBeside}, books)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if r.Started.After(until) {
			until = r.Started // what it took back may be younger than the incident
		}
	}
	list, err := s.allChanges(ctx, store.ChangeFilter{Services: scene.Services(), Since: since, Until: until, Limit: 200})
	if err != nil {
		return nil, err
	}
	aimed := func(c changes.Change) changes.Change { return books.aimed(i, c) }
	others := each(list, aimed)
	return gen.ListSuspects200JSONResponse{Suspects: each(changes.Suspects(list, scene, maxRanked), func(s changes.Suspect) gen.RankedChange {
		return gen.RankedChange{Change: s.Change, Score: s.Score, Reasons: s.Reasons, TakenBack: changes.TakenBack(aimed(s.Change), others, runs)}
	})}, nil
}

// allChanges lists what was changed, on however many pages.
func (s *server) allChanges(ctx context.Context, f store.ChangeFilter) ([]changes.Change, error) {
	var list []changes.Change
	for {
		more, cursor, err := s.Evidence.ChangeEvents(ctx, f)
		if list = append(list, more...); err != nil || cursor == "" {
			return list, err
		}
		f.Cursor = cursor
	}
}

// runsSince returns the runs of an incident, and of others that a filter finds:
// one change may have caused several, and is taken back once.
func (s *server) runsSince(ctx context.Context, i *incident.Incident, f store.IncidentFilter, books books) ([]incident.Run, error) {
	list, _, err := s.Store.Incidents(ctx, f)
	if err != nil {
		return nil, err
	}
	out := books.runsOf(i)
	for _, other := range list {
		if other.Number != i.Number {
			out = append(out, books.runsOf(other)...)
		}
	}
	return out, nil
}

// books are the runbooks that are served, by name.
type books map[string]spec.Spec

func (s *server) byName() books {
	out := books{}
	for _, b := range s.Runbooks() {
		out[b.Name] = b.Spec
	}
	return out
}

// runsOf are the runs of an incident with all parameters that they had: a run
// knows those alone that somebody gave it.
func (b books) runsOf(i *incident.Incident) []incident.Run {
	return each(i.Runs, func(r incident.Run) incident.Run {
		values, err := b[r.Name].Resolve(r.Params, i.Offered(r.Name), spec.FactsOf(i))
		if err != nil {
			return r // no longer, or never, one that is served
		}
		r.Params = map[string]string{}
		for name, v := range values {
			r.Params[name] = v.Text
		}
		return r
	})
}

// aimed is a change whose undo says what it would change, where it leaves that
// to the incident.
func (b books) aimed(i *incident.Incident, c changes.Change) changes.Change {
	book := b[c.Undo.Runbook]
	values, err := book.Resolve(c.Undo.Params, i.Offered(c.Undo.Runbook), spec.FactsOf(i))
	if err != nil {
		return c
	}
	params := book.Aim(values)
	maps.Copy(params, c.Undo.Params)
	c.Undo.Params = params
	return c
}
