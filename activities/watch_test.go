package activities_test

import (
	"cmp"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// watched is what a watcher looks at, in memory.
type watched struct {
	inForce, ended []catalog.Silence
	firing         []alerts.Alert
	log            []string
	err            error

	heartbeats []catalog.Heartbeat
	pulses     map[string]activities.Pulse
	last       time.Time
	now        time.Time
	// refuses is what reports of the heartbeat that is stuck come to, or of all
	// when none is named.
	refuses error
	stuck   string
}

func (w *watched) Lift(context.Context, int) (int, error) {
	w.log = append(w.log, "lift")
	return len(w.firing), nil
}

func (w *watched) EndedSilences(context.Context, time.Time, int) ([]catalog.Silence, error) {
	return w.ended, w.err
}

func (w *watched) SuppressedBy(context.Context, string, int) ([]alerts.Alert, error) {
	return w.firing, nil
}

func (w *watched) TellSilence(_ context.Context, s catalog.Silence, body string, _ time.Time) error {
	w.log = append(w.log, "tell "+s.Owner+": "+body)
	return nil
}

func (w *watched) WarnSilence(_ context.Context, s catalog.Silence, body string, _ time.Time) error {
	w.log = append(w.log, "warn "+s.Owner+": "+body)
	return nil
}

func (w *watched) Current(context.Context) (*catalog.Catalog, error) {
	return (&catalog.Catalog{Heartbeats: w.heartbeats}).With(catalog.Overlay{Silences: w.inForce}), nil
}

func (w *watched) watcher() *activities.Watcher {
	return &activities.Watcher{
		Lifter: w, Silences: w, Reporter: w, Pulses: w, Catalogs: w, Now: func() time.Time { return cmp.Or(w.now, swept) },
	}
}

func silenceUntil(id string, until time.Time) catalog.Silence {
	return catalog.Silence{
		ID: id, Service: "search", From: swept.Add(-10 * time.Hour), Until: until, Reason: "new disks", Owner: "ann",
	}
}

func TestWatchTellsOwnersBeforeWhatStillFiresPages(t *testing.T) {
	w := &watched{
		ended:  []catalog.Silence{silenceUntil("s-1", swept)},
		firing: []alerts.Alert{{Labels: map[string]string{"alertname": "DiskFull"}}, {Labels: map[string]string{"alertname": "DiskFull"}}},
	}
	out, err := w.watcher().Watch(t.Context())
	require.NoError(t, err)
	require.Equal(t, activities.Watched{Lifted: 2, Told: 1}, out)
	require.Equal(t, []string{
		"tell ann: service search (new disks) is over. 2 of its alerts fire. It pages now: DiskFull.", "lift",
	}, w.log)
}

func TestWatchWarnsOwnersInTime(t *testing.T) {
	w := &watched{inForce: []catalog.Silence{
		silenceUntil("soon", swept.Add(10*time.Minute)), silenceUntil("later", swept.Add(16*time.Minute)), silenceUntil("over", swept),
	}}
	_, err := w.watcher().Watch(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{
		"warn ann: service search (new disks) ends at 2026-03-02 12:10 UTC. It keeps nothing that fires from paging.", "lift",
	}, w.log)
}

func TestWatchGoesOnPastWhatFails(t *testing.T) {
	w := &watched{err: incident.Errorf(incident.Unavailable, "the store is away")}
	_, err := w.watcher().Watch(t.Context())
	require.ErrorContains(t, err, "the store is away")
	require.Equal(t, []string{"lift"}, w.log)
}

func TestWatchNamesSomeOfManyAlerts(t *testing.T) {
	w := &watched{ended: []catalog.Silence{silenceUntil("s-1", swept)}}
	for n := range 12 {
		w.firing = append(w.firing, alerts.Alert{Labels: map[string]string{"alertname": fmt.Sprintf("A%02d", n)}})
	}
	_, err := w.watcher().Watch(t.Context())
	require.NoError(t, err)
	require.Contains(t, w.log[0], "12 of its alerts fire. It pages now: A00, A01, A02, A03, A04, A05, A06, A07, A08, A09 and 2 more.")
}
