package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"
)

// Config says what to measure.
type Config struct {
	// Quick measures a little of everything, to try the bench itself; its
	// figures mean nothing.
	Quick bool
	// Profile is a folder that gets a CPU profile of this process for each
	// measure; empty makes none.
	Profile string
	// Only names the measures to take (see Names); empty takes all.
	Only []string
	// Progress hears what is being measured.
	Progress io.Writer
	// Log hears the stacks; nil hears nothing.
	Log *slog.Logger
	// Program is the one whose PartCommand serves a part in a process of its
	// own; empty is the program that runs.
	Program string
}

// plan is how much of everything is measured.
type plan struct {
	single, burst, sustained int
	perSecond                int
	storm                    int
	open                     int
	crowd, lookUps           int
	// openSpread is over how long the timers of the open incidents are
	// spread, openLead how long after the first alert they begin.
	openSpread, openLead time.Duration
	// row is how many steps a run has, and runs how many there are at once.
	row, runs int
	whole     bool
}

func (c Config) plan() plan {
	if c.Quick {
		return plan{
			single: 5, burst: 40, sustained: 25, perSecond: 25, storm: 100,
			open: 20, openSpread: 3 * time.Second, openLead: 3 * time.Second, crowd: 30, lookUps: 1000, row: 5, runs: 10,
		}
	}
	return plan{
		single: 60, burst: 1000, sustained: 1500, perSecond: 50, storm: 10_000,
		// 20 timers a second fire while all the others wait.
		open: 5000, openSpread: 250 * time.Second, openLead: 3 * time.Minute, crowd: 1000, lookUps: 1_000_000, whole: true,
		row: 30, runs: 500,
	}
}

// bench is one run of all measures.
type bench struct {
	config Config
	plan   plan
	report Report
}

// measure is one thing to measure.
type measure struct {
	name string
	take func(ctx context.Context, b *bench) error
}

func measures() []measure {
	return []measure{
		// First, since the memory of this process is looked at too.
		{"open", func(ctx context.Context, b *bench) error { return b.open(ctx) }},
		{"single", func(ctx context.Context, b *bench) error { return b.way(ctx, single(b.plan)) }},
		{"burst", func(ctx context.Context, b *bench) error { return b.way(ctx, burst(b.plan)) }},
		{"sustained", func(ctx context.Context, b *bench) error { return b.way(ctx, sustained(b.plan)) }},
		{"storm", func(ctx context.Context, b *bench) error { return b.storms(ctx) }},
		{"crowd", func(ctx context.Context, b *bench) error { return b.crowd(ctx) }},
		{"on-call", func(_ context.Context, b *bench) error { return b.onCall() }},
		{"steps", func(ctx context.Context, b *bench) error { return b.steps(ctx) }},
		{"whole", func(ctx context.Context, b *bench) error { return b.whole(ctx) }},
	}
}

// Names lists the measures in the order in which they are taken.
func Names() []string {
	var out []string
	for _, m := range measures() {
		out = append(out, m.name)
	}
	return out
}

// Run takes the measures one after the other. The error says that a measure
// could not be taken; what was found is in the Report, and whether that is
// good enough is for Report.Failed.
func Run(ctx context.Context, c Config) (Report, error) {
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	b := &bench{config: c, plan: c.plan()}
	b.report = Report{Began: time.Now().UTC(), Go: runtime.Version(), CPUs: runtime.NumCPU(), Quick: c.Quick}
	list, err := chosen(c.Only)
	if err != nil {
		return b.report, err
	}
	for _, m := range list {
		_, _ = fmt.Fprintf(c.Progress, "%5.0f s  %s ...\n", time.Since(b.report.Began).Seconds(), m.name)
		if err := b.profiled(ctx, m); err != nil {
			return b.report, fmt.Errorf("measure %s: %w", m.name, err)
		}
	}
	b.report.Took = time.Since(b.report.Began)
	return b.report, nil
}

func chosen(only []string) ([]measure, error) {
	all := measures()
	if len(only) == 0 {
		return all, nil
	}
	var out []measure
	for _, name := range only {
		found := false
		for _, m := range all {
			if m.name == name {
				out, found = append(out, m), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no measure %q; there are %v", name, Names())
		}
	}
	return out, nil
}

// profiled takes one measure, with a CPU profile when one is wanted.
func (b *bench) profiled(ctx context.Context, m measure) (err error) {
	stop, err := startProfile(b.config.Profile, m.name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return m.take(ctx, b)
}
