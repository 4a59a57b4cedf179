// Package kill_test kills. It plays incidents on processes of their own, ends
// these with SIGKILL at any moment, starts them again, and asks that the world
// outside looks as if nothing had happened: nothing lost, nothing doubled.
package kill_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devserver"
	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/worker"
	"github.com/tocsinhq/tocsin/workflows"
)

// These make the test binary a process to be killed.
const (
	envServe  = "TOCSIN_KILL_SERVE" // what to be
	envEngine = "TOCSIN_KILL_TEMPORAL"
	envFile   = "TOCSIN_KILL_TEMPORAL_FILE"
	envRun    = "TOCSIN_KILL_LONG_RUN" // after how many events a run is long
)

const (
	serveTemporal = "temporal"
	serveAll      = "all"
)

// running is what a process says on standard error when it is ready.
const running = "tocsin is running"

// tocsin is the program, as it is built for production.
var tocsin string

func TestMain(m *testing.M) {
	if what := os.Getenv(envServe); what != "" {
		fmt.Fprintln(os.Stderr, serve(context.Background(), what))
		os.Exit(1)
	}
	// Mostly they wait. Who says -parallel decides.
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(test(m))
}

// test builds the program and runs the tests.
func test(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tocsin-kill-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	tocsin = filepath.Join(dir, "tocsin")
	build := exec.Command("go", "build", "-o", tocsin, "github.com/tocsinhq/tocsin/cmd/tocsin")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build tocsin: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// serve is Temporal, everything in one process, or the worker of a runbook. It returns only to say
// what is wrong.
func serve(ctx context.Context, what string) error {
	if what == serveSteps {
		if err := serveHammer(); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, running)
		select {}
	}
	long, err := strconv.Atoi(os.Getenv(envRun))
	if err != nil {
		return fmt.Errorf("%s: %w", envRun, err)
	}
	config := devserver.Config{FrontendAddr: os.Getenv(envEngine), SQLiteFile: os.Getenv(envFile), LongRun: long}
	if what == serveAll {
		config.SearchAttributes = map[string]enums.IndexedValueType{}
		for _, name := range workflows.SearchAttributes() {
			config.SearchAttributes[name] = enums.INDEXED_VALUE_TYPE_KEYWORD
		}
	}
	engine, err := devserver.Start(ctx, config)
	if err != nil {
		return err
	}
	if what == serveAll {
		if err := serveApp(ctx, engine.FrontendAddr()); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, running)
	select {}
}

func serveApp(ctx context.Context, engine string) error {
	config, err := app.LoadConfig("", os.Getenv)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, app.Options{
		Config: config, Temporal: client.Options{HostPort: engine}, API: true, Intake: true, Queues: worker.Queues(),
	})
	if err != nil {
		return err
	}
	return a.Start(ctx)
}
