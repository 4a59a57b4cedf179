package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// swamped names the service, and its only responder, to whom everything comes.
const swamped = "swamped"

// maxMessages is how many messages a crowd should be at most: those that go by
// themselves, and one for each few seconds in which more came.
const maxMessages = 25

// gathered is how long nothing may come of it before what is missing is lost: a
// bundle gathers first.
const gathered = activities.BundleWait + patience

// crowd opens many incidents at once that page one person.
func (b *bench) crowd(ctx context.Context) (err error) {
	w, err := b.begin(ctx, func(c *catalog.Catalog) {
		benchCatalog(c)
		addService(c, swamped, swamped, catalog.Rules{Urgent: []catalog.Rule{{Contact: "phone"}}})
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.end(ctx, w)) }()
	post := newSender(w.Stack)
	out := Crowd{Incidents: b.plan.crowd, Load: w.load}
	began := time.Now()
	inFlight()(ctx, b.plan.crowd, func(ctx context.Context, n int, _ time.Time) {
		post.send(ctx, alert{name: fmt.Sprintf(mark, "crowd", n), service: swamped, instance: "shop:9090", summary: "one of many"})
	})
	out.Lost = b.plan.crowd
	for stop := time.Now().Add(gathered); out.Lost > 0 && time.Now().Before(stop) && pause(ctx, 500*time.Millisecond); {
		told, err := w.told(ctx, swamped)
		if err != nil {
			return err
		}
		if left := b.plan.crowd - told; left < out.Lost {
			out.Lost, stop = left, time.Now().Add(gathered)
		}
	}
	if came := w.sink.Pages(swamped); len(came) > 0 {
		out.Messages, out.First, out.Last = len(came), ms(came[0].At.Sub(began)), ms(came[len(came)-1].At.Sub(began))
	}
	b.report.Crowd = &out
	b.report.aim("messages of a crowd", float64(out.Messages), maxMessages)
	return nil
}

// told counts the incidents of whose page to a person the ledger says that it
// was handed over.
func (w *world) told(ctx context.Context, person string) (int, error) {
	seen := map[string]bool{}
	f := store.PageFilter{Person: person, States: []incident.PageState{incident.PageSent}, Limit: 200}
	for {
		pages, next, err := w.App.Store.Pages(ctx, f)
		if err != nil {
			return 0, fmt.Errorf("read the pages: %w", err)
		}
		for _, p := range pages {
			if strings.Contains(p.Key, "/l0/") {
				seen[p.Incident] = true
			}
		}
		if f.After = next; next == "" {
			return len(seen), nil
		}
	}
}
