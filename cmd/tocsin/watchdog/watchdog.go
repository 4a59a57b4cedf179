// Package watchdog is a dead-man's switch for Tocsin, to be run on another
// machine: it hears beats at a secret address and, when none has come for a
// while, pages the last resort by routes of its own, again and again, until
// beats come again. It needs neither Tocsin, nor Temporal, nor a database.
package watchdog

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// label stands where a page has the number of its incident.
const label = "Watchdog:"

const (
	// retryEvery is the pause after a route that failed, until the page is
	// overtaken by the next one.
	retryEvery = 15 * time.Second
	// saveEvery bounds how often a beat is written down.
	saveEvery = time.Minute
)

// Watchdog hears beats and pages when they are missing. It is safe for
// concurrent use.
type Watchdog struct {
	config  Config
	routes  []Route
	log     *slog.Logger
	metrics *metrics
	wake    chan struct{}
	sending sync.WaitGroup

	mu    sync.Mutex
	state State
	// heard is when the last beat came, or this process began: it has the
	// monotonic clock and does not jump.
	heard time.Time
	// beaten says that a beat came that was not looked at yet.
	beaten bool
	// due is the next page of an alarm.
	due   time.Time
	saved time.Time
	// round is the page that is being sent, overtake ends it.
	round    *round
	overtake context.CancelFunc
}

// New returns a watchdog that goes on where the state left off. Whatever the
// state says, beats may be missing for as long as ever after a start: an alarm
// is kept, and none is raised for the time that nobody listened.
func New(c Config, routes []Route, log *slog.Logger, registry prometheus.Registerer) *Watchdog {
	w := &Watchdog{
		config: c, routes: routes, log: log, wake: make(chan struct{}, 1), heard: time.Now(),
		overtake: func() {},
	}
	w.metrics = newMetrics(registry, w)
	w.state = w.remembered()
	if w.state.Alarm() {
		w.due = w.heard.Add(w.rest())
		w.log.Warn("an alarm was left open: it goes on until a beat comes", "since", w.state.Raised, "next_page", w.due)
	}
	return w
}

// remembered reads the state. A file of no use is as good as none: an alarm
// that it held is raised anew within the time that a beat may be missing.
func (w *Watchdog) remembered() State {
	s, err := LoadState(w.config.State)
	if err != nil {
		w.log.Error("the state cannot be read: starting as if there was none", "error", err)
		return State{}
	}
	return s
}

// rest is how long the next page of a remembered alarm waits: as it would
// have without the restart, and never longer than between two pages, however
// the clock was set.
func (w *Watchdog) rest() time.Duration {
	if w.state.Paged.IsZero() {
		return 0
	}
	since := w.heard.Round(0).Sub(w.state.Paged)
	return min(max(w.config.Again-since, 0), w.config.Again)
}

// Beat takes a beat in.
func (w *Watchdog) Beat() {
	w.mu.Lock()
	w.heard, w.beaten = time.Now(), true
	w.mu.Unlock()
	w.metrics.beats.WithLabelValues("heard").Inc()
	select {
	case w.wake <- struct{}{}:
	default: // it will look already
	}
}

// Run watches until ctx ends, and returns when what was being sent has ended.
// It fails at once when the state cannot be kept.
func (w *Watchdog) Run(ctx context.Context) error {
	if err := w.state.Save(w.config.State); err != nil {
		return err
	}
	defer w.sending.Wait()
	w.announce()
	for {
		timer := time.NewTimer(w.step(ctx, time.Now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.state.Save(w.config.State)
		case <-w.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// announce says what this watchdog would do.
func (w *Watchdog) announce() {
	var names []string
	for _, r := range w.routes {
		names = append(names, r.Name)
	}
	state, _ := filepath.Abs(w.config.State) // for people alone
	w.log.Info("watching: a beat that is missing pages every route, again and again until beats come",
		"what", w.config.Name, "after", w.config.After, "again", w.config.Again, "routes", names, "state", state)
	if len(w.routes) < 2 {
		w.log.Warn("there is one route only: when it fails nobody is paged; add another one")
	}
}

// step acts on what is due, and returns how long nothing else will be.
func (w *Watchdog) step(ctx context.Context, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.beaten {
		w.beaten = false
		w.state.LastBeat = w.heard.UTC().Round(0)
		w.recover(ctx, now)
	}
	missing := now.Sub(w.heard) >= w.config.After
	switch {
	case !w.state.Alarm() && missing:
		w.raise(ctx, now)
	case w.state.Alarm() && !now.Before(w.due):
		w.page(ctx, now)
	}
	if w.state.Alarm() {
		return w.due.Sub(now)
	}
	return w.heard.Add(w.config.After).Sub(now)
}

// recover ends an alarm, and else writes the beat down now and then.
func (w *Watchdog) recover(ctx context.Context, now time.Time) {
	if !w.state.Alarm() {
		if now.Sub(w.saved) >= saveEvery {
			w.save(now)
		}
		return
	}
	over := w.state
	w.state = State{LastBeat: w.state.LastBeat}
	w.log.Info("beats come again", "alarm_since", over.Raised, "pages", over.Rounds)
	w.save(now)
	w.send(ctx, w.relief(over, now))
}

// raise begins an alarm. It is written down before anybody is paged: a crash
// in between pages at the next start.
func (w *Watchdog) raise(ctx context.Context, now time.Time) {
	w.state.Raised = now.UTC().Round(0)
	w.state.Paged, w.state.Rounds = time.Time{}, 0
	w.log.Error("no beat: paging the last resort", "what", w.config.Name, "last_beat", w.state.LastBeat)
	w.page(ctx, now)
}

// page sends one page of an alarm, and sets when the next one is due.
func (w *Watchdog) page(ctx context.Context, now time.Time) {
	w.state.Rounds++
	w.due = now.Add(w.config.Again)
	w.save(now)
	w.send(ctx, w.alarm(now))
}

// save writes the state down. What cannot be written is tried again with the
// next change; paging does not depend on it.
func (w *Watchdog) save(now time.Time) {
	w.saved = now
	if err := w.state.Save(w.config.State); err != nil {
		w.log.Error("a restart would forget the state", "error", err)
	}
}
