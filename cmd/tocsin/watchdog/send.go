package watchdog

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// round is one page on its way by every route at once.
type round struct {
	message incident.Message
	// refused are those that will not, or that failed at their last try.
	refused []atomic.Bool
}

// reaches reports whether any route may still take it, or has.
func (r *round) reaches() bool {
	for n := range r.refused {
		if !r.refused[n].Load() {
			return true
		}
	}
	return false
}

// send hands a message to every route at once: none waits for another, so that
// one that hangs keeps nobody from being paged. What is still being tried for
// the message before is overtaken.
func (w *Watchdog) send(ctx context.Context, m incident.Message) {
	w.overtake()
	ctx, cancel := context.WithCancel(ctx)
	r := &round{message: m, refused: make([]atomic.Bool, len(w.routes))}
	w.round, w.overtake = r, cancel
	for n := range w.routes {
		w.sending.Go(func() { w.insist(ctx, r, n) })
	}
}

// insist tries one route until it takes the message, says that it never will,
// or the message is overtaken.
func (w *Watchdog) insist(ctx context.Context, r *round, n int) {
	route := w.routes[n]
	for {
		within, cancel := context.WithTimeout(ctx, sendWithin)
		err := route.Channel.Send(within, route.Address, r.message)
		cancel()
		if err == nil {
			w.took(r, n)
			return
		}
		if ctx.Err() != nil {
			return
		}
		w.failed(r, n, err)
		if incident.KindOf(err) == incident.Permanent || !pause(ctx, retryEvery) {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// took notes that a route took a message.
func (w *Watchdog) took(r *round, n int) {
	r.refused[n].Store(false)
	w.metrics.pages.WithLabelValues(w.routes[n].Name, "accepted").Inc()
	w.log.Info("paged", "route", w.routes[n].Name, "title", r.message.Title)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.round == r && w.state.Alarm() {
		w.state.Paged = time.Now().UTC()
		w.save(time.Now())
	}
}

// failed notes that a route did not, and is loud when none did.
func (w *Watchdog) failed(r *round, n int, err error) {
	r.refused[n].Store(true)
	w.metrics.pages.WithLabelValues(w.routes[n].Name, "failed").Inc()
	w.log.Error("a route does not take the page", "route", w.routes[n].Name, "error", err)
	if !r.reaches() {
		w.log.Error("NOBODY CAN BE PAGED: every route fails; look at this machine's network and at the routes", "routes", len(w.routes))
	}
}

// Speaks returns an error when no route took the last page.
func (w *Watchdog) Speaks() error {
	w.mu.Lock()
	r := w.round
	w.mu.Unlock()
	if r != nil && !r.reaches() {
		return fmt.Errorf("no route takes the page %q", r.message.Title)
	}
	return nil
}

// alarm writes the page of the present round.
func (w *Watchdog) alarm(now time.Time) incident.Message {
	since := "no beat has come since this watchdog was started"
	if !w.state.LastBeat.IsZero() {
		since = "the last beat came at " + stamp(w.state.LastBeat)
	}
	return incident.Message{
		Key:      fmt.Sprintf("watchdog/%d/%d", w.state.Raised.Unix(), w.state.Rounds),
		Incident: label, Title: w.config.Name + " does not beat", Urgent: true, At: now.UTC(),
		Body: fmt.Sprintf("%s: %s. A beat is a synthetic alert that passes the whole of %s, so it may be that no page reaches anybody, whatever is on fire.\n\n"+
			"Look at your monitoring yourself. Then see whether Tocsin, its Temporal and the network between here and there are up.\n\n"+
			"Page %d of the alarm of %s. It comes again every %s until beats come.",
			w.config.Name, since, w.config.Name, w.state.Rounds, stamp(w.state.Raised), catalog.FormatDuration(w.config.Again)),
	}
}

// relief writes that an alarm is over.
func (w *Watchdog) relief(over State, now time.Time) incident.Message {
	return incident.Message{
		Key:      fmt.Sprintf("watchdog/%d/over", over.Raised.Unix()),
		Incident: label, Title: w.config.Name + " beats again", At: now.UTC(),
		Body: fmt.Sprintf("Beats of %s come again since %s. There was an alarm since %s, paged %s. What fired meanwhile may have been paged late.",
			w.config.Name, stamp(now), stamp(over.Raised), times(over.Rounds)),
	}
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }
