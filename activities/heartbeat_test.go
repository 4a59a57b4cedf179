package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func (w *watched) Report(_ context.Context, list []alerts.Alert) error {
	for _, a := range list {
		if w.refuses != nil && (w.stuck == "" || w.stuck == a.Labels["heartbeat"]) {
			return w.refuses
		}
		w.log = append(w.log, string(a.Status)+" "+a.Labels["heartbeat"]+" of "+a.Service+" since "+a.StartsAt.Format("15:04:05"))
	}
	return nil
}

func (w *watched) Pulses(context.Context) ([]activities.Pulse, error) {
	var out []activities.Pulse
	for _, p := range w.pulses {
		out = append(out, p)
	}
	return out, nil
}

func (w *watched) KeepPulse(_ context.Context, p activities.Pulse) error {
	known := w.pulses[p.ID]
	known.ID, known.Since, known.Missed, known.Alert = p.ID, p.Since, p.Missed, p.Alert
	w.pulses[p.ID] = known
	return nil
}

func (w *watched) DropPulse(_ context.Context, id string) error {
	delete(w.pulses, id)
	return nil
}

func (w *watched) LastWatch(context.Context) (time.Time, error) { return w.last, nil }

func (w *watched) NoteWatch(_ context.Context, at time.Time) error {
	w.last = at
	return nil
}

// beat is heard now.
func (w *watched) beat(id string) {
	p := w.pulses[id]
	p.ID, p.Seen = id, w.now
	w.pulses[id] = p
}

// until watches every ten seconds and returns what was reported.
func (w *watched) until(t *testing.T, at time.Time) []string {
	t.Helper()
	w.log = nil
	for ; !w.now.After(at); w.now = w.now.Add(10 * time.Second) {
		_, err := w.watcher().Watch(t.Context())
		require.NoError(t, err)
	}
	var out []string
	for _, line := range w.log {
		if line != "lift" {
			out = append(out, line)
		}
	}
	return out
}

// backup is expected every five minutes, and may be one late.
func backup() *watched {
	return &watched{
		now: swept, pulses: map[string]activities.Pulse{},
		heartbeats: []catalog.Heartbeat{{ID: "backup", Service: "search", Every: 5 * time.Minute, Grace: time.Minute}},
	}
}

func TestAMissedHeartbeatIsAnAlertUntilItIsBack(t *testing.T) {
	w := backup()
	require.Empty(t, w.until(t, swept.Add(5*time.Minute)))
	w.beat("backup")
	heard := w.now
	require.Empty(t, w.until(t, heard.Add(5*time.Minute+50*time.Second)))
	require.Equal(t, []string{"firing backup of search since " + heard.Add(6*time.Minute).Format("15:04:05")}, w.until(t, heard.Add(20*time.Minute)))
	missed := w.pulses["backup"].Missed
	w.beat("backup")
	require.Equal(t, []string{"resolved backup of search since " + missed.Format("15:04:05")}, w.until(t, w.now.Add(time.Minute)))
	require.Zero(t, w.pulses["backup"].Missed)
}

func TestAHeartbeatThatWasNeverHeardIsWaitedForSinceItWasDeclared(t *testing.T) {
	w := backup()
	require.Empty(t, w.until(t, swept.Add(5*time.Minute+50*time.Second)))
	require.Equal(t, []string{"firing backup of search since 12:06:00"}, w.until(t, swept.Add(10*time.Minute)))
}

func TestAnOutageOfOurOwnDoesNotLookLikeTheirs(t *testing.T) {
	w := backup()
	w.until(t, swept)
	w.beat("backup")
	w.until(t, swept.Add(time.Minute))
	w.now = swept.Add(3 * time.Hour) // nobody watched, and nothing could be heard
	back := w.now
	require.Empty(t, w.until(t, back.Add(5*time.Minute+50*time.Second)))
	require.Equal(t, []string{"firing backup of search since " + back.Add(6*time.Minute).Format("15:04:05")}, w.until(t, back.Add(10*time.Minute)))
}

func TestWhatWasNotTakenInIsReportedAgain(t *testing.T) {
	w := backup()
	w.until(t, swept.Add(5*time.Minute+50*time.Second))
	w.refuses = incident.Errorf(incident.Unavailable, "Temporal is away")
	w.log = nil
	_, err := w.watcher().Watch(t.Context())
	require.ErrorContains(t, err, "Temporal is away")
	require.Zero(t, w.pulses["backup"].Missed)
	w.refuses = nil
	require.Equal(t, []string{"firing backup of search since 12:06:00"}, w.until(t, w.now.Add(time.Minute)))
}

// What was reported is what ends, wherever the catalog would have it now.
func TestAMissedHeartbeatEndsWhereItWasReported(t *testing.T) {
	tests := map[string]func(w *watched){
		"it is not expected any more": func(w *watched) { w.heartbeats = nil },
		"it is another service's": func(w *watched) {
			w.heartbeats[0].Service = "checkout"
			w.beat("backup")
		},
		"it is expected less often": func(w *watched) { w.heartbeats[0].Every = time.Hour },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			w := backup()
			w.until(t, swept)
			w.beat("backup")
			w.until(t, swept.Add(10*time.Minute))
			change(w)
			require.Equal(t, []string{"resolved backup of search since 12:06:10"}, w.until(t, w.now.Add(time.Minute)))
			require.Zero(t, w.pulses["backup"].Missed)
		})
	}
}

func TestAHeartbeatThatIsNotExpectedAnyMoreIsForgotten(t *testing.T) {
	w := backup()
	w.until(t, swept)
	w.heartbeats = nil
	require.Empty(t, w.until(t, w.now.Add(time.Minute)))
	require.Empty(t, w.pulses)
}

// The incident of one heartbeat may be stuck for hours.
func TestAHeartbeatThatCannotBeReportedKeepsNoOther(t *testing.T) {
	w := backup()
	w.heartbeats = append(w.heartbeats, catalog.Heartbeat{ID: "reindex", Service: "search", Every: 10 * time.Minute, Grace: time.Minute})
	w.until(t, swept)
	w.refuses, w.stuck = incident.Errorf(incident.Unavailable, "INC-7 cannot answer"), "backup"
	w.log = nil
	for end := swept.Add(time.Hour); w.now.Before(end); w.now = w.now.Add(10 * time.Second) {
		_, err := w.watcher().Watch(t.Context())
		require.Equal(t, w.now.Sub(swept) >= 6*time.Minute, err != nil, "%v", err)
	}
	require.Contains(t, w.log, "firing reindex of search since 12:11:00")
	w.refuses = nil
	require.Equal(t, []string{"firing backup of search since 12:06:00"}, w.until(t, w.now.Add(time.Minute)))
}

// A watch that dies after its report was taken in leaves it to the next one,
// which finds the heartbeat back.
func TestAHeartbeatThatIsBackBeforeItsMissIsNotedEndsItsAlert(t *testing.T) {
	w := backup()
	require.Len(t, w.until(t, swept.Add(6*time.Minute)), 1)
	p := w.pulses["backup"]
	p.Missed = time.Time{} // as the watch left it that died
	w.pulses["backup"] = p
	w.beat("backup")
	require.Equal(t, []string{"resolved backup of search since 12:06:00"}, w.until(t, w.now.Add(time.Minute)))
	require.Empty(t, w.pulses["backup"].Alert.Status)
}
