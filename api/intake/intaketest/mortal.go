package intaketest

import (
	"context"
	"sync"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Point is a moment at which a process dies.
type Point string

// The moments: before or after a call had its effect.
const (
	BeforeClaim  Point = "before claim"
	AfterClaim   Point = "after claim"
	BeforeStart  Point = "before start"
	AfterStart   Point = "after start"
	BeforeSignal Point = "before signal"
	AfterSignal  Point = "after signal"
	BeforeMark   Point = "before mark"
	AfterMark    Point = "after mark"
)

// Points lists every moment.
func Points() []Point {
	return []Point{BeforeClaim, AfterClaim, BeforeStart, AfterStart, BeforeSignal, AfterSignal, BeforeMark, AfterMark}
}

// Life is what one process has of the world. Once it is dead none of its calls
// has an effect any more; calls that were under way had theirs.
type Life struct {
	mu   sync.Mutex
	at   Point
	died chan struct{}
	once sync.Once
}

// NewLife returns a process that dies when it reaches a point.
func NewLife(at Point) *Life { return &Life{at: at, died: make(chan struct{})} }

// Died is closed when the process has died.
func (l *Life) Died() <-chan struct{} { return l.died }

// pass reports whether the process lives beyond a point.
func (l *Life) pass(p Point) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p == l.at {
		l.once.Do(func() { close(l.died) })
	}
	select {
	case <-l.died:
		return incident.Errorf(incident.Unavailable, "the process is dead")
	default:
		return nil
	}
}

// MortalStore is a store as a mortal process uses it.
type MortalStore struct {
	intake.Store
	Life *Life
}

// Claim implements intake.Store.
func (m MortalStore) Claim(ctx context.Context, claims []store.Claim) ([]store.Claimed, error) {
	if err := m.Life.pass(BeforeClaim); err != nil {
		return nil, err
	}
	out, err := m.Store.Claim(ctx, claims)
	if dead := m.Life.pass(AfterClaim); dead != nil {
		return nil, dead
	}
	return out, err
}

// Accept implements intake.Store.
func (m MortalStore) Accept(ctx context.Context, outbox []int64) error {
	if err := m.Life.pass(BeforeMark); err != nil {
		return err
	}
	err := m.Store.Accept(ctx, outbox)
	if dead := m.Life.pass(AfterMark); dead != nil {
		return dead
	}
	return err
}

// MortalEngine is an engine as a mortal process uses it.
type MortalEngine struct {
	intake.Engine
	Life *Life
}

// Start implements intake.Engine.
func (m MortalEngine) Start(ctx context.Context, inc *incident.Incident, news []alerts.Alert, more int) (bool, error) {
	if err := m.Life.pass(BeforeStart); err != nil {
		return false, err
	}
	eager, err := m.Engine.Start(ctx, inc, news, more)
	if dead := m.Life.pass(AfterStart); dead != nil {
		return false, dead
	}
	return eager, err
}

// Signal implements intake.Engine.
func (m MortalEngine) Signal(ctx context.Context, number string, news []alerts.Alert, more int) error {
	if err := m.Life.pass(BeforeSignal); err != nil {
		return err
	}
	err := m.Engine.Signal(ctx, number, news, more)
	if dead := m.Life.pass(AfterSignal); dead != nil {
		return dead
	}
	return err
}
