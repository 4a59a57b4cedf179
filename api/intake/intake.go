package intake

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/spec"
	"github.com/tocsinhq/tocsin/store"
)

// Intake brings deliveries to incidents. It is safe for use by many
// goroutines.
type Intake struct {
	store    Store
	engine   Engine
	catalogs Catalogs
	runbook  func(name string) (spec.Spec, bool)
	changes  Changes
	log      *slog.Logger
	metrics  *metrics
	now      func() time.Time
	limits   Limits

	keys     *keys
	circuit  circuit
	claims   *gather[*ask]
	accepts  *gather[int64]
	dispatch *dispatch
	senders  chan struct{}

	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
	stop   context.CancelFunc
	behind sync.WaitGroup
}

// New returns an Intake that takes deliveries at once. In the background it
// reads the open keys, and sends what an earlier process left unsent. Close
// it to stop.
func New(c Config) *Intake {
	c = c.orDefaults()
	i := &Intake{
		store: c.Store, engine: c.Engine, catalogs: c.Catalogs, runbook: c.Runbook, changes: c.Changes, log: c.Log, now: c.Now, limits: c.Limits,
		metrics: newMetrics(c.Metrics), keys: newKeys(), senders: make(chan struct{}, c.Limits.Senders),
	}
	i.claims = newGather(c.Limits.Queue, c.Limits.Batch, i.claimAll)
	i.accepts = newGather(c.Limits.Queue, c.Limits.Batch, i.mark)
	i.dispatch = newDispatch(c.Limits, i.deliver, i.markSoon)
	ctx, stop := context.WithCancel(context.Background())
	i.stop = stop
	i.behind.Go(func() { i.keepReading(ctx) })
	return i
}

// Close takes nothing more, waits until what was taken has reached Temporal
// and was marked, and returns early only when ctx ends.
func (i *Intake) Close(ctx context.Context) error {
	i.mu.Lock()
	first := !i.closed
	i.closed = true
	i.mu.Unlock()
	if !first {
		return nil
	}
	i.stop()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		i.behind.Wait()
		i.inside.Wait()
		i.claims.close()
		i.dispatch.close()
		i.accepts.close()
	}()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		return incident.Errorf(incident.Unavailable, "the intake has not drained: %w", ctx.Err())
	}
}

// enter counts a caller in, unless the intake is closed.
func (i *Intake) enter() (leave func(), err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return nil, incident.Errorf(incident.Unavailable, "the intake is shutting down: send it again")
	}
	i.inside.Add(1)
	return i.inside.Done, nil
}

// keepReading reads the open keys now and then, and once, as soon as the
// store answers, sends what an earlier process left.
func (i *Intake) keepReading(ctx context.Context) {
	mended := false
	for wait := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		read := i.refresh(ctx) == nil
		if read && !mended {
			_, failed, err := i.Resend(ctx, i.now(), resendLimit)
			mended = failed == 0 && err == nil
		}
		if wait = i.limits.Refresh; !read || !mended {
			wait = min(time.Second, wait)
		}
	}
}

// resendLimit bounds what is sent in one go when the process starts; the
// sweeper sends the rest.
const resendLimit = 1000

// Receipt says what became of a delivery.
type Receipt struct {
	// Alerts is how many there were, NotPaged how many of them page nobody.
	Alerts    int      `json:"alerts"`
	NotPaged  int      `json:"not_paged"`
	Incidents []Placed `json:"incidents"`
}

// Placed is what became of the alerts of one service and key.
type Placed struct {
	// Number is empty when nothing was opened: what had not fired resolved.
	Number  string `json:"number,omitempty"`
	Service string `json:"service"`
	Key     string `json:"key"`
	// New says that this delivery opened the incident.
	New bool `json:"new,omitempty"`
	// News is how many alerts told the incident something new.
	News int `json:"news"`
}

// Take brings a delivery to its incidents, and returns when Temporal has
// accepted all of it. It goes on when ctx is cancelled, since a sender that
// has hung up has still reported an alert. The error is of kind
// incident.Unavailable when a part was not accepted; repeating the delivery
// does nothing twice.
func (i *Intake) Take(ctx context.Context, d alerts.Delivery) (Receipt, error) {
	begun := time.Now()
	leave, err := i.enter()
	if err != nil {
		return Receipt{}, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), i.limits.Patience)
	defer cancel()
	out, err := i.take(ctx, d)
	i.metrics.take.Observe(time.Since(begun).Seconds())
	if err != nil {
		i.metrics.deliveries.WithLabelValues("unavailable").Inc()
		return Receipt{}, err
	}
	i.metrics.deliveries.WithLabelValues("accepted").Inc()
	return out, nil
}

