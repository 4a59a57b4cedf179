package store_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func someIncident(number string) *incident.Incident {
	return &incident.Incident{
		Number: number, Title: "Checkout fails", Phase: incident.Triaging, Service: "checkout", Team: "payments",
		Key: `alertname="Errors"`, HoldsKey: true, Urgency: catalog.Urgent, Severity: catalog.SEV2, Revision: 1,
		Clocks: incident.Clocks{Stamps: map[incident.Clock]time.Time{incident.TriggeredAt: noon()}},
	}
}

func record(t testing.TB, s *store.Store, i *incident.Incident, entries ...incident.Entry) {
	t.Helper()
	b := activities.Batch{Number: i.Number, Epoch: "run-1", Entries: entries, Incident: i, Decided: decided(i), Ordinal: i.Revision}
	require.NoError(t, s.Record(context.Background(), b))
}

func entry(sequence int) incident.Entry {
	at := noon().Truncate(time.Microsecond).Add(time.Duration(sequence) * time.Second)
	return incident.Entry{
		Sequence: sequence, Kind: "note", Occurred: at, Recorded: at.Add(time.Millisecond),
		Actor: incident.Person("ana"), Role: incident.Commander, Source: "api",
		Text: fmt.Sprintf("line %d: it's \"odd\" → ok", sequence), Highlight: sequence%2 == 0,
	}
}

func page(key string, state incident.PageState) incident.Page {
	return incident.Page{
		Key: key, Summons: "alert-1", Person: "ana", Contact: "phone", Kind: "push", Reason: "on call",
		Due: noon().Truncate(time.Microsecond), State: state,
	}
}

// odd is what neither a person, a runbook nor a provider should write, and some
// day does.
const odd = "a\x00b\xff"

// fill gives everything that a value holds an odd text, or an entry.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(odd)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(noon()))
			return
		}
		for _, field := range v.Fields() {
			if field.CanSet() {
				fill(field)
			}
		}
	default:
	}
}

// filled is a value that is odd throughout.
func filled[T any]() T {
	var v T
	fill(reflect.ValueOf(&v).Elem())
	return v
}

// An incident whose record the database refuses would be stuck.
func TestNoTextKeepsAnIncidentFromBeingRecorded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i, e, p := filled[*incident.Incident](), filled[incident.Entry](), filled[incident.Page]()
		i.Number, i.HoldsKey = "INC-7", true
		i.SplitFrom, i.Absorbed = "", nil // other incidents
		record := func() {
			i.Revision++
			require.NoError(t, s.Record(t.Context(), activities.Batch{
				Number: i.Number, Epoch: "run-1", Entries: []incident.Entry{e}, Pages: []incident.Page{p},
				Incident: i, Decided: decided(i), Ordinal: i.Revision,
			}))
		}
		record()
		lines, _, err := s.Timeline(t.Context(), "INC-7", store.TimelineFilter{})
		require.NoError(t, err)
		require.Equal(t, "a\uFFFDb\uFFFD", lines[0].Text)
		pages, _, err := s.Pages(t.Context(), store.PageFilter{Incident: "INC-7"})
		require.NoError(t, err)
		require.Equal(t, "a\uFFFDb\uFFFD", pages[0].Error)

		require.NoError(t, s.Redact(t.Context(), "INC-7", e.Sequence, "bob", "a name"))
		e.Kind, e.Sequence = "follow-up."+odd, e.Sequence+1
		record()
		require.NoError(t, s.Redact(t.Context(), "INC-7", e.Sequence, "bob", "a name"))
		record()
		followUps, _, err := s.FollowUps(t.Context(), store.FollowUpFilter{Incident: "INC-7"})
		require.NoError(t, err)
		require.Equal(t, "(redacted)", followUps[0].Title)

		require.NoError(t, s.Attempt(t.Context(), filled[activities.Attempt]()))
		require.NoError(t, s.KeepOutput(t.Context(), "INC-7", filled[incident.Output]()))
		require.NoError(t, s.AddNotices(t.Context(), filled[activities.DutyNotice]()))
	})
}

