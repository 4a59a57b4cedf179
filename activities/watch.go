package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

// Lifter takes in again what fires and is silenced no more.
type Lifter interface {
	// Lift takes in at most limit alerts and returns how many.
	Lift(ctx context.Context, limit int) (int, error)
}

// Silences knows which silences end, and keeps what their owners are told.
// Every method may be repeated: nobody is told twice.
type Silences interface {
	// EndedSilences returns silences that are over and whose owner was not
	// told, at most limit.
	EndedSilences(ctx context.Context, at time.Time, limit int) ([]catalog.Silence, error)
	// SuppressedBy returns alerts that fire under a silence, at most limit.
	SuppressedBy(ctx context.Context, silence string, limit int) ([]alerts.Alert, error)
	// TellSilence has the owner of a silence told that it is over, WarnSilence
	// that it is about to be.
	TellSilence(ctx context.Context, s catalog.Silence, body string, at time.Time) error
	WarnSilence(ctx context.Context, s catalog.Silence, body string, at time.Time) error
}

// The bounds of one watch; what is beyond waits for the next one.
const (
	watchAlerts   = 500
	watchSilences = 100
	watchStep     = 20 * time.Second
	// watchNamed is how many alerts are named to an owner.
	watchNamed = 10
)

// Watcher looks for what changes with time alone, and that no delivery tells:
// silences that end, heartbeats that are missed. Its activity may run at any time and any number of times.
type Watcher struct {
	Lifter   Lifter
	Silences Silences
	Reporter Reporter
	Pulses   Pulses
	Catalogs Catalogs
	// Now is time.Now when nil.
	Now func() time.Time
}

// Watched says what one watch did.
type Watched struct {
	Lifted int `json:"lifted,omitempty"`
	Told   int `json:"told,omitempty"`
	Missed int `json:"missed,omitempty"`
}

// Watch does what is due. What fails keeps nothing of the rest from being
// done; the error says all of it.
func (w *Watcher) Watch(ctx context.Context) (Watched, error) {
	defer beat(ctx)()
	var out Watched
	var failed error
	for _, step := range []func(context.Context, *Watched) error{w.tellEnded, w.warn, w.lift, w.heartbeats} {
		within, cancel := context.WithTimeout(ctx, watchStep)
		failed = errors.Join(failed, Fail(step(within, &out)))
		cancel()
	}
	return out, failed
}

// lift has what still fires page.
func (w *Watcher) lift(ctx context.Context, out *Watched) (err error) {
	out.Lifted, err = w.Lifter.Lift(ctx, watchAlerts)
	return err
}

// tellEnded tells owners that their silence is over, and what still fires. It
// comes before what fires is taken in again.
func (w *Watcher) tellEnded(ctx context.Context, out *Watched) error {
	now := w.now()
	list, err := w.Silences.EndedSilences(ctx, now, watchSilences)
	if err != nil {
		return err
	}
	for _, s := range list {
		firing, err := w.Silences.SuppressedBy(ctx, s.ID, watchAlerts)
		if err != nil {
			return err
		}
		body := fmt.Sprintf("%s (%s) is over. %s", s.Scope(), s.Reason, stillFiring(firing, "It pages now: "))
		if err := w.Silences.TellSilence(ctx, s, body, now); err != nil {
			return err
		}
		out.Told++
	}
	return nil
}

// warn tells owners that their silence is about to end.
func (w *Watcher) warn(ctx context.Context, out *Watched) error {
	c, err := w.Catalogs.Current(ctx)
	if err != nil {
		return err
	}
	now := w.now()
	for _, s := range c.Silences {
		if now.Before(s.Warn()) || s.Over(now) {
			continue
		}
		firing, err := w.Silences.SuppressedBy(ctx, s.ID, watchAlerts)
		if err != nil {
			return err
		}
		body := fmt.Sprintf("%s (%s) ends at %s. %s", s.Scope(), s.Reason, s.Until.UTC().Format("2006-01-02 15:04 MST"),
			stillFiring(firing, "It would page then: "))
		if err := w.Silences.WarnSilence(ctx, s, body, now); err != nil {
			return err
		}
	}
	return nil
}

// stillFiring names what fires, each name once.
func stillFiring(list []alerts.Alert, before string) string {
	if len(list) == 0 {
		return "It keeps nothing that fires from paging."
	}
	var names []string
	for _, a := range list {
		if name := a.Name(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	more := ""
	if len(names) > watchNamed {
		more = fmt.Sprintf(" and %d more", len(names)-watchNamed)
		names = names[:watchNamed]
	}
	return fmt.Sprintf("%d of its alerts fire. %s%s%s.", len(list), before, strings.Join(names, ", "), more)
}

func (w *Watcher) now() time.Time {
	if w.Now == nil {
		return time.Now()
	}
	return w.Now()
}