func (i *Intake) take(ctx context.Context, d alerts.Delivery) (Receipt, error) {
	cat, err := i.catalogs.Current(ctx)
	if err != nil {
		return Receipt{}, incident.Errorf(incident.Unavailable, "there is no catalog yet: %w", err)
	}
	parcels, quiet := i.sortOut(cat, d, i.now())
	out := Receipt{Alerts: len(d.Alerts), NotPaged: alertsOf(quiet) + silencedOf(parcels), Incidents: make([]Placed, len(parcels))}
	var group errgroup.Group
	group.SetLimit(i.limits.Batch)
	failed := make([]error, len(parcels))
	for n, p := range parcels {
		group.Go(func() error {
			out.Incidents[n], failed[n] = i.placeAll(ctx, p)
			return nil // the others go on
		})
	}
	_ = group.Wait()   // nothing above returns an error
	i.note(ctx, quiet) // after what pages somebody
	if err := errors.Join(failed...); err != nil {
		return Receipt{}, incident.Errorf(incident.Unavailable, "not all of it was accepted, send it again: %w", err)
	}
	return out, nil
}

// placeAll brings a parcel to its incident, a part after the other: one
// transaction over thousands of alerts would take longer than a page may wait,
// and hold up all others.
func (i *Intake) placeAll(ctx context.Context, p *parcel) (Placed, error) {
	var out Placed
	for n, part := range slices.Collect(slices.Chunk(p.alerts, maxClaimed)) {
		q := *p
		q.alerts = part
		if n > 0 {
			q.silenced = 0
		}
		placed, err := i.place(ctx, &q)
		if err != nil {
			return Placed{}, err
		}
		placed.New, placed.News = placed.New || out.New, placed.News+out.News
		out = placed
	}
	return out, nil
}

// maxClaimed is how many alerts of one key are claimed at once.
const maxClaimed = 500

// place brings one parcel to its incident.
func (i *Intake) place(ctx context.Context, p *parcel) (Placed, error) {
	claimed, err := i.ask(ctx, p.claim(i.unheard(p.slot)))
	if errors.Is(err, errAway) {
		return i.placeAway(ctx, p)
	}
	if err != nil {
		return Placed{}, err
	}
	out := Placed{Number: claimed.Number, Service: p.service, Key: claimed.Key, New: claimed.New, News: len(claimed.News)}
	for _, e := range i.sendClaimed(ctx, p, claimed) {
		if err := e.wait(ctx); err != nil {
			return Placed{}, err
		}
		out.Number = e.Number
	}
	i.metrics.fate(fateSent, len(claimed.News))
	i.metrics.fate(fateSilenced, p.silenced)
	i.metrics.fate(fateRepeat, max(len(p.alerts)-len(claimed.News)-p.silenced, 0))
	return out, nil
}

// unheard returns the number of an incident that holds the slot and that the
// store has not heard of: the claim is to be made for it.
func (i *Intake) unheard(s slot) string {
	if h, ok := i.keys.find(s); ok && h.away {
		return h.number
	}
	return ""
}

// sendClaimed sends what is wanted of an incident and not accepted: what this
// claim added, and what an earlier one could not finish.
func (i *Intake) sendClaimed(ctx context.Context, p *parcel, c store.Claimed) []*errand {
	if c.Number == "" {
		return nil
	}
	row := store.Outbox{
		ID: c.Outbox, Number: c.Number, Service: p.service, Team: p.team, Key: c.Key, Title: p.title,
		Storm: c.Storm, Recurs: c.Recurs, Cleared: c.Cleared, Alerts: c.News, More: c.More, At: p.at, Started: c.Started,
	}
	if c.New {
		return []*errand{i.dispatch.send(newErrand(row))}
	}
	rows, err := patiently(ctx, i.limits.StorePatience, func(ctx context.Context) ([]store.Outbox, error) {
		return i.store.WaitingFor(ctx, c.Number)
	})
	if err != nil {
		i.log.Warn("what waits for an incident cannot be read: only the news is sent", "incident", c.Number, "error", err)
		rows = []store.Outbox{row}
	}
	var sent []*errand
	for _, r := range rows {
		sent = append(sent, i.dispatch.send(newErrand(r)))
	}
	return sent
}
