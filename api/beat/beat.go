// Package beat proves every minute that an alert still reaches a phone. A
// synthetic alert comes in by HTTP at this process' own address, is parsed and
// taken as every delivery is, opens an incident, and pages the watchdog
// outside; half a minute later it resolves, and the incident ends as
// transient. Nothing here tells the watchdog anything: only the page does.
//
// Every process that takes alerts beats. The number of a beat is made of its
// moment, so that the beats of several processes are one.
package beat

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Intake takes a delivery of alerts.
type Intake interface {
	Take(ctx context.Context, d alerts.Delivery) (intake.Receipt, error)
}

// Config is what a Keeper is made of. Fed is needed, and Intake by Run.
type Config struct {
	Intake Intake
	// Fed returns when the watchdog was last fed, by whatever process.
	Fed func(ctx context.Context) (time.Time, error)
	// Forget removes what the engine keeps of a beat of an hour ago; nil
	// leaves it there. Its error is of kind incident.NotFound when there is
	// nothing.
	Forget func(ctx context.Context, number string) error
	// Every is the time between two beats, in whole seconds; zero is a minute.
	Every time.Duration
	// Log is slog.Default() when nil.
	Log *slog.Logger
	// Metrics is where the metrics are registered; nil registers none.
	Metrics prometheus.Registerer
}

// Keeper beats, and knows whether beats arrive. It is safe for concurrent use.
type Keeper struct {
	config  Config
	key     string
	started time.Time
	metrics *metrics
	last    atomic.Int64
}

// keeps is for how long the engine keeps a beat that was forgotten by nobody
// else.
const keeps = time.Hour

// New returns a Keeper that does not beat yet.
func New(c Config) *Keeper {
	c.Every = cmp.Or(c.Every, time.Minute)
	c.Log = cmp.Or(c.Log, slog.Default())
	k := &Keeper{config: c, key: rand.Text(), started: time.Now()}
	k.metrics = newMetrics(c.Metrics, k.lastSeconds)
	return k
}

// Run beats until ctx ends, by the address that Guard's handler is served at.
func (k *Keeper) Run(ctx context.Context, addr string) {
	door := newDoor(addr, k.key)
	every := k.config.Every
	for moment := next(time.Now(), every); sleep(ctx, moment, every); moment = next(time.Now(), every) {
		half := moment.Add(every / 2)
		k.insist(ctx, door, firing(moment), half)
		if !sleep(ctx, half, every) {
			return
		}
		k.insist(ctx, door, resolved(moment), moment.Add(every*9/10))
		k.look(ctx)
		k.forget(ctx, moment.Add(-keeps))
	}
}

// next returns the moment of the next beat. One that has just begun counts.
func next(now time.Time, every time.Duration) time.Time {
	moment := now.Truncate(every)
	if now.Sub(moment) > every/4 {
		moment = moment.Add(every)
	}
	return moment
}

// sleep waits for a time, but not longer than most: clocks are set back. It
// reports false when ctx has ended.
func sleep(ctx context.Context, until time.Time, most time.Duration) bool {
	timer := time.NewTimer(min(time.Until(until), most))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// insist knocks until it is taken or it is too late.
func (k *Keeper) insist(ctx context.Context, d *door, body []byte, until time.Time) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	pause := max(k.config.Every/20, 100*time.Millisecond)
	for {
		err := d.knock(ctx, body)
		if err == nil {
			k.metrics.beats.WithLabelValues("accepted").Inc()
			return
		}
		k.metrics.beats.WithLabelValues("refused").Inc()
		if !sleep(ctx, time.Now().Add(pause), pause) {
			k.config.Log.Warn("the intake does not take the beat: the watchdog outside will say so", "error", err)
			return
		}
	}
}

// look learns when the watchdog was last fed, and returns it.
func (k *Keeper) look(ctx context.Context) time.Time {
	at, err := k.config.Fed(ctx)
	if err != nil {
		k.config.Log.Warn("when the watchdog was last fed is not known for certain", "error", err)
	}
	for {
		before := k.last.Load()
		if at.IsZero() || at.UnixNano() <= before || k.last.CompareAndSwap(before, at.UnixNano()) {
			break
		}
	}
	if n := k.last.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

func (k *Keeper) lastSeconds() float64 { return float64(k.last.Load()) / float64(time.Second) }

func (k *Keeper) forget(ctx context.Context, moment time.Time) {
	if k.config.Forget == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := k.config.Forget(ctx, incident.BeatNumber(moment))
	if err != nil && incident.KindOf(err) != incident.NotFound && ctx.Err() == nil {
		k.config.Log.Debug("an old beat stays with the engine until its retention ends", "error", err)
	}
}

// lateAfter is how many beats may be missed unnoticed.
const lateAfter = 3

// Probe returns an error when no beat has reached the watchdog for three
// beats' time; a process that has just started is given as long.
func (k *Keeper) Probe(ctx context.Context) error {
	since := k.look(ctx)
	if since.Before(k.started) {
		since = k.started
	}
	if silent := time.Since(since); silent > lateAfter*k.config.Every {
		return fmt.Errorf("no beat has reached the watchdog for %s: no page may reach anybody", catalog.FormatDuration(silent.Round(time.Second)))
	}
	return nil
}
