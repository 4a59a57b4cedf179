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
