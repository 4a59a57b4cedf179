package intake

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/store"
)

// errand is one row of the outbox on its way to Temporal, or several of one
// incident that go together.
type errand struct {
	store.Outbox
	// ids are the rows to mark as accepted.
	ids []int64
	// away marks a number that was made without the store.
	away bool
	// declared is set when a person opened it; fresh when its number was
	// handed out for it just now.
	declared *Declaration
	fresh    bool
	// tries counts the numbers that were tried.
	tries int

	done chan struct{}
	err  error
}

func newErrand(row store.Outbox) *errand {
	e := &errand{Outbox: row, done: make(chan struct{})}
	if row.ID != 0 {
		e.ids = []int64{row.ID}
	}
	return e
}

// wait returns once Temporal has answered or ctx ends; the errand goes on.
func (e *errand) wait(ctx context.Context) error {
	select {
	case <-e.done:
		return e.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dispatch sends errands: those of one incident one after the other and,
// while one is under way and for a moment after it, together; those of
// different incidents side by side.
type dispatch struct {
	deliver func(e *errand) error
	mark    func(ids []int64)
	moment  time.Duration
	memory  time.Duration
	closing chan struct{}

	mu    sync.Mutex
	lanes map[string]*lane
	// rows are under way, or sent and not yet marked as accepted: whoever
	// meets such a row waits for it and does not send it again.
	rows map[int64]*errand
	// marked are rows of which that is done, and earlier those of the time
	// before: somebody may have read just before that they wait.
	marked  map[int64]*errand
	earlier map[int64]*errand
	turned  time.Time
	// counts are the newest counts that were sent, and olderCounts those of
	// the time before.
	counts, olderCounts map[string]count
	busy                sync.WaitGroup
}

// count is how many alerts of an incident fire beyond those that are listed,
// as the store counted them with a row.
type count struct {
	row  int64
	more int
}

// lane holds what waits to be sent to one incident.
type lane struct{ pending []*errand }

func newDispatch(l Limits, deliver func(e *errand) error, mark func(ids []int64)) *dispatch {
	return &dispatch{
		deliver: deliver, mark: mark, moment: l.Moment, memory: l.Patience, closing: make(chan struct{}),
		lanes: map[string]*lane{}, rows: map[int64]*errand{}, counts: map[string]count{},
	}
}

// send puts an errand on its way, and returns the one to wait for: an earlier
// one when the row is under way already.
func (d *dispatch) send(e *errand) *errand {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.ID != 0 {
		for _, known := range []map[int64]*errand{d.rows, d.marked, d.earlier} {
			if first, ok := known[e.ID]; ok {
				return first
			}
		}
		d.rows[e.ID] = e
	}
	l, ok := d.lanes[e.Number]
	if !ok {
		l = &lane{}
		d.lanes[e.Number] = l
		d.busy.Add(1)
		go d.run(e.Number, l)
	}
	l.pending = append(l.pending, e)
	return e
}

// run serves one incident until nothing waits.
func (d *dispatch) run(number string, l *lane) {
	defer d.busy.Done()
	for {
		d.mu.Lock()
		batch := l.pending
		l.pending = nil
		if len(batch) == 0 {
			delete(d.lanes, number)
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		d.deliverAll(batch)
		d.pause()
	}
}

// deliverAll sends a batch as one and tells each errand how it went. Rows
// that failed may be sent anew.
func (d *dispatch) deliverAll(batch []*errand) {
	whole := together(batch)
	whole.More = d.newest(whole.Number, count{row: batch[len(batch)-1].ID, more: whole.More})
	err := d.deliver(whole)
	if err != nil {
		d.failed(whole.ids)
	}
	for _, e := range batch {
		e.Number, e.err = whole.Number, err
		close(e.done)
	}
	if err == nil {
		d.mark(whole.ids)
	}
}

// newest returns the newest count of an incident. A row that was overtaken, and
// one that was made without the store, know less than one that was sent before.
func (d *dispatch) newest(number string, now count) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.counts[number]
	if !ok {
		known = d.olderCounts[number]
	}
	switch {
	case now.row == 0:
		return max(now.more, known.more)
	case now.row < known.row:
		return known.more
	}
	d.counts[number] = now
	return now.more
}

// failed forgets rows that are to be sent again.
func (d *dispatch) failed(ids []int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		delete(d.rows, id)
	}
}

// settled keeps rows that were marked for a while longer than anybody takes
// from reading a row to sending it.
func (d *dispatch) settled(ids []int64, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.turned) > d.memory {
		d.marked, d.earlier, d.turned = map[int64]*errand{}, d.marked, now
		d.counts, d.olderCounts = map[string]count{}, d.counts
	}
	for _, id := range ids {
		if e, ok := d.rows[id]; ok {
			delete(d.rows, id)
			d.marked[id] = &errand{Outbox: store.Outbox{ID: id, Number: e.Number}, done: e.done}
		}
	}
}

func (d *dispatch) pause() {
	timer := time.NewTimer(d.moment)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.closing:
	}
}

// close waits until everything was sent. Nothing may be sent afterwards.
func (d *dispatch) close() {
	close(d.closing)
	d.busy.Wait()
}

// together makes one errand of those of one incident, in the order in which
// they were wanted.
func together(batch []*errand) *errand {
	slices.SortStableFunc(batch, func(a, b *errand) int { return cmp.Compare(a.ID, b.ID) })
	out := &errand{Outbox: batch[0].Outbox}
	out.Alerts = nil
	for _, e := range batch {
		out.Started = out.Started || e.Started
		out.ids = append(out.ids, e.ids...)
		out.More = e.More
		out.Alerts = distinct(out.Alerts, dated(e.Alerts, e.At))
		out.away = out.away || e.away
		if e.declared != nil {
			out.declared, out.fresh = e.declared, e.fresh
		}
	}
	return out
}
