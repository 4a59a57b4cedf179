package store_test

import (
	"cmp"
	"context"
	"fmt"
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

// decided is when a revision was decided, where nothing goes wrong.
func decided(i *incident.Incident) time.Time {
	return noon().Add(time.Duration(i.Revision) * time.Minute)
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

// What a person, a runbook or a provider wrote is recorded, whatever it is: an
// incident whose record the database refuses would be stuck.
func TestNoTextKeepsAnIncidentFromBeingRecorded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i, e, p := someIncident("INC-7"), entry(1), page("INC-7/1", incident.PageFailed)
		e.Text, p.Error = "a\x00b\xff", "refused: \x00"
		require.NoError(t, s.Record(t.Context(), activities.Batch{
			Number: i.Number, Epoch: "run-1", Entries: []incident.Entry{e}, Pages: []incident.Page{p},
			Incident: i, Decided: decided(i), Ordinal: i.Revision,
		}))
		lines, _, err := s.Timeline(t.Context(), "INC-7", store.TimelineFilter{})
		require.NoError(t, err)
		require.Equal(t, "a\uFFFDb\uFFFD", lines[0].Text)
		pages, _, err := s.Pages(t.Context(), store.PageFilter{Incident: "INC-7"})
		require.NoError(t, err)
		require.Equal(t, "refused: \uFFFD", pages[0].Error)
		require.NoError(t, s.Attempt(t.Context(), activities.Attempt{Key: "INC-7/1", Incident: "INC-7", At: noon(), Error: "x\x00"}))
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

func TestStaleDecisionOverwritesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		claimed := claim(t, s, firing("Errors"))
		late := activities.Batch{
			Number: claimed.Number, Epoch: "run-1", Incident: someIncident(claimed.Number), Decided: noon(),
			Entries: []incident.Entry{entry(1)}, Pages: []incident.Page{page("p1", incident.PageDue)},
		}
		late.Incident.HoldsKey = false
		late.Incident.FollowUps = []incident.FollowUp{{ID: "1", State: incident.FollowUpOpen}}

		newer := someIncident(claimed.Number)
		newer.Revision, newer.Holder = 5, "ana"
		newer.FollowUps = []incident.FollowUp{{ID: "1", State: incident.FollowUpDone}}
		require.NoError(t, s.Record(ctx, activities.Batch{
			Number: claimed.Number, Epoch: "run-1", Incident: newer, Decided: noon().Add(time.Second),
			Entries: []incident.Entry{entry(2)}, Pages: []incident.Page{page("p1", incident.PageSent)},
		}))
		require.NoError(t, s.Record(ctx, late))

		got, err := s.Incident(ctx, claimed.Number)
		require.NoError(t, err)
		require.Equal(t, "ana", got.Holder)
		lines, _, err := s.Timeline(ctx, claimed.Number, store.TimelineFilter{})
		require.NoError(t, err)
		require.Equal(t, []int{2}, sequences(lines))
		sent, _, err := s.Pages(ctx, store.PageFilter{States: []incident.PageState{incident.PageSent}})
		require.NoError(t, err)
		require.Len(t, sent, 1)
		open, _, err := s.FollowUps(ctx, store.FollowUpFilter{States: []incident.FollowUpState{incident.FollowUpOpen}})
		require.NoError(t, err)
		require.Empty(t, open)
		require.Len(t, openKeys(t, s), 1, "what is stale releases nothing")
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

func TestWhatWasDecidedStaysWhenABatchIsMissed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i := someIncident("INC-1")
		record(t, s, i, entry(1), entry(2), entry(3))
		i.Revision = 9
		require.NoError(t, s.Record(t.Context(), activities.Batch{
			Number: "INC-1", Epoch: "run-1", Ends: []activities.End{{Epoch: "run-1", Last: 3}}, Incident: i, Decided: decided(i), After: decided(i).Add(-time.Second),
		}))
		lines, _, err := s.Timeline(t.Context(), "INC-1", store.TimelineFilter{})
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 3}, sequences(lines), "the last line that was decided is one of them")
	})
}

