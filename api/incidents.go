package api

import (
	"cmp"
	"context"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// ListIncidents lists incidents, the newest first.
func (s *server) ListIncidents(ctx context.Context, r gen.ListIncidentsRequestObject) (gen.ListIncidentsResponseObject, error) {
	p := r.Params
	holder, err := whoever(ctx, p.Holder)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Store.Incidents(ctx, store.IncidentFilter{
		Phases: p.Phase, Severities: p.Severity, Service: p.Service, Team: p.Team, Holder: holder,
		Open: p.Open, Since: p.Since, Until: p.Until, Text: p.Text, After: p.Cursor, Limit: p.Limit,
	})
	if err != nil {
		return nil, err
	}
	return gen.ListIncidents200JSONResponse{Incidents: each(list, summaryOf), Next: next}, nil
}

// whoever resolves "me".
func whoever(ctx context.Context, person string) (string, error) {
	if person != "me" {
		return person, nil
	}
	who := callerOf(ctx).identity
	if !who.person() {
		return "", &fieldError{message: `"me" is a person, and this is a machine's token`}
	}
	return who.token.Owner, nil
}

// GetIncident reads one incident.
func (s *server) GetIncident(ctx context.Context, r gen.GetIncidentRequestObject) (gen.GetIncidentResponseObject, error) {
	i, err := s.read(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	return gen.GetIncident200JSONResponse(viewOf(i, s.Now())), nil
}

// read reads an incident and words its absence.
func (s *server) read(ctx context.Context, number string) (*incident.Incident, error) {
	i, err := s.Store.Incident(ctx, number)
	if incident.KindOf(err) == incident.NotFound {
		return nil, incident.Errorf(incident.NotFound, "there is no incident %s", number)
	}
	return i, err
}

// DeclareIncident opens an incident by hand.
func (s *server) DeclareIncident(ctx context.Context, r gen.DeclareIncidentRequestObject) (gen.DeclareIncidentResponseObject, error) {
	if s.Intake == nil {
		return nil, incident.Errorf(incident.NotFound, "this process opens no incidents: ask the one that takes alerts")
	}
	if _, err := s.catalog(ctx); err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	h := incident.Header{By: who.identity.actor(), Via: who.via}
	key := r.Params.IdempotencyKey
	placed, err := s.Intake.Declare(ctx, intake.Declaration{
		ID: commandID(byCaller, h.By, "declare", key), Title: r.Body.Title, Service: r.Body.Service,
		Severity: r.Body.Severity, Impact: r.Body.Impact, By: h.By, Via: h.Via,
	})
	if err != nil {
		return nil, err
	}
	if r.Body.Note != "" {
		// With the same key the caller's repetition finds the same incident
		// and adds the note once.
		note := order{number: placed.Number, name: "note", args: incident.Note{Text: r.Body.Note, Highlight: true}}
		h.ID = commandID(byDeclaration, h.By, note.name, key)
		if _, err := s.send(ctx, note, h, s.glance(ctx, note.number)); err != nil {
			return nil, err
		}
	}
	return gen.DeclareIncident201JSONResponse{
		Body:    gen.Declared{Number: placed.Number},
		Headers: gen.DeclareIncident201ResponseHeaders{Location: "/v1/incidents/" + placed.Number},
	}, nil
}

// ListTimeline reads the timeline of an incident.
func (s *server) ListTimeline(ctx context.Context, r gen.ListTimelineRequestObject) (gen.ListTimelineResponseObject, error) {
	if _, err := s.read(ctx, r.Number); err != nil {
		return nil, err
	}
	limit := cmp.Or(r.Params.Limit, 50)
	entries, next, err := s.Store.Timeline(ctx, r.Number, store.TimelineFilter{
		After: r.Params.Cursor, Kinds: r.Params.Kind, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	if len(entries) < limit {
		next = "" // the store's cursor is for followers: this was the last page
	}
	return gen.ListTimeline200JSONResponse{Entries: orEmpty(entries), Next: next}, nil
}

// RedactEntry removes the text of an entry for ever.
func (s *server) RedactEntry(ctx context.Context, r gen.RedactEntryRequestObject) (gen.RedactEntryResponseObject, error) {
	i, err := s.read(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	by := callerOf(ctx).identity.actor()
	if !mayRedact(s.standings(ctx, by, i)) {
		return nil, incident.Errorf(incident.Forbidden, "only a lead of the owning team or an administrator may redact")
	}
	if err := s.Store.Redact(ctx, r.Number, r.Sequence, by.ID, r.Body.Reason); err != nil {
		return nil, err
	}
	s.Log.Info("timeline entry redacted", "incident", r.Number, "sequence", r.Sequence, "by", by.ID)
	return gen.RedactEntry204Response{}, nil
}

func mayRedact(granted []catalog.Standing) bool {
	for _, g := range granted {
		if g == catalog.Administrator || g == catalog.TeamLead {
			return true
		}
	}
	return false
}

// ListPages says who was paged, with every attempt.
func (s *server) ListPages(ctx context.Context, r gen.ListPagesRequestObject) (gen.ListPagesResponseObject, error) {
	if _, err := s.read(ctx, r.Number); err != nil {
		return nil, err
	}
	p := r.Params
	person, err := whoever(ctx, p.Person)
	if err != nil {
		return nil, err
	}
	pages, next, err := s.Store.Pages(ctx, store.PageFilter{
		Incident: r.Number, Person: person, States: statesOf(p.State), After: p.Cursor, Limit: p.Limit,
	})
	if err != nil {
		return nil, err
	}
	attempts, err := s.Store.Attempts(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	tries := map[string][]gen.Attempt{}
	for _, a := range attempts {
		tries[a.Key] = append(tries[a.Key], attemptOf(a))
	}
	out := each(pages, func(p store.Page) gen.Page { return pageOf(p, tries[p.Key]) })
	return gen.ListPages200JSONResponse{Pages: out, Next: next}, nil
}

// statesOf makes a filter of one state, or of none.
func statesOf[S ~string](state S) []incident.PageState {
	if state == "" {
		return nil
	}
	return []incident.PageState{incident.PageState(state)}
}

func attemptOf(a activities.Attempt) gen.Attempt {
	return gen.Attempt{At: a.At, Error: a.Error, Provider: a.Provider, Receipt: a.Receipt}
}

func pageOf(p store.Page, attempts []gen.Attempt) gen.Page {
	return gen.Page{
		Key: p.Key, Summons: p.Summons, Person: p.Person, Contact: p.Contact, Kind: p.Kind, Reason: p.Reason,
		Incident: p.Incident, Due: p.Due, State: gen.PageState(p.State), Sent: p.Sent, Provider: p.Provider, Delivered: p.Delivered, Answered: p.Answered, Error: p.Error,
		Attempts: attempts,
	}
}

// ListFollowUps lists follow-ups over all incidents.
func (s *server) ListFollowUps(ctx context.Context, r gen.ListFollowUpsRequestObject) (gen.ListFollowUpsResponseObject, error) {
	p := r.Params
	owner, err := whoever(ctx, p.Owner)
	if err != nil {
		return nil, err
	}
	f := store.FollowUpFilter{Owner: owner, Incident: p.Incident, After: p.Cursor, Limit: p.Limit}
	if state := cmp.Or(p.State, "open"); state != "all" {
		f.States = []incident.FollowUpState{incident.FollowUpState(state)}
	}
	if p.Overdue {
		f.DueBefore = s.Now()
	}
	list, next, err := s.Store.FollowUps(ctx, f)
	if err != nil {
		return nil, err
	}
	out := each(list, func(f store.FollowUp) gen.FollowUpItem {
		return gen.FollowUpItem{Incident: f.Incident, FollowUp: f.FollowUp}
	})
	return gen.ListFollowUps200JSONResponse{FollowUps: out, Next: next}, nil
}
