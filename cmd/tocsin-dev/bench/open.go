package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/store"
)

// delayStep is how finely the delays of the first page are laid out: each has
// a service and a responder of its own.
const delayStep = 500 * time.Millisecond

// late begins the names of the services, and of those whom they page.
const late = "late-"

// delayed names the service whose responder is paged so many steps late.
func delayed(steps int) string { return fmt.Sprint(late, steps) }

// delays lets each page go by itself: it is their timers that are measured.
func delays(steps int) func(*catalog.Catalog) {
	return func(c *catalog.Catalog) {
		benchCatalog(c)
		c.Settings.Bundle.PagesPerMinute = 1_000_000
		for n := range steps + 1 {
			addService(c, delayed(n), delayed(n), catalog.Rules{
				Urgent: []catalog.Rule{{Contact: "phone", After: time.Duration(n) * delayStep}},
			})
		}
	}
}

// open opens many incidents whose first pages are spread over some time to
// come, and looks at the memory of each process and at how late the pages are.
func (b *bench) open(ctx context.Context) (err error) {
	within := b.plan.openLead + b.plan.openSpread
	w, err := b.beginApart(ctx, delays(int(within/delayStep)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	out := Open{Incidents: b.plan.open, Load: w.load}
	before, err := w.settled()
	if err != nil {
		return err
	}
	began := time.Now()
	b.openAll(ctx, w.world, &out)
	with := w.memory()
	settled, err := w.settled()
	if err != nil {
		return err
	}
	pause(ctx, time.Until(began.Add(within+delayStep)))
	w.sink.Await(ctx, late, b.plan.open, patience)
	due, err := w.due(ctx)
	if err != nil {
		return err
	}
	out.count(w.sink.Pages(late), due)
	for n, end := range w.memory() {
		out.Memory = append(out.Memory, Memory{
			Process: w.names()[n], Before: before[n].Resident, With: with[n].Resident,
			Settled: settled[n].Resident, Files: settled[n].Files, Peak: end.Peak,
		})
	}
	b.report.Open = &out
	b.report.aim("lateness of page timers p99, ms", out.Lateness.P99, 1000)
	return w.count(&b.report.Counts)
}

// openAll opens the incidents, and waits for their tickets.
func (b *bench) openAll(ctx context.Context, w *world, out *Open) {
	post := newSender(w.Stack)
	began := time.Now()
	inFlight()(ctx, b.plan.open, func(ctx context.Context, n int, _ time.Time) {
		target := began.Add(b.plan.openLead + b.plan.openSpread*time.Duration(n)/time.Duration(b.plan.open))
		steps := max(int(time.Until(target)/delayStep), 0)
		m := fmt.Sprintf(mark, "open", n)
		post.send(ctx, alert{name: m, service: delayed(steps), instance: "shop:9090", summary: m})
	})
	out.Opened, out.Refused = ms(time.Since(began)), int(post.refused.Load())
	out.Tickets, _ = w.drain(ctx, b.plan.open)
}

// due lists when each page was due, by its key.
func (w *world) due(ctx context.Context) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for after := ""; ; {
		pages, next, err := w.Store.Pages(ctx, store.PageFilter{After: after, Limit: 200})
		if err != nil {
			return nil, fmt.Errorf("read the pages: %w", err)
		}
		for _, p := range pages {
			if p.Kind == "push" && strings.HasPrefix(p.Person, late) {
				out[p.Key] = p.Due
			}
		}
		if after = next; after == "" {
			return out, nil
		}
	}
}

// count fills in how late the pages were. A page whose record is not written
// yet counts as one that came, and has no lateness.
func (o *Open) count(came []Arrival, due map[string]time.Time) {
	var list []time.Duration
	seen := map[string]bool{}
	for _, a := range came {
		if at, ok := due[a.Key]; ok && !seen[a.Alert] {
			list = append(list, a.At.Sub(at))
		}
		seen[a.Alert] = true
	}
	o.Lateness, o.Lost, o.Twice = Of(list), o.Incidents-distinct(came), Twice(came)
	o.Doubled = len(o.Twice)
}
