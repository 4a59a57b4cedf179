package activities

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// effect names what is made once: by its key, for an incident, as what.
type effect struct {
	key, incident, what string
	// noted says that whoever makes it records the attempt.
	noted bool
}

// once makes an effect unless it is known to have been made, and records the
// attempt.
func (p *Pager) once(ctx context.Context, e effect, do func() (incident.HandOver, error)) (Sent, error) {
	leave, err := p.sent.enter(ctx, e.key)
	if err != nil {
		return Sent{}, Fail(err)
	}
	defer leave()
	if sent, before := p.before(ctx, e.key); before {
		sent.Before = true
		return sent, nil
	}
	taken, err := do()
	sent := sentAs(p.now(), taken)
	if err == nil {
		p.sent.remember(e.key, sent)
	}
	if !e.noted {
		attempted(ctx, p.Ledger, attemptOf(e, sent.At, taken, err))
	}
	return sent, Fail(err)
}

func sentAs(at time.Time, taken incident.HandOver) Sent {
	return Sent{At: at, Provider: taken.Provider, Reference: taken.Reference, Rings: taken.Rings}
}

func attemptOf(e effect, at time.Time, taken incident.HandOver, err error) Attempt {
	return Attempt{
		Key: e.key, Incident: e.incident, What: e.what, At: at, Error: text(Known(Fail(err))),
		Provider: taken.Provider, Reference: taken.Reference,
	}
}

// Before returns what is known of a hand-over, by its key: the zero value when
// there was none. A try that is under way in this process is waited for.
func (p *Pager) Before(ctx context.Context, key string) (Sent, error) {
	leave, err := p.sent.enter(ctx, key)
	if err != nil {
		return Sent{}, Fail(err)
	}
	defer leave()
	sent, known := p.before(ctx, key)
	if !known {
		return Sent{}, nil
	}
	return sent, nil
}

// before looks an effect up that was made already.
func (p *Pager) before(ctx context.Context, key string) (Sent, bool) {
	if sent, known := p.sent.of(key); known {
		return sent, true
	}
	return made(ctx, p.Ledger, key)
}

// memory remembers the keys of the last effects of this process, for the time
// when the ledger is away.
type memory struct {
	mu   sync.Mutex
	made map[string]Sent
	// trying holds, for each effect that is being made, what is closed when
	// the try is over.
	trying map[string]chan struct{}
}

// enter waits until nobody else in this process is trying the same effect: a
// workflow task that is done again finds the try of the first one under way.
func (m *memory) enter(ctx context.Context, key string) (leave func(), err error) {
	for {
		m.mu.Lock()
		other, busy := m.trying[key]
		if !busy {
			break
		}
		m.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer m.mu.Unlock()
	if m.trying == nil {
		m.trying = map[string]chan struct{}{}
	}
	mine := make(chan struct{})
	m.trying[key] = mine
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.trying, key)
		close(mine)
	}, nil
}

const memorySize = 50_000

func (m *memory) of(key string) (Sent, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sent, ok := m.made[key]
	return sent, ok
}

func (m *memory) remember(key string, sent Sent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.made == nil || len(m.made) >= memorySize {
		m.made = map[string]Sent{}
	}
	m.made[key] = sent
}

// ledgerPatience is how long a page waits for the ledger: a slow store must
// never delay it for longer.
const ledgerPatience = 300 * time.Millisecond

// made asks the ledger for an effect that was made before. Whether it rings is
// not kept: what has a name at its provider may.
func made(ctx context.Context, l Ledger, key string) (Sent, bool) {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	a, yes, err := l.Made(ctx, key)
	if err != nil {
		slog.Warn("ledger does not answer; going on without it", "error", err)
		return Sent{}, false
	}
	return Sent{At: a.At, Provider: a.Provider, Reference: a.Reference, Rings: a.Reference != ""}, yes
}

func attempted(ctx context.Context, l Ledger, list ...Attempt) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerPatience)
	defer cancel()
	if err := l.Attempt(ctx, list...); err != nil {
		slog.Warn("attempts not recorded", "incident", list[0].Incident, "attempts", len(list), "error", err)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
