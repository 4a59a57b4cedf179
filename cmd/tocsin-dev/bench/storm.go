package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/store"
)

// maxStormEvents bounds the history that one storm may leave.
const maxStormEvents = 2000

// storms sends many alerts of one key: each in a POST of its own, and all in
// one.
func (b *bench) storms(ctx context.Context) error {
	each := func(ctx context.Context, post *sender, summary string) {
		inFlight()(ctx, b.plan.storm, func(ctx context.Context, n int, _ time.Time) { post.send(ctx, stormy(n, summary)) })
	}
	atOnce := func(ctx context.Context, post *sender, summary string) {
		list := make([]alert, b.plan.storm)
		for n := range list {
			list[n] = stormy(n, summary)
		}
		post.send(ctx, list...)
	}
	if err := b.storm(ctx, "posts", each); err != nil {
		return err
	}
	return b.storm(ctx, "one payload", atOnce)
}

func stormy(n int, summary string) alert {
	return alert{name: "Storm", service: crew(0), instance: fmt.Sprintf("shop-%d:9090", n), summary: summary}
}

// storm sends many alerts of one key in one way.
func (b *bench) storm(ctx context.Context, how string, send func(context.Context, *sender, string)) (err error) {
	w, err := b.begin(ctx, benchCatalog)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.end(ctx, w)) }()
	post := newSender(w.Stack)
	out := Storm{How: how, Alerts: b.plan.storm, Load: w.load}
	began := time.Now()
	send(ctx, post, fmt.Sprintf(mark, "storm", 0))
	out.Took = ms(time.Since(began))
	w.drain(ctx, 1)
	out.Answer, out.Refused, out.Pages = Of(post.answers), int(post.refused.Load()), len(w.sink.Pages(pager))
	list, _, err := w.App.Store.Incidents(ctx, store.IncidentFilter{Limit: 200})
	if err != nil {
		return err
	}
	out.Incidents = len(list)
	for _, i := range list {
		counts, err := events(ctx, w.App.Client, i.Number)
		if err != nil {
			return err
		}
		out.Events += total(counts)
		kept, err := w.kept(ctx, i.Number)
		if err != nil {
			return err
		}
		out.Kept += kept
	}
	b.report.Storms = append(b.report.Storms, out)
	b.report.aim("events of a storm in "+how, float64(out.Events), maxStormEvents)
	return nil
}

// kept counts the alerts that the store has of an incident.
func (w *world) kept(ctx context.Context, number string) (int, error) {
	n := 0
	for after := ""; ; {
		list, next, err := w.App.Store.Alerts(ctx, number, after, 200)
		if err != nil {
			return 0, fmt.Errorf("read the alerts of %s: %w", number, err)
		}
		n += len(list)
		if after = next; after == "" {
			return n, nil
		}
	}
}

// events counts the events of a workflow by their type, over all its runs.
func events(ctx context.Context, c client.Client, id string) (map[string]int, error) {
	out := map[string]int{}
	run := ""
	for {
		history := c.GetWorkflowHistory(ctx, id, run, false, 0)
		before := ""
		for history.HasNext() {
			event, err := history.Next()
			if err != nil {
				return nil, fmt.Errorf("read the history of %s: %w", id, err)
			}
			out[event.GetEventType().String()]++
			if started := event.GetWorkflowExecutionStartedEventAttributes(); started != nil {
				before = started.GetContinuedExecutionRunId()
			}
		}
		if before == "" {
			return out, nil
		}
		run = before
	}
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
