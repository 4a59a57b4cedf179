package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// scenario is one way in which alerts come.
type scenario struct {
	name string
	n    int
	load load
	aims []aim
}

// aim is a figure of Tocsin that should be at most so many times the floor's.
type aim struct {
	what   string
	of     func(Figures) float64
	factor float64
}

func p50(f Figures) float64 { return f.P50 }
func p99(f Figures) float64 { return f.P99 }

func single(p plan) scenario {
	return scenario{"single", p.single, gaps(50*time.Millisecond, 250*time.Millisecond), []aim{{"single p50", p50, 2}}}
}

func burst(p plan) scenario {
	return scenario{"burst", p.burst, inFlight(), []aim{{"burst p50", p50, 3}, {"burst p99", p99, 3}}}
}

func sustained(p plan) scenario {
	return scenario{"sustained", p.sustained, openLoop(p.perSecond), nil}
}

const (
	// warmUp is how many alerts go before those that are measured.
	warmUp = 10
	// patience is how long nothing may come before what is missing is lost.
	patience = 20 * time.Second
	// drainWithin is how long the tickets and mails behind the pages may take
	// before the next measure begins.
	drainWithin = 45 * time.Second
)

// way measures one scenario: the floor, and then Tocsin on the same engine.
func (b *bench) way(ctx context.Context, s scenario) (err error) {
	w, err := b.begin(ctx, benchCatalog)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.end(ctx, w)) }()
	out := Way{Name: s.name, Load: w.load}
	if out.Floor, err = w.measureFloor(ctx, s); err != nil {
		return err
	}
	if out.Tocsin, err = w.measureTocsin(ctx, s); err != nil {
		return err
	}
	if out.Steps, err = steps(w.App.Metrics); err != nil {
		return err
	}
	cpu := cpuTime()
	out.Tickets, out.Drained = w.drain(ctx, s.n+warmUp)
	out.CPU = out.Tocsin.CPU + ms(cpuTime()-cpu)/float64(s.n)
	out.Twice = Twice(w.sink.Pages(pager))
	out.Tocsin.Doubled = len(out.Twice)
	if out.Events, err = events(ctx, w.App.Client, fmt.Sprintf("INC-%d", warmUp)); err != nil {
		return err
	}
	b.report.Ways = append(b.report.Ways, out)
	for _, a := range s.aims {
		b.report.aim(a.what+", times the floor", a.of(out.Tocsin.Latency)/a.of(out.Floor.Latency), a.factor)
	}
	return nil
}

func (w *world) measureFloor(ctx context.Context, s scenario) (Volley, error) {
	f, err := newFloor(w.Engine.FrontendAddr(), w.sink.URL())
	if err != nil {
		return Volley{}, err
	}
	defer f.close()
	out := w.run(ctx, s, floorTopic, func(ctx context.Context, alert string, _ int) { f.start(ctx, alert) })
	out.Refused, out.Lost = f.refused, out.Lost-f.refused
	if len(f.runs) == 0 {
		return out, f.last
	}
	return out, f.settle(ctx)
}

func (w *world) measureTocsin(ctx context.Context, s scenario) (Volley, error) {
	post := newSender(w.Stack)
	out := w.run(ctx, s, pager, func(ctx context.Context, mark string, n int) {
		post.send(ctx, alert{name: mark, service: crew(n), instance: fmt.Sprintf("shop-%d:9090", n), summary: mark + " 1 in 5 payments fails"})
	})
	out.Refused = int(post.refused.Load())
	out.Answer = Of(post.answers)
	if len(post.answers) == 0 {
		return out, fmt.Errorf("nothing was accepted: %w", post.last)
	}
	return out, ctx.Err()
}

// run warms up, fires and counts.
func (w *world) run(ctx context.Context, s scenario, topic string, fire func(ctx context.Context, mark string, n int)) Volley {
	gaps(20*time.Millisecond, 40*time.Millisecond)(ctx, warmUp, func(ctx context.Context, n int, _ time.Time) {
		fire(ctx, fmt.Sprintf(mark, "warmup"+topic[:1], n), n)
	})
	w.sink.Await(ctx, topic, warmUp, patience)
	pause(ctx, time.Second) // what follows the pages ends
	var mu sync.Mutex
	sent := map[string]time.Time{}
	began, cpu := time.Now(), cpuTime()
	s.load(ctx, s.n, func(ctx context.Context, n int, due time.Time) {
		m := fmt.Sprintf(mark, s.name+topic[:1], n)
		mu.Lock()
		sent[m] = due
		mu.Unlock()
		fire(ctx, m, n)
	})
	w.sink.Await(ctx, topic, s.n+warmUp, patience)
	pages := w.sink.Pages(topic)
	tally := Count(sent, pages)
	out := Volley{Latency: Of(tally.Took), Sent: s.n, Lost: tally.Lost + s.n - len(sent), Doubled: tally.Doubled}
	out.CPU = ms(cpuTime()-cpu) / float64(s.n)
	if len(pages) > 0 {
		out.AllAfter = ms(pages[len(pages)-1].At.Sub(began))
	}
	return out
}

// drain waits for the tickets behind the pages. It returns how many there are
// and how long they took, in milliseconds.
func (w *world) drain(ctx context.Context, want int) (int, float64) {
	began := time.Now()
	for {
		have := len(w.Sandbox.Jira.Issues())
		if have >= want || time.Since(began) > drainWithin || !pause(ctx, 200*time.Millisecond) {
			return have, ms(time.Since(began))
		}
	}
}
