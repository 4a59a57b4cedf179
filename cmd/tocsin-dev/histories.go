package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/demo"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
)

// Where the replay tests read histories, below the root of the repository.
const (
	incidentHistories = "workflows/testdata/histories"
	runbookHistories  = "runbooks/testdata"
)

// demoIncident is the number of the demo's incident: the first of a new stack.
const demoIncident = "INC-1"

// historiesWithin is how long all of it may take.
const historiesWithin = 5 * time.Minute

func historiesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "histories",
		Short: "Record the histories that the replay tests read",
		Long: `Play the demo and short scenes of what it does not show, and write the histories
of their incidents and of the runbook to the folders of the replay tests. Run it
in the root of the repository, once a release; what earlier releases left stays,
unless it has the same name.`,
		Example: "  tocsin-dev histories\n  tocsin-dev histories --name v1.2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, err := cmd.Flags().GetString("name")
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), historiesWithin)
			defer cancel()
			return recordHistories(ctx, name, cmd.OutOrStdout())
		},
	}
	cmd.Flags().String("name", "demo", "what the files' names begin with, such as the release")
	return cmd
}

// recordHistories plays the demo and the sketches, these with runs of every
// length, and keeps what they left.
func recordHistories(ctx context.Context, name string, out io.Writer) error {
	if _, err := os.Stat(filepath.Dir(runbookHistories)); err != nil {
		return fmt.Errorf("run it in the root of the repository: %w", err)
	}
	for _, p := range []performance{
		{name, demo.Hasten, 0, playDemo}, {name, demo.Prepare, 0, playSketches}, {name + "-short", demo.Prepare, shortRun, playSketches},
	} {
		if err := p.record(ctx, out); err != nil {
			return err
		}
	}
	return nil
}

// shortRun is after how many events a run is advised to continue as a new one,
// where that is to be recorded too.
const shortRun = 25

// performance is something that is played on a stack of its own.
type performance struct {
	name    string
	adjust  func(*catalog.Catalog)
	longRun int
	play    func(ctx context.Context, stack *devstack.Stack, r recorder) error
}

func (p performance) record(ctx context.Context, out io.Writer) (err error) {
	stack, err := devstack.Start(ctx, devstack.Config{Adjust: p.adjust, LongRun: p.longRun})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Close(context.WithoutCancel(ctx))) }()
	return p.play(ctx, stack, recorder{temporal: stack.App.Client, name: p.name, out: out})
}

func playDemo(ctx context.Context, stack *devstack.Stack, r recorder) error {
	if err := demo.Play(ctx, stack, r.out); err != nil {
		return err
	}
	runs, err := r.record(ctx, demoIncident, incidentHistories)
	if err != nil {
		return err
	}
	for _, id := range runs {
		if _, err := r.record(ctx, id, runbookHistories); err != nil {
			return err
		}
	}
	return nil
}

func playSketches(ctx context.Context, stack *devstack.Stack, r recorder) error {
	base := r.name
	for _, s := range demo.Sketches() {
		numbers, err := s.Play(ctx, stack, r.out)
		if err != nil {
			return err
		}
		for n, number := range numbers {
			r.name = fmt.Sprintf("%s-%s%d", base, s.Name, n+1)
			if _, err := r.record(ctx, number, incidentHistories); err != nil {
				return err
			}
		}
	}
	return nil
}

// recorder writes histories of one demo.
type recorder struct {
	temporal client.Client
	name     string
	out      io.Writer
}

// record writes a file for each run of a workflow that has ended, and returns
// the children that it started.
func (r recorder) record(ctx context.Context, id, folder string) (children []string, err error) {
	if err := r.temporal.GetWorkflow(ctx, id, "").Get(ctx, nil); err != nil {
		return nil, fmt.Errorf("wait for the end of %s: %w", id, err)
	}
	described, err := r.temporal.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", id, err)
	}
	kind := strings.ToLower(described.GetWorkflowExecutionInfo().GetType().GetName())
	for n, run := 1, described.GetWorkflowExecutionInfo().GetFirstRunId(); run != ""; n++ {
		text, err := activities.TemporalRuns{Client: r.temporal}.RunHistory(ctx, id, run)
		if err != nil {
			return nil, err
		}
		history, err := client.HistoryFromJSON(bytes.NewReader(text), client.HistoryJSONOptions{})
		if err != nil {
			return nil, fmt.Errorf("read the history of %s back: %w", id, err)
		}
		if err := r.write(filepath.Join(folder, fmt.Sprintf("%s-%s-%d.json.gz", r.name, kind, n)), text); err != nil {
			return nil, err
		}
		for _, e := range history.GetEvents() {
			if child := e.GetStartChildWorkflowExecutionInitiatedEventAttributes(); child != nil && !slices.Contains(children, child.GetWorkflowId()) {
				children = append(children, child.GetWorkflowId())
			}
		}
		last := history.GetEvents()[len(history.GetEvents())-1]
		run = last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	return children, nil
}

// write compresses text into a file. Equal histories make equal files.
func (r recorder) write(path string, text []byte) error {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, err := w.Write(text)
	if err := errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("compress %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // part of the repository
		return fmt.Errorf("make the folder of %s: %w", path, err)
	}
	if err := os.WriteFile(path, compressed.Bytes(), 0o644); err != nil { //nolint:gosec // part of the repository
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, _ = fmt.Fprintln(r.out, "wrote", path)
	return nil
}