func TestRecordIsIdempotent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		i := someIncident("INC-7")
		i.FollowUps = []incident.FollowUp{{ID: "1", Title: "Add a test", Owner: "bob", State: incident.FollowUpOpen, Due: noon()}}
		batch := activities.Batch{
			Number: "INC-7", Epoch: "run-1", Incident: i, Decided: decided(i),
			Entries: []incident.Entry{entry(1), entry(2), entry(3)},
			Pages:   []incident.Page{page("p1", incident.PageDue), page("p2", incident.PageDue), page("p1", incident.PageSent)},
		}
		for range 3 {
			require.NoError(t, s.Record(ctx, batch))
		}

		got, err := s.Incident(ctx, "INC-7")
		require.NoError(t, err)
		require.Equal(t, i, got)
		lines, next, err := s.Timeline(ctx, "INC-7", store.TimelineFilter{})
		require.NoError(t, err)
		require.Equal(t, batch.Entries, lines)
		require.NotEmpty(t, next)
		pages, _, err := s.Pages(ctx, store.PageFilter{Incident: "INC-7"})
		require.NoError(t, err)
		require.Len(t, pages, 2)
		require.Equal(t, store.Page{Incident: "INC-7", Page: page("p1", incident.PageSent)}, pages[0], "the last of equal keys")
		followUps, _, err := s.FollowUps(ctx, store.FollowUpFilter{Owner: "bob"})
		require.NoError(t, err)
		require.Equal(t, []store.FollowUp{{Incident: "INC-7", FollowUp: i.FollowUps[0]}}, followUps)
	})
}

func TestRecordReleasesTheKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := claim(t, s, firing("Errors"))
		i := someIncident(first.Number)
		record(t, s, i)
		require.Len(t, openKeys(t, s), 1)

		i.Revision, i.Phase, i.HoldsKey = 2, incident.Resolved, false
		record(t, s, i)
		require.Empty(t, openKeys(t, s))
		again := firing("Errors")
		again.Alerts[0].StartsAt = noon().Add(time.Hour)
		second := claim(t, s, again)
		require.True(t, second.New)
		require.Equal(t, first.Number, second.Recurs)

		i.Revision = 3
		record(t, s, i)
		require.Len(t, openKeys(t, s), 1, "an earlier incident does not release a later one's key")
	})
}

func TestAReopenedIncidentHoldsItsKeyAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := tasks{t: t, s: s, number: claim(t, s, firing("Errors")).Number}
		w.record(task{at: 1, last: 1})
		w.record(task{at: 2, after: 1, ordinal: 1, revision: 2, last: 1, released: true})
		require.Empty(t, openKeys(t, s))
		w.record(task{at: 3, after: 2, ordinal: 2, revision: 3, last: 1})
		require.Len(t, openKeys(t, s), 1)

		w.record(task{at: 4, after: 3, ordinal: 3, revision: 4, last: 1, released: true})
		other := firing("Errors")
		other.Alerts[0].StartsAt = noon().Add(time.Hour)
		number := claim(t, s, other).Number
		w.record(task{at: 5, after: 4, ordinal: 4, revision: 5, last: 1})
		require.Equal(t, number, openKeys(t, s)[0].Number, "unless another has it now")
	})
}

func TestRecordRefusesHalfABatch(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite(t))
	require.Equal(t, incident.Invalid, incident.KindOf(s.Record(t.Context(), activities.Batch{Number: "INC-1"})))
	require.Equal(t, incident.Invalid, incident.KindOf(s.Record(t.Context(), activities.Batch{Incident: someIncident("")})))
}

func TestRecordOfALongTimeline(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		entries := make([]incident.Entry, 1200)
		for i := range entries {
			entries[i] = entry(i + 1)
		}
		record(t, s, someIncident("INC-1"), entries...)
		require.Equal(t, len(entries), countLines(t, s, "INC-1"))
	})
}

func countLines(t *testing.T, s *store.Store, number string) int {
	t.Helper()
	n, after := 0, ""
	for {
		lines, next, err := s.Timeline(t.Context(), number, store.TimelineFilter{After: after, Limit: 200})
		require.NoError(t, err)
		if len(lines) == 0 {
			require.Equal(t, after, next)
			return n
		}
		n, after = n+len(lines), next
	}
}
