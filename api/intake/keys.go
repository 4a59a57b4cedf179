package intake

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// keys remembers which incident holds which slot, for the time when the
// store is away.
type keys struct {
	mu sync.Mutex
	// read says that the store was read at least once.
	read bool
	held map[slot]holder
	// begun are the numbers that Temporal is known to have started: a claim
	// alone does not tell.
	begun map[string]bool
	// told are the facts that incidents were told without the store, which
	// would else recognise repeats.
	told map[told]bool
	// born counts the incidents of a service that were started without the
	// store in the minute that began at since.
	born  map[string]int
	since time.Time
}

// holder is the incident that holds a slot, and when this process learnt it.
type holder struct {
	number string
	learnt time.Time
	// away marks one that the store has not heard of, doubted one that nobody
	// knows to have been started.
	away, doubted bool
}

type told struct {
	slot
	alerts.Fact
}

func newKeys() *keys {
	return &keys{held: map[slot]holder{}, begun: map[string]bool{}, told: map[told]bool{}, born: map[string]int{}}
}

func (k *keys) known() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.read
}

func (k *keys) find(s slot) (holder, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h, ok := k.held[s]
	return h, ok
}

// keep remembers who holds a slot. What was declared has no key, and holds
// none.
func (k *keys) keep(s slot, h holder) {
	if s.key == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held[s] = h
}

// begin remembers that Temporal has started a number.
func (k *keys) begin(number string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.begun[number] = true
}

func (k *keys) hasBegun(number string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.begun[number]
}

// forget drops a slot if it is still held by the number, and what was told
// there: nobody knows it any more.
func (k *keys) forget(s slot, number string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held[s].number == number {
		delete(k.held, s)
		maps.DeleteFunc(k.told, func(t told, _ bool) bool { return t.slot == s })
	}
}

// replace takes over what the store said at a time. What this process learnt
// since then stays, and so do incidents that the store has not heard of: what it
// says of their slots was written when it could not answer.
func (k *keys) replace(list []store.OpenKey, at time.Time) {
	next := make(map[slot]holder, len(list))
	for _, o := range list {
		next[slot{o.Service, o.Key}] = holder{number: o.Number, learnt: at}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for s, h := range k.held {
		if moment, ok := incident.BeatTime(h.number); ok && at.Sub(moment) > incident.BeatFresh {
			continue // its like never comes again
		}
		if !h.learnt.Before(at) || (h.away && next[s].number != h.number) {
			next[s] = h
		}
	}
	begun := make(map[string]bool, len(k.begun))
	for _, h := range next {
		if k.begun[h.number] {
			begun[h.number] = true
		}
	}
	k.held, k.begun, k.read = next, begun, true
}

// untold returns the alerts whose facts were not told without the store.
func (k *keys) untold(s slot, list []alerts.Alert) []alerts.Alert {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []alerts.Alert
	for _, a := range list {
		if !k.told[told{s, a.Fact()}] {
			out = append(out, a)
		}
	}
	return out
}

// maxTold bounds the memory of facts; beyond it they start anew, and an
// incident hears a few of them twice.
const maxTold = 100_000

// tell remembers facts. An alert that fires and resolves by turns without
// saying since when has only its last fact remembered.
func (k *keys) tell(s slot, list []alerts.Alert) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.told) > maxTold {
		clear(k.told)
	}
	for _, a := range list {
		other := a.Fact()
		other.Status = opposite(a.Status)
		delete(k.told, told{s, other})
		k.told[told{s, a.Fact()}] = true
	}
}

func opposite(s alerts.Status) alerts.Status {
	if s == alerts.Firing {
		return alerts.Resolved
	}
	return alerts.Firing
}

// forgetTold is for when the store is back and recognises repeats again.
func (k *keys) forgetTold() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.told)
}

// bear counts a new slot of a service and reports whether the service is
// above its limit in this minute.
func (k *keys) bear(service string, limit int, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(k.since) >= time.Minute {
		clear(k.born)
		k.since = now
	}
	k.born[service]++
	return limit > 0 && k.born[service] > limit
}

// refresh reads the keys from the store.
func (i *Intake) refresh(ctx context.Context) error {
	at := i.now()
	list, err := patiently(ctx, i.limits.Patience, i.store.OpenKeys)
	if err != nil {
		return err
	}
	i.keys.replace(list, at)
	return nil
}
