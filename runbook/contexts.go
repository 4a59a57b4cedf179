package runbook

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

const (
	// attempt bounds one try at a quick call: short, since it is also how long a
	// call goes unnoticed when the worker that made it has died.
	attempt = 10 * time.Second
	// slowAttempt bounds one try at a slow call, and missed how long its worker
	// is silent before it is taken for dead.
	slowAttempt = 15 * time.Minute
	missed      = 30 * time.Second
)

// ours has an activity of Tocsin's own done on Tocsin's queue of runbooks,
// where its deploy target, its metrics and its look at targets are known: the
// worker of a run may be another repository's, and have none of them.
func ours(ctx workflow.Context) workflow.Context { return workflow.WithTaskQueue(ctx, TaskQueue) }

// reading is for looking at the world: a few tries, then it is unknown.
func reading(ctx workflow.Context, pace Pace, summary string) workflow.Context {
	limit := 30 * time.Second
	if pace == Slow {
		limit = slowAttempt
	}
	return within(ctx, summary, pace, limit, temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 5 * time.Second})
}

// repeating is for a change that carries a key: tried until its outcome is
// known, or until it is time to ask a person.
func repeating(ctx workflow.Context, pace Pace, summary string) workflow.Context {
	limit := 2 * time.Minute
	if pace == Slow {
		limit = 2 * slowAttempt
	}
	return within(ctx, summary, pace, limit, temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 15 * time.Second})
}

// once is for a change that nobody may repeat without a look.
func once(ctx workflow.Context, pace Pace, summary string) workflow.Context {
	return within(ctx, summary, pace, 2*slowAttempt, temporal.RetryPolicy{MaximumAttempts: 1})
}

// finishing is for waiting until what was begun is over: asked at a steady
// pace, for as long as a deployment may take.
func finishing(ctx workflow.Context, summary string) workflow.Context {
	return within(ctx, summary, Quick, 15*time.Minute, temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 1})
}

func within(ctx workflow.Context, summary string, pace Pace, limit time.Duration, retry temporal.RetryPolicy) workflow.Context {
	o := workflow.ActivityOptions{
		StartToCloseTimeout: attempt, ScheduleToCloseTimeout: limit, RetryPolicy: &retry, Summary: short(summary),
	}
	if pace == Slow {
		o.StartToCloseTimeout, o.HeartbeatTimeout = slowAttempt, missed
	}
	return workflow.WithActivityOptions(ctx, o)
}
