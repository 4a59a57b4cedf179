package store_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		i := someIncident("INC-1")
		record(t, s, i, entry(1), entry(2))
		require.NoError(t, s.Redact(ctx, "INC-1", 2, "ana", "names a customer"))
		require.NoError(t, s.Redact(ctx, "INC-1", 2, "bob", "once more"))
		record(t, s, i, entry(1), entry(2)) // a repeat does not bring it back

		lines, _, err := s.Timeline(ctx, "INC-1", store.TimelineFilter{})
		require.NoError(t, err)
		require.Equal(t, entry(1), lines[0])
		want := entry(2)
		want.Text, want.Redacted = "Redacted by ana: names a customer", true
		require.Equal(t, want, lines[1])

		for number, sequence := range map[string]int{"INC-1": 3, "INC-2": 1} {
			err := s.Redact(ctx, number, sequence, "ana", "gone")
			require.Equal(t, incident.NotFound, incident.KindOf(err))
		}
	})
}

// said is a line of a kind, as the incident writes it.
func said(sequence int, kind, text string) incident.Entry {
	e := entry(sequence)
	e.Kind, e.Text = kind, text
	return e
}

// outspoken is an incident whose fields repeat its timeline.
func outspoken() (*incident.Incident, []incident.Entry) {
	i := someIncident("INC-1")
	i.Title, i.Status, i.NextStep, i.What = "ACME cannot pay", "ACME is called", "wait", "ACME's card is refused"
	i.Updates.Last = &incident.StatusUpdate{What: "ACME cannot pay", Doing: "calling"}
	i.FollowUps = []incident.FollowUp{{ID: "1", Title: "Say sorry to ACME", Owner: "bob", State: incident.FollowUpOpen}}
	i.Feedback = incident.Given{Reason: "ACME called first", By: "bob", At: noon().UTC()}
	return i, []incident.Entry{
		said(1, "opened", "INC-1 opened: ACME cannot pay"),
		said(2, "classified", "SEV2: ACME's card is refused; external impact (unknown); can be fixed by ana."),
		said(3, "status", "Now: ACME is called Next: wait"),
		said(4, "update.posted", "Status update 1: ACME cannot pay calling"),
		said(5, "follow-up.added", "Follow-up 1 for bob until 2026-12-06: Say sorry to ACME"),
		said(6, "note", "ACME cannot pay, wait"),
		said(7, "feedback", "bob says that it was not actionable: ACME called first"),
	}
}

func TestRedactedWordsLeaveTheIncident(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		line int
		gone func(i *incident.Incident) []*string
	}{
		"title":     {1, func(i *incident.Incident) []*string { return []*string{&i.Title} }},
		"what":      {2, func(i *incident.Incident) []*string { return []*string{&i.What} }},
		"status":    {3, func(i *incident.Incident) []*string { return []*string{&i.Status, &i.NextStep} }},
		"update":    {4, func(i *incident.Incident) []*string { return []*string{&i.Updates.Last.What, &i.Updates.Last.Doing} }},
		"follow-up": {5, func(i *incident.Incident) []*string { return []*string{&i.FollowUps[0].Title} }},
		"feedback":  {7, func(i *incident.Incident) []*string { return []*string{&i.Feedback.Reason} }},
		"a note":    {6, func(*incident.Incident) []*string { return nil }},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for name, tt := range tests {
			i, entries := outspoken()
			i.Number = "INC-" + name
			record(t, s, i, entries...)
			require.NoError(t, s.Redact(t.Context(), i.Number, tt.line, "ana", "names a customer"))

			want, _ := outspoken()
			want.Number = i.Number
			for _, text := range tt.gone(want) {
				*text = "(redacted)"
			}
			requireStored(t, s, want)

			i.Revision++ // the workflow knows the words still
			record(t, s, i)
			want.Revision++
			requireStored(t, s, want)
		}
	})
}

// requireStored holds what every reader is given against an incident.
func requireStored(t *testing.T, s *store.Store, want *incident.Incident) {
	t.Helper()
	got, err := s.Incident(t.Context(), want.Number)
	require.NoError(t, err)
	require.Equal(t, want, got)
	found, _, err := s.Incidents(t.Context(), store.IncidentFilter{Text: "acme cannot", Limit: 200})
	require.NoError(t, err)
	named := false
	for _, i := range found {
		named = named || i.Number == want.Number
	}
	require.Equal(t, want.Title == "ACME cannot pay", named, "a search for the words finds what shows them")
	tasks, _, err := s.FollowUps(t.Context(), store.FollowUpFilter{Incident: want.Number})
	require.NoError(t, err)
	require.Equal(t, want.FollowUps[0].Title, tasks[0].Title)
}

func TestRedactionEndsWithTheWords(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i, entries := outspoken()
		record(t, s, i, entries...)
		require.NoError(t, s.Redact(t.Context(), "INC-1", 3, "ana", "names a customer"))
		require.NoError(t, s.Redact(t.Context(), "INC-1", 5, "ana", "names a customer"))
		i.Revision++
		i.Status, i.NextStep = "The customer is called", "wait"
		late := activities.Batch{Number: "INC-1", Epoch: "run-1", Incident: i, Decided: decided(i), Ordinal: i.Revision, Entries: entries}
		require.NoError(t, s.Record(t.Context(), late))

		got, err := s.Incident(t.Context(), "INC-1")
		require.NoError(t, err)
		require.Equal(t, "The customer is called", got.Status, "new words are shown")
		require.Equal(t, "(redacted)", got.NextStep, "words that were redacted stay so when they are repeated")
		require.Equal(t, "(redacted)", got.FollowUps[0].Title, "an earlier mark holds beside a later one")
	})
}

// tracker keeps what a ticket was last made to say.
type tracker struct{ incident.Ticket }

func (k *tracker) Ensure(context.Context, incident.Ticket) (incident.TicketRef, error) {
	return incident.TicketRef{}, incident.Errorf(incident.Permanent, "the ticket is there")
}

func (k *tracker) Update(_ context.Context, _ incident.TicketRef, t incident.Ticket) error {
	k.Ticket = t
	return nil
}

func (k *tracker) Read(context.Context, []incident.TicketRef) ([]incident.TicketStatus, error) {
	return nil, nil
}

func TestRedactedWordsLeaveTheTicket(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i, entries := outspoken()
		for n := range entries {
			entries[n].Highlight = true
		}
		record(t, s, i, entries...)
		for _, e := range entries {
			require.NoError(t, s.Redact(t.Context(), "INC-1", e.Sequence, "ana", "names a customer"))
		}

		shown := new(tracker)
		publisher := &activities.Publisher{Tracker: shown, Incidents: s, Pager: &activities.Pager{
			Links: activities.Links{Base: "https://tocsin.example.org", Signer: acklink.Signer{Key: make([]byte, 32)}},
		}}
		env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
		env.RegisterActivity(publisher)
		_, err := env.ExecuteActivity(publisher.Publish, activities.Publication{
			Number: "INC-1", Ticket: &activities.TicketOrder{Revision: i.Revision, Ref: incident.TicketRef{ID: "10001"}},
		})
		require.NoError(t, err)
		require.Contains(t, shown.Block, "**Now:** (redacted)")
		require.Contains(t, shown.Block, "Redacted by ana: names a customer")
		require.NotContains(t, shown.Summary+shown.Block, "ACME")
	})
}