// TestWhatWasNeverDecidedGivesWay records as a workflow does whose second task
// dies after it has recorded: the task is done again, without the command that
// it had heard, which the engine had not written down yet.
func TestWhatWasNeverDecidedGivesWay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		w := tasks{t: t, s: s, number: claim(t, s, firing("Errors")).Number}
		w.record(task{at: 1, last: 1, lines: []string{"1"}, pages: []incident.Page{page("p1", incident.PageDue), page("p2", incident.PageSent)}})

		answered := page("p2", incident.PageSent)
		answered.Answered = noon()
		lost := task{
			at: 10, after: 1, ordinal: 1, revision: 9, last: 4, lines: []string{"2 never", "3 never", "4 never"}, released: true,
			pages:     []incident.Page{page("p1", incident.PageSuperseded), answered, page("p3", incident.PageDue)},
			followUps: []incident.FollowUp{{ID: "1", Title: "a thought", State: incident.FollowUpOpen}},
		}
		w.record(lost)
		require.Empty(t, openKeys(t, s))

		again := task{
			at: 20, after: 1, ordinal: 1, revision: 2, last: 2, lines: []string{"2"},
			pages: []incident.Page{page("p1", incident.PageDue), page("p2", incident.PageSent)},
		}
		for _, one := range []task{again, again, lost} { // it may come late as well
			w.record(one)
			got, err := s.Incident(ctx, w.number)
			require.NoError(t, err)
			require.Equal(t, 2, got.Revision, "though it is lower")
			require.Equal(t, []string{"1", "2"}, w.lines())
			pages, _, err := s.Pages(ctx, store.PageFilter{})
			require.NoError(t, err)
			require.Len(t, pages, 2)
			require.Equal(t, incident.PageDue, pages[0].State)
			require.Zero(t, pages[1].Answered)
			followUps, _, err := s.FollowUps(ctx, store.FollowUpFilter{})
			require.NoError(t, err)
			require.Empty(t, followUps)
			require.Len(t, openKeys(t, s), 1, "the key is held again")
		}
		w.record(task{at: 30, after: 20, ordinal: 2, revision: 3, last: 3, lines: []string{"3"}})
		require.Equal(t, []string{"1", "2", "3"}, w.lines())
	})
}

// TestRecordsOfOneTask share their time, and follow one another by ordinal.
func TestRecordsOfOneTask(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := tasks{t: t, s: s, number: claim(t, s, firing("Errors")).Number}
		first := task{at: 1, last: 1, lines: []string{"1"}}
		w.record(first)
		w.record(task{at: 1, after: 1, ordinal: 1, revision: 2, last: 2, lines: []string{"2"}})
		w.record(first)
		got, err := s.Incident(t.Context(), w.number)
		require.NoError(t, err)
		require.Equal(t, 2, got.Revision)
		require.Equal(t, []string{"1", "2"}, w.lines())
	})
}

// TestWhatTheLastTaskOfARunLeft: the task that continues as new died once and
// was done again; the next run says how far the one before it has numbered.
func TestWhatTheLastTaskOfARunLeft(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := tasks{t: t, s: s, number: claim(t, s, firing("Errors")).Number}
		w.record(task{at: 1, last: 3, lines: []string{"1", "2", "3"}})
		w.record(task{at: 10, after: 1, ordinal: 1, revision: 6, last: 6, lines: []string{"4 never", "5 never", "6 never"}})
		w.record(task{at: 20, after: 1, ordinal: 1, revision: 4, last: 4, next: 4, lines: []string{"4"}})
		w.record(task{at: 20, after: 20, ordinal: 2, revision: 5, last: 5, next: 4, epoch: "run-2", lines: []string{"5"}})
		require.Equal(t, []string{"1", "2", "3", "4", "5"}, w.lines())
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

// tasks records what the workflow tasks of one incident decide.
type tasks struct {
	t      *testing.T
	s      *store.Store
	number string
}

// task is one record: its time, and that of the one before it, in seconds.
type task struct {
	at, after, ordinal, revision int
	epoch                        string // "run-1"
	// last is the last line of its run, next what the run before has numbered.
	last, next int
	lines      []string // the last of them, each begins with its number
	pages      []incident.Page
	followUps  []incident.FollowUp
	released   bool
}

func (w tasks) record(k task) {
	w.t.Helper()
	i := someIncident(w.number)
	i.Revision, i.FollowUps, i.HoldsKey = max(k.revision, 1), k.followUps, !k.released
	b := activities.Batch{
		Number: w.number, Epoch: cmp.Or(k.epoch, "run-1"), Incident: i, Pages: k.pages,
		Decided: noon().Add(time.Duration(k.at) * time.Second), Ordinal: k.ordinal + 1,
	}
	b.Ends = []activities.End{{Epoch: b.Epoch, Last: k.last}}
	if k.next > 0 {
		b.Ends = append(b.Ends, activities.End{Epoch: "run-1", Last: k.next})
	}
	if k.after > 0 {
		b.After = noon().Add(time.Duration(k.after) * time.Second)
	}
	for n, text := range k.lines {
		e := entry(k.last - len(k.lines) + n + 1)
		e.Text, e.Recorded = text, b.Decided
		b.Entries = append(b.Entries, e)
	}
	require.NoError(w.t, w.s.Record(w.t.Context(), b))
}

func (w tasks) lines() []string {
	w.t.Helper()
	list, _, err := w.s.Timeline(w.t.Context(), w.number, store.TimelineFilter{})
	require.NoError(w.t, err)
	var out []string
	for _, l := range list {
		out = append(out, l.Text)
	}
	return out
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
