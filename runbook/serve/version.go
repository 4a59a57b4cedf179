package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Pinned are the options of a worker whose runs are pinned to a version of the
// workers of its task queue: what a version has begun, workers of that version
// finish. Without a version they stay as they are. Its error says what is wrong
// with the version.
func Pinned(o worker.Options, queue, version string) (worker.Options, error) {
	if version == "" {
		return o, nil
	}
	if err := unfitVersion(queue, version); err != nil {
		return o, err
	}
	o.DeploymentOptions = worker.DeploymentOptions{
		UseVersioning: true, DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
		Version: worker.WorkerDeploymentVersion{DeploymentName: queue, BuildID: version},
	}
	return o, nil
}

// unfitVersion says what is wrong with a version, or nothing.
func unfitVersion(queue, version string) error {
	switch {
	case len(version) > maxVersion || strings.ContainsFunc(version, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("a version is at most %d printable characters of ASCII, without spaces", maxVersion)
	case strings.ContainsAny(queue, ".:"):
		return errors.New("a task queue whose workers have versions has neither a dot nor a colon in its name")
	}
	return nil
}

const maxVersion = 100

// turn is what a version is to the runs that are to come.
type turn int

const (
	// unknown: Temporal has not heard of it yet.
	unknown turn = iota
	// current: new runs are its own.
	current
	// earlier: another one has taken its place, and it finishes what it has begun.
	earlier
)

// deployment is what a version needs of a client.WorkerDeploymentHandle.
type deployment interface {
	Describe(ctx context.Context, o client.WorkerDeploymentDescribeOptions) (client.WorkerDeploymentDescribeResponse, error)
	DescribeVersion(ctx context.Context, o client.WorkerDeploymentDescribeVersionOptions) (client.WorkerDeploymentVersionDescription, error)
	SetCurrentVersion(ctx context.Context, o client.WorkerDeploymentSetCurrentVersionOptions) (client.WorkerDeploymentSetCurrentVersionResponse, error)
}

// version is one version of the workers of a task queue.
type version struct {
	of deployment
	id string
}

// versionOf is the version of the workers of a task queue, nil without one.
func versionOf(temporal client.Client, queue, id string) *version {
	if id == "" {
		return nil
	}
	return &version{of: temporal.WorkerDeploymentClient().GetHandle(queue), id: id}
}

// TakeTurn has the new runs of a task queue be those of a version whose worker
// has begun, unless it had its turn before, and returns once that is settled or
// ctx ends. Without a version it returns at once. For a worker that is not run
// by Run, which does this itself.
func TakeTurn(ctx context.Context, temporal client.Client, queue, id string, log *slog.Logger) {
	v := versionOf(temporal, queue, id)
	for pause := announceSoon; v != nil; pause = min(2*pause, announceWithin) {
		whose, err := v.take(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			log.Warn("nobody can say which version serves new runs; asking again", "queue", queue, "error", err)
		case whose == earlier:
			log.Info(finishes, "queue", queue, "version", id)
			return
		case whose == current:
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// finishes is what a version says that has had its turn.
const finishes = "a later version serves new runs; this one finishes what it has begun"

// take finds out whose turn it is. A version that never had it takes it: new
// code takes new runs from its first start, and a restart of earlier code takes
// nothing back. To go back is for a person, with Temporal's own tools.
func (v *version) take(ctx context.Context) (turn, error) {
	all, err := v.of.Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if err != nil {
		return unknown, unlessUnheard(err)
	}
	routing := all.Info.RoutingConfig
	if v.is(routing.CurrentVersion) || v.is(routing.RampingVersion) {
		return current, nil
	}
	own, err := v.of.DescribeVersion(ctx, client.WorkerDeploymentDescribeVersionOptions{BuildID: v.id})
	if err != nil {
		return unknown, unlessUnheard(err)
	}
	if !own.Info.RoutingChangedTime.IsZero() {
		return earlier, nil // it had its turn
	}
	_, err = v.of.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: v.id, ConflictToken: all.ConflictToken})
	if err != nil {
		return unknown, fmt.Errorf("have version %s take new runs: %w", v.id, err)
	}
	return current, nil
}

func (v *version) is(other *worker.WorkerDeploymentVersion) bool {
	return other != nil && other.BuildID == v.id
}

// unlessUnheard passes an error on, but one that says that Temporal has not
// heard of the version yet: its worker has only just begun to ask for work.
func unlessUnheard(err error) error {
	if _, unheard := errors.AsType[*serviceerror.NotFound](err); unheard {
		return nil
	}
	return fmt.Errorf("ask whose turn it is: %w", err)
}
