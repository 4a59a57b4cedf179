package activities_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

var swept = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// mended writes down what the sweeper asked to be mended.
type mended struct {
	log  []string
	gone map[string]bool
	err  error
}

func (m *mended) Resend(_ context.Context, before time.Time, _ int) (int, int, error) {
	m.log = append(m.log, "resend before "+swept.Sub(before).String())
	return 3, 1, m.err
}

func (m *mended) Inspect(_ context.Context, number string) (bool, error) {
	m.log = append(m.log, "inspect "+number)
	return m.gone[number], m.err
}

func (m *mended) ReportStuck(_ context.Context, numbers []string) error {
	m.log = append(m.log, "stuck "+strings.Join(numbers, " "))
	return m.err
}

// histories is a store and an engine of runs in memory.
type histories struct {
	silent, troubled []string
	runs             []activities.ClosedRun
	saved            map[string][]byte
	asked            time.Time
	limit            int
	looked           []string
	own              string
	old              []int64
	poison           string
	err              error
}

func (h *histories) Silent(_ context.Context, since time.Time, limit int) ([]string, error) {
	h.asked, h.limit = since, limit
	return h.silent, h.err
}

func (h *histories) Looked(_ context.Context, numbers []string, _ time.Time) error {
	h.looked = append(h.looked, numbers...)
	return h.err
}

func (h *histories) Incident(_ context.Context, number string) (*incident.Incident, error) {
	if number == h.own {
		return &incident.Incident{Origin: "tocsin"}, nil
	}
	return nil, incident.Errorf(incident.Unavailable, "away")
}

func (h *histories) Purge(context.Context, time.Time) (int64, error) {
	if len(h.old) == 0 {
		return 0, h.err
	}
	n := h.old[0]
	h.old = h.old[1:]
	return n, h.err
}

func (h *histories) HasHistory(_ context.Context, id, run string) (bool, error) {
	_, ok := h.saved[id+run]
	return ok, h.err
}

func (h *histories) SaveHistory(_ context.Context, id, run string, _ time.Time, gz []byte) error {
	h.saved[id+run] = gz
	return h.err
}

func (h *histories) Troubled(context.Context) ([]string, error) { return h.troubled, h.err }

func (h *histories) ClosedRuns(_ context.Context, since time.Time) ([]activities.ClosedRun, error) {
	h.asked = since
	var out []activities.ClosedRun
	for _, run := range h.runs {
		if !run.Closed.Before(since) {
			out = append(out, run)
		}
	}
	return out, h.err
}

func (h *histories) RunHistory(_ context.Context, id, run string) ([]byte, error) {
	if run == h.poison {
		return nil, incident.Errorf(incident.Unavailable, "the history of %s cannot be read", run)
	}
	return []byte(id + " " + run), h.err
}

func newSweeper() (*activities.Sweeper, *mended, *histories) {
	m, h := &mended{gone: map[string]bool{}}, &histories{saved: map[string][]byte{}}
	return &activities.Sweeper{Mender: m, Keeper: h, Runs: h, Now: func() time.Time { return swept }}, m, h
}

func TestSendWaiting(t *testing.T) {
	s, m, _ := newSweeper()
	out, err := s.SendWaiting(t.Context())
	require.NoError(t, err)
	require.Equal(t, activities.SweptRows{Sent: 3, Failed: 1}, out)
	require.Equal(t, []string{"resend before 15s"}, m.log)
}

func TestInspectSilent(t *testing.T) {
	s, m, h := newSweeper()
	h.silent = []string{"INC-1", "INC-2"}
	m.gone["INC-2"] = true
	gone, err := s.InspectSilent(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"INC-2"}, gone)
	require.Equal(t, []string{"inspect INC-1", "inspect INC-2"}, m.log)
	require.Equal(t, 10*time.Minute, swept.Sub(h.asked))
	require.Equal(t, 200, h.limit)
	require.Equal(t, h.silent, h.looked)
}

func TestReportTroubled(t *testing.T) {
	s, m, h := newSweeper()
	h.troubled, h.own = []string{"INC-7", "INC-8", "INC-9"}, "INC-8"
	numbers, err := s.ReportTroubled(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"INC-7", "INC-9"}, numbers)
	require.Equal(t, []string{"stuck INC-7 INC-9"}, m.log, "an incident about Tocsin itself opens no other")
}

