package incident_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// flicker is an alert that fires and clears at random, and what its key's
// incidents make of it while nobody answers.
type flicker struct {
	t     *testing.T
	now   time.Time
	i     *incident.Incident
	fires bool
	since time.Time
	// cleared are the openings of the incidents that paged and cleared by
	// themselves, as the claim counts them, and paged the first pages.
	cleared, paged []time.Time
	held           int
}

func TestWhatFlapsIsNeitherSilencedForGoodNorPagedEachTime(t *testing.T) {
	held := 0
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // a game of chance
		f := &flicker{t: t, now: noon}
		for range 300 {
			f.change()
			f.pass(time.Second * time.Duration(1+r.IntN(pick(r, 90, 300, 900, 3000))))
		}
		held += f.held
		require.False(t, t.Failed(), "seed %d", seed)
	}
	require.NotZero(t, held, "some of it is held")
}

// change lets the alert fire or clear now.
func (f *flicker) change() {
	f.fires, f.since = !f.fires, f.now
	a := firing("a")
	a.StartsAt = f.now
	if !f.fires {
		a.Status, a.StartsAt, a.EndsAt = alerts.Resolved, f.i.Alerts[0].StartsAt, f.now
	}
	if f.i == nil || f.i.Phase.Over() {
		f.open()
	}
	f.i.TakeAlerts([]alerts.Alert{a}, 0, f.now)
	f.i.Begin(f.now)
	f.settle()
}

func (f *flicker) open() {
	o := opening()
	again(0)(&o)
	o.At, o.Number = f.now, fmt.Sprintf("INC-%d", len(f.cleared)+7)
	for _, at := range f.cleared {
		if at.After(f.now.Add(-o.Policy.Flapping.Within)) {
			o.Cleared++
		}
	}
	f.i = incident.New(o)
}

// pass lets time pass until the next change, and holds what must be so at each
// second of it.
func (f *flicker) pass(d time.Duration) {
	for end := f.now.Add(d); f.now.Before(end); f.now = f.now.Add(time.Second) {
		due := func(at time.Time) bool { return !at.IsZero() && !f.now.Before(at) }
		if due(f.i.HoldEnds()) {
			f.i.EndHold(f.now)
		}
		if due(f.i.FlappingEnds()) {
			f.i.EndFlapping(f.now)
		}
		f.settle()
		if f.fires && !f.now.Before(f.since.Add(10*time.Minute)) {
			require.True(f.t, !f.i.Phase.Over() && !f.i.Held, "it has fired for ten minutes on end, and nobody was paged")
		}
	}
}

// settle hands over what is due, and remembers how incidents end.
func (f *flicker) settle() {
	if s := f.i.Summons("alert-1"); s != nil && s.Open() && !s.Begun {
		page(f.t, f.i, s, f.now, "alice")
		f.paged = append(f.paged, f.now)
		if n := len(f.paged); n > 4 {
			require.Greater(f.t, f.now.Sub(f.paged[n-5]), 30*time.Minute, "more than four incidents have paged")
		}
	}
	opened := f.i.Stamp(incident.TriggeredAt)
	if f.i.Held {
		f.held++
	}
	if n := len(f.cleared); f.i.Phase == incident.Transient && len(f.i.Paged) > 0 && (n == 0 || !f.cleared[n-1].Equal(opened)) {
		f.cleared = append(f.cleared, opened)
	}
}
