package serve

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
)

// Announce tells a stand-in of Temporal what is served until ctx ends.
func Announce(ctx context.Context, temporal interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
}, c Config, log *slog.Logger,
) {
	c.Log, c.Every = log, time.Millisecond
	a := newAnnouncer(c)
	a.temporal = temporal
	a.announce(ctx)
}

// Take says whose turn it is: "unknown", "current" or "earlier".
func Take(ctx context.Context, of deployment, version string) (string, error) {
	whose, err := newVersion(of, version).take(ctx)
	return []string{"unknown", "current", "earlier"}[whose], err
}

func newVersion(of deployment, id string) *version { return &version{of: of, id: id} }
