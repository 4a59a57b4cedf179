package store_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// decided is when a revision was decided, where nothing goes wrong.
func decided(i *incident.Incident) time.Time {
	return noon().Add(time.Duration(i.Revision) * time.Minute)
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
