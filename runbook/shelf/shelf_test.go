package shelf_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/shelf"
	"github.com/tocsinhq/tocsin/runbook/spec"
)

// rows is a store that may be away.
type rows struct {
	list  []activities.ServedRunbook
	by    map[string]string
	since time.Time
	reads int
	err   error
}

func (r *rows) KeepServed(_ context.Context, list []activities.ServedRunbook, _ time.Time) (map[string]string, error) {
	r.list = append(r.list, list...)
	return r.by, r.err
}

func (r *rows) Served(_ context.Context, since time.Time) ([]activities.ServedRunbook, error) {
	r.reads++
	r.since = since
	return r.list, r.err
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func about(name, queue string, heard time.Time) activities.ServedRunbook {
	return activities.ServedRunbook{Name: name, Queue: queue, Spec: `{"name":"` + name + `","about":"It does."}`, Heard: heard}
}

func newShelf(r *rows) *shelf.Shelf {
	return &shelf.Shelf{Store: r, Own: []spec.Spec{{Name: "rollback"}}, Queue: "runbooks", Now: func() time.Time { return noon }}
}

func TestAShelfKnowsItsOwnAndThoseOfOthers(t *testing.T) {
	r := &rows{list: []activities.ServedRunbook{
		about("drain", "acme", noon), about("rollback", "acme", noon), about("old", "acme", noon.Add(-25*time.Hour)),
		{Name: "broken", Queue: "acme", Spec: "{", Heard: noon},
	}}
	s := newShelf(r)
	_, known := s.Called("drain")
	require.False(t, known, "nothing was read yet")
	require.NoError(t, s.Refresh(t.Context()))
	require.Equal(t, noon.Add(-24*time.Hour), r.since)
	require.Equal(t, []spec.Served{
		{Spec: spec.Spec{Name: "rollback"}, Queue: "runbooks"},
		{Spec: spec.Spec{Name: "drain", About: "It does."}, Queue: "acme", Heard: noon},
	}, s.All(), "a name of Tocsin's own is nobody else's")

	r.err = incident.Errorf(incident.Unavailable, "away")
	require.Error(t, s.Refresh(t.Context()))
	found, known := s.Called("drain")
	require.True(t, known, "what was read stays while the store is away")
	require.Equal(t, "It does.", found.About)
}

func TestTheQueueOfARunbookIsKnownWithoutTheStoreWhereItCanBe(t *testing.T) {
	r := &rows{list: []activities.ServedRunbook{about("drain", "acme", noon)}}
	s := newShelf(r)
	queue, err := s.QueueOf(t.Context(), "rollback")
	require.NoError(t, err)
	require.Equal(t, "runbooks", queue)
	require.Zero(t, r.reads)
	queue, err = s.QueueOf(t.Context(), "drain")
	require.NoError(t, err)
	require.Equal(t, "acme", queue)
	require.Equal(t, 1, r.reads, "what is not known is looked for")
	_, err = s.QueueOf(t.Context(), "nothing")
	require.Equal(t, incident.NotFound, incident.KindOf(err))

	r.err = incident.Errorf(incident.Unavailable, "away")
	queue, err = s.QueueOf(t.Context(), "drain")
	require.NoError(t, err)
	require.Equal(t, "acme", queue)
	_, err = s.QueueOf(t.Context(), "nothing")
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "nobody can say that there is none")
}

func TestWhatComesWithTocsinOrIsServedElsewhereIsRefused(t *testing.T) {
	r := &rows{by: map[string]string{"drain": "acme", "fill": "other"}}
	s := newShelf(r)
	refused, err := s.Shelve(t.Context(), []activities.ServedRunbook{about("drain", "acme", time.Time{}), about("fill", "acme", time.Time{}), about("rollback", "acme", time.Time{})})
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"rollback": "a runbook of this name comes with Tocsin", "fill": "a runbook of this name is served on the task queue other",
	}, refused)
	require.Equal(t, []activities.ServedRunbook{about("drain", "acme", noon), about("fill", "acme", noon)}, r.list, "heard of now")

	r.list = nil
	refused, err = s.Shelve(t.Context(), []activities.ServedRunbook{about("rollback", "acme", noon)})
	require.NoError(t, err)
	require.Len(t, refused, 1)
	require.Empty(t, r.list)
	r.err = incident.Errorf(incident.Unavailable, "away")
	_, err = s.Shelve(t.Context(), []activities.ServedRunbook{about("drain", "acme", noon)})
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

func TestAShelfReadsUntilItsEnd(t *testing.T) {
	r := &rows{list: []activities.ServedRunbook{about("drain", "acme", noon)}}
	s := newShelf(r)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Keep(ctx) }()
	require.Eventually(t, func() bool { _, known := s.Called("drain"); return known }, 10*time.Second, time.Millisecond)
	cancel()
	<-ended
}
