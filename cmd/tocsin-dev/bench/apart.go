package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/worker"
	"github.com/tocsinhq/tocsin/workflows"
)

// apart is a world in which Temporal, the API and the worker are processes of
// their own, as in production, on one file of SQLite. The sandbox and the
// receiver stay with the bench.
type apart struct {
	*world
	children []*child
}

func (b *bench) beginApart(ctx context.Context, adjust func(*catalog.Catalog)) (*apart, error) {
	w, err := b.beginWith(ctx, devstack.Config{Adjust: adjust, Apart: true})
	if err != nil {
		return nil, err
	}
	a := &apart{world: w}
	if err := a.start(ctx, b); err != nil {
		return nil, errors.Join(err, a.close(ctx))
	}
	return a, nil
}

// start starts the processes, each when what it stands on is there: the API
// first of Tocsin, since its port was free a moment ago.
func (a *apart) start(ctx context.Context, b *bench) error {
	tocsin := duty{App: a.AppConfig()}
	tocsin.App.Console = false // standard output is for answers
	api, work := tocsin, tocsin
	api.API, api.Intake, api.Queues = true, true, []string{workflows.Incidents}
	work.Queues = worker.Queues()
	for _, part := range []struct {
		name string
		duty duty
	}{{"Temporal", duty{Temporal: filepath.Join(a.dir, "temporal.db")}}, {"API with intake", api}, {"worker", work}} {
		if len(a.children) > 0 {
			part.duty.Engine = a.children[0].last.Engine
		}
		c, err := b.startChild(ctx, part.name, part.duty)
		if err != nil {
			return err
		}
		a.children = append(a.children, c)
	}
	return nil
}

// close ends the processes, the last first, and then what they stood on. When
// ctx has ended they were killed already, of which it says nothing.
func (a *apart) close(ctx context.Context) error {
	var problems []error
	for _, c := range slices.Backward(a.children) {
		if err := c.end(); err != nil && ctx.Err() == nil {
			problems = append(problems, fmt.Errorf("end %s: %w", c.name, err))
		}
	}
	return errors.Join(append(problems, a.world.close(ctx))...)
}

// names are those of the processes.
func (a *apart) names() []string {
	var out []string
	for _, c := range a.children {
		out = append(out, c.name)
	}
	return append(out, "sandbox and bench")
}

// memory is that of each process, in the order of their names.
func (a *apart) memory() []Usage {
	var out []Usage
	for _, c := range a.children {
		out = append(out, UsageOf(c.cmd.Process.Pid))
	}
	return append(out, UsageOf(os.Getpid()))
}

// settled is the memory once what is not used was given back.
func (a *apart) settled() ([]Usage, error) {
	for _, c := range a.children {
		if err := c.settle(); err != nil {
			return nil, err
		}
	}
	debug.FreeOSMemory()
	return a.memory(), nil
}

// count adds what the processes counted of themselves.
func (a *apart) count(to *Counts) error {
	for _, c := range a.children {
		if err := c.settle(); err != nil {
			return err
		}
		to.add(c.last.Counts)
	}
	return nil
}
