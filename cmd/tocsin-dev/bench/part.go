package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devserver"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
)

// PartCommand is the command, and only argument, with which a program calls
// ServePart.
const PartCommand = "bench-part"

// duty is what a part is to be, as JSON on its standard input. After it each
// JSON value asks the part to give back what memory it can; the end of the
// input ends the part, so that none outlives the bench.
type duty struct {
	// Temporal is the file of a Temporal to be, if it is not "".
	Temporal string
	// App is the process of Tocsin to be otherwise, and Engine its Temporal.
	App         app.Config
	Engine      string
	API, Intake bool
	Queues      []string
}

// answer is what a part says on its standard output: when it is ready, and
// after each time it gave memory back.
type answer struct {
	// Engine is where Temporal listens, in the part that is it.
	Engine string
	// Counts are the part's own, so far.
	Counts Counts
}

// part is what runs in a process of its own.
type part struct {
	// answer makes the next answer.
	answer func() (answer, error)
	// failed tells of what keeps the part from going on; nil when nothing does.
	failed <-chan error
	close  func(context.Context) error
}

// ServePart is Temporal, or a process of Tocsin, for the bench that started
// this one, until in or ctx ends. Warnings go to log.
func ServePart(ctx context.Context, in io.Reader, out, log io.Writer) (err error) {
	orders, answers := json.NewDecoder(in), json.NewEncoder(out)
	var d duty
	if err := orders.Decode(&d); err != nil {
		return fmt.Errorf("read which part to be (only the bench starts this): %w", err)
	}
	p, err := d.start(ctx, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), partEndsWithin)
		defer cancel()
		err = errors.Join(err, p.close(closing))
	}()
	return p.serve(ctx, listen(ctx, orders), answers)
}

// serve answers at once, and after each time it gave memory back.
func (p part) serve(ctx context.Context, asked <-chan struct{}, answers *json.Encoder) error {
	for {
		a, err := p.answer()
		if err != nil {
			return err
		}
		if err := answers.Encode(a); err != nil {
			return fmt.Errorf("answer the bench: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-p.failed:
			return err
		case _, more := <-asked:
			if !more {
				return nil
			}
			debug.FreeOSMemory()
		}
	}
}

// partEndsWithin is how long a part may take to end in good order.
const partEndsWithin = 10 * time.Second

// listen hears each order. The channel is closed when there are no more.
func listen(ctx context.Context, orders *json.Decoder) <-chan struct{} {
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		var order json.RawMessage
		for orders.Decode(&order) == nil {
			select {
			case asked <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return asked
}

func (d duty) start(ctx context.Context, log *slog.Logger) (part, error) {
	if d.Temporal != "" {
		return startTemporal(ctx, devserver.Config{SQLiteFile: d.Temporal, Logger: log})
	}
	a, err := app.New(ctx, app.Options{
		Config: d.App, Temporal: client.Options{HostPort: d.Engine}, API: d.API, Intake: d.Intake, Queues: d.Queues, Log: log,
	})
	if err != nil {
		return part{}, err
	}
	if err := a.Start(ctx); err != nil {
		return part{}, errors.Join(err, a.Close(ctx))
	}
	return part{
		answer: func() (out answer, err error) { return out, out.Counts.read(a.Metrics) },
		failed: a.Failed(),
		close:  a.Close,
	}, nil
}

func startTemporal(ctx context.Context, c devserver.Config) (part, error) {
	engine, err := devstack.StartEngine(ctx, c)
	if err != nil {
		return part{}, err
	}
	return part{
		answer: func() (answer, error) { return answer{Engine: engine.FrontendAddr()}, nil },
		close:  func(context.Context) error { return engine.Close() },
	}, nil
}
