package intake

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/store"
)

// errAway says that the store cannot be asked now.
var errAway = errors.New("the store is away")

// patiently gives a call of the store a time limit. The store heeds it even
// when its database hangs.
func patiently[T any](ctx context.Context, limit time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return call(ctx)
}

// nothing makes a call without a result one for patiently.
func nothing(call func(context.Context) error) func(context.Context) (struct{}, error) {
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) }
}

// circuit is open for a while after the store has failed twice in a row: what
// is opened without the store costs more than one slow claim.
type circuit struct {
	mu     sync.Mutex
	failed bool
	until  time.Time
}

func (c *circuit) open(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Before(c.until)
}

// note takes in whether a call of the store failed, and until when the circuit
// is to be open then.
func (c *circuit) note(failed bool, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if failed && c.failed {
		c.until = until
	}
	c.failed = failed
}

// ask is a claim that waits for its transaction.
type ask struct {
	claim  store.Claim
	answer chan answer
}

type answer struct {
	claimed store.Claimed
	err     error
}

// ask claims a slot, in one transaction with whatever else waits. The error is
// errAway when the store cannot say.
func (i *Intake) ask(ctx context.Context, c store.Claim) (store.Claimed, error) {
	if i.circuit.open(i.now()) {
		return store.Claimed{}, errAway
	}
	a := &ask{claim: c, answer: make(chan answer, 1)}
	if err := i.claims.put(ctx, a); err != nil {
		return store.Claimed{}, err
	}
	out := <-a.answer // claimAll always answers
	return out.claimed, out.err
}

// claimAll answers a batch. Asks for one slot are one claim.
func (i *Intake) claimAll(batch []*ask) {
	merged, index := merge(batch)
	claimed, err := i.claimNow(context.Background(), merged)
	for n, a := range batch {
		if err != nil {
			a.answer <- answer{err: err}
			continue
		}
		a.answer <- answer{claimed: claimed[index[n]]}
	}
}

// merge joins the claims of one slot; index says where each ask went.
func merge(batch []*ask) (merged []store.Claim, index []int) {
	at := map[slot]int{}
	for _, a := range batch {
		s := slot{a.claim.Service, a.claim.Key}
		n, ok := at[s]
		if !ok {
			n = len(merged)
			at[s] = n
			merged = append(merged, a.claim)
		} else {
			merged[n].Alerts = distinct(merged[n].Alerts, a.claim.Alerts)
			merged[n].Truncated = a.claim.Truncated
			merged[n].Urgent = merged[n].Urgent || a.claim.Urgent
		}
		index = append(index, n)
	}
	return merged, index
}

// claimNow is one transaction.
func (i *Intake) claimNow(ctx context.Context, list []store.Claim) ([]store.Claimed, error) {
	if i.circuit.open(i.now()) {
		return nil, errAway
	}
	begun := time.Now()
	out, err := patiently(ctx, i.limits.StorePatience, func(ctx context.Context) ([]store.Claimed, error) {
		return i.store.Claim(ctx, list)
	})
	i.metrics.claim.Observe(time.Since(begun).Seconds())
	i.circuit.note(err != nil, i.now().Add(i.limits.Away))
	if err == nil && len(out) != len(list) {
		err = fmt.Errorf("the store answered %d of %d claims", len(out), len(list))
	}
	if err != nil {
		i.metrics.claims.WithLabelValues("failed").Add(float64(len(list)))
		i.log.Error("the store cannot claim: paging goes on without it", "error", err, "claims", len(list))
		return nil, errAway
	}
	i.keys.forgetTold()
	for n := range out {
		i.learn(list[n], &out[n])
	}
	return out, nil
}

// learn remembers who holds a slot now.
func (i *Intake) learn(c store.Claim, out *store.Claimed) {
	out.Key = orKey(out.Key, c.Key)
	switch {
	case out.Number == "":
		i.metrics.claims.WithLabelValues("nothing").Inc()
		return
	case out.New:
		i.metrics.claims.WithLabelValues("new").Inc()
	default:
		i.metrics.claims.WithLabelValues("known").Inc()
	}
	if out.Started {
		i.keys.begin(out.Number)
	}
	// A storm incident holds the key that was asked for beside its own.
	keys := []string{c.Key}
	if out.Storm {
		keys = append(keys, out.Key)
	}
	for _, key := range keys {
		s := slot{c.Service, key}
		if h, ok := i.keys.find(s); ok && h.away && h.number != out.Number && !out.Started {
			continue // see overtaken
		}
		i.keys.keep(s, holder{number: out.Number, learnt: i.now()})
	}
}

func orKey(key, asked string) string {
	if key == "" {
		return asked
	}
	return key
}
