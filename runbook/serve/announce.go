package serve

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsinhq/tocsin/runbook"
)

const (
	// announceEvery is the time between two announcements, announceSoon that
	// after one that failed, which grows up to the other.
	announceEvery = 5 * time.Minute
	announceSoon  = time.Second
	// announceWithin is how long Tocsin may take.
	announceWithin = time.Minute
)

// starter is what an announcer needs of a client.Client.
type starter interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
}

// announcer tells Tocsin which runbooks are served, again and again.
type announcer struct {
	temporal starter
	what     runbook.Announcement
	every    time.Duration
	log      *slog.Logger
	// version is nil where workers have none.
	version *version
	// said is what was logged already.
	said map[string]bool
	// unheard says that the last announcement failed.
	unheard bool
}

func newAnnouncer(c Config) *announcer {
	return &announcer{
		temporal: c.Temporal, what: c.announcement(), every: cmp.Or(c.Every, announceEvery), log: c.Log, said: map[string]bool{},
		version: versionOf(c.Temporal, c.Queue, c.Version),
	}
}

// announce tells Tocsin until ctx ends.
func (a *announcer) announce(ctx context.Context) {
	soon := announceSoon
	for ctx.Err() == nil {
		pause := a.every
		if a.round(ctx) {
			soon = announceSoon
		} else {
			pause = min(soon, a.every)
			soon = min(2*soon, a.every)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// round tells Tocsin once what is served, unless that is for a later version to
// say. It reports whether there is nothing more to do for a while.
func (a *announcer) round(ctx context.Context) (done bool) {
	if a.version == nil {
		return a.tell(ctx)
	}
	within, cancel := context.WithTimeout(ctx, announceWithin)
	defer cancel()
	whose, err := a.version.take(within)
	switch {
	case err != nil:
		a.failed(ctx, err)
		return false
	case whose == current:
		return a.tell(ctx)
	case whose == earlier && a.once("earlier"):
		a.log.Info(finishes, "queue", a.what.Queue, "version", a.version.id)
	}
	return whose == earlier
}

// failed says once that Tocsin or Temporal cannot be told.
func (a *announcer) failed(ctx context.Context, err error) {
	if !a.unheard && ctx.Err() == nil {
		a.log.Warn("Tocsin has not heard which runbooks are served; telling it again", "queue", a.what.Queue, "error", err)
	}
	a.unheard = true
}

// tell tells Tocsin once, and reports whether it has heard. What it refuses is
// logged once each.
func (a *announcer) tell(ctx context.Context) (heard bool) {
	within, cancel := context.WithTimeout(ctx, announceWithin)
	defer cancel()
	var out runbook.Announced
	run, err := a.temporal.ExecuteWorkflow(within, client.StartWorkflowOptions{
		ID: runbook.AnnounceID(a.what.Queue), TaskQueue: runbook.AnnounceQueue, WorkflowExecutionTimeout: announceWithin,
		// Another worker of this queue may be at it, and may serve others.
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            "the runbooks of " + a.what.Queue,
	}, runbook.AnnounceType, a.what)
	if err == nil {
		err = run.Get(within, &out)
	}
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) { // another worker tells it, or did just now
		return false
	}
	if err != nil {
		a.failed(ctx, err)
		return false
	}
	a.unheard = false
	for _, r := range out.Refused {
		if a.once(r.Name + ": " + r.Why) {
			a.log.Warn("Tocsin does not offer a runbook", "queue", a.what.Queue, "runbook", r.Name, "why", r.Why)
		}
	}
	if offered := strings.Join(out.Offered, ", "); offered != "" && a.once(offered) {
		a.log.Info("Tocsin offers runbooks", "queue", a.what.Queue, "runbooks", offered)
	}
	return true
}

// once reports whether something is said for the first time.
func (a *announcer) once(what string) bool {
	before := a.said[what]
	a.said[what] = true
	return !before
}