func TestReportsNothingWhenOnlyItsOwnIncidentIsStuck(t *testing.T) {
	s, m, h := newSweeper()
	h.troubled, h.own = []string{"INC-8"}, "INC-8"
	numbers, err := s.ReportTroubled(t.Context())
	require.NoError(t, err)
	require.Empty(t, numbers)
	require.Empty(t, m.log)
}

func TestHistoryThatCannotBeReadStopsNoOther(t *testing.T) {
	s, _, h := newSweeper()
	for n := range 3 {
		closed := swept.Add(time.Duration(n-3) * time.Hour)
		h.runs = append(h.runs, activities.ClosedRun{WorkflowID: "INC-1", RunID: fmt.Sprint(n), Closed: closed})
	}
	h.poison = "1"
	saved, err := s.KeepHistories(t.Context())
	require.ErrorContains(t, err, "the history of 1")
	require.Equal(t, 2, saved)
	h.poison = ""
	saved, err = s.KeepHistories(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, saved, "it is tried again, however old it is by then")
	require.Len(t, h.saved, 3)
}

func TestPurgesOnceAnHour(t *testing.T) {
	now := swept
	s, _, h := newSweeper()
	s.Now = func() time.Time { return now }
	for _, want := range []int64{700, 0} {
		h.old = []int64{500, 200}
		n, err := s.Purge(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	now = now.Add(time.Hour)
	n, err := s.Purge(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 700, n)
}

func TestSweepDoesEveryStepWhateverFails(t *testing.T) {
	s, m, h := newSweeper()
	m.err = incident.Errorf(incident.Unavailable, "the engine is away")
	h.silent, h.troubled, h.old = []string{"INC-1"}, []string{"INC-2"}, []int64{5}
	h.runs = []activities.ClosedRun{{WorkflowID: "INC-3", RunID: "a", Closed: swept}}
	out, err := s.Sweep(t.Context())
	require.ErrorContains(t, err, "the engine is away")
	require.Equal(t, activities.Swept{
		Rows: activities.SweptRows{Sent: 3, Failed: 1}, Troubled: []string{"INC-2"}, Histories: 1, Purged: 5,
	}, out)
	require.Empty(t, h.looked, "it is looked at again by the next sweep")
}

func TestOneThatFailsDoesNotHideTheOthers(t *testing.T) {
	s, m, h := newSweeper()
	h.silent, h.troubled = []string{"INC-1", "INC-2"}, []string{"INC-3", "INC-4"}
	m.err = incident.Errorf(incident.Unavailable, "away")
	_, err := s.InspectSilent(t.Context())
	require.Error(t, err)
	_, err = s.ReportTroubled(t.Context())
	require.Error(t, err)
	require.Equal(t, []string{"inspect INC-1", "inspect INC-2", "stuck INC-3 INC-4"}, m.log)
}

func TestKeepHistoriesOnce(t *testing.T) {
	s, _, h := newSweeper()
	for n := range 250 {
		h.runs = append(h.runs, activities.ClosedRun{
			WorkflowID: "INC-1", RunID: fmt.Sprint(n), Closed: swept.Add(time.Duration(n-250) * time.Second),
		})
	}
	for _, want := range []int{100, 100, 50, 0} {
		saved, err := s.KeepHistories(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, saved)
	}
	require.Len(t, h.saved, 250)
	require.Equal(t, swept.Add(-time.Second-10*time.Minute), h.asked)
	r, err := gzip.NewReader(bytes.NewReader(h.saved["INC-17"]))
	require.NoError(t, err)
	plain, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "INC-1 7", string(plain))
}

func TestAnotherProcessFindsHistoriesKept(t *testing.T) {
	s, _, h := newSweeper()
	h.runs = []activities.ClosedRun{{WorkflowID: "INC-1", RunID: "a", Closed: swept.Add(-48 * time.Hour)}}
	saved, err := s.KeepHistories(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, saved)
	other := &activities.Sweeper{Keeper: h, Runs: h, Now: s.Now}
	saved, err = other.KeepHistories(t.Context())
	require.NoError(t, err)
	require.Zero(t, saved)
}

func TestEngineOrStoreAway(t *testing.T) {
	s, _, h := newSweeper()
	h.err = incident.Errorf(incident.Unavailable, "away")
	_, err := s.InspectSilent(t.Context())
	require.Error(t, err)
	_, err = s.ReportTroubled(t.Context())
	require.Error(t, err)
	_, err = s.KeepHistories(t.Context())
	require.Error(t, err)
}
