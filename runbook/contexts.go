package runbook

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// attempt bounds one try at one call: short, since it is also how long a call
// goes unnoticed when the worker that made it has died.
const attempt = 10 * time.Second

// reading is for looking at the world: a few tries, then it is unknown.
func reading(ctx workflow.Context, summary string) workflow.Context {
	return within(ctx, summary, 30*time.Second, temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 5 * time.Second})
}

// changing is for a change that carries a key: tried until its outcome is
// known, or until it is time to ask a person.
func changing(ctx workflow.Context, summary string) workflow.Context {
	return within(ctx, summary, 2*time.Minute, temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 15 * time.Second})
}

// finishing is for waiting until what was begun is over: asked at a steady
// pace, for as long as a deployment may take.
func finishing(ctx workflow.Context, summary string) workflow.Context {
	return within(ctx, summary, 15*time.Minute, temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 1})
}

func within(ctx workflow.Context, summary string, limit time.Duration, retry temporal.RetryPolicy) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: attempt, ScheduleToCloseTimeout: limit, RetryPolicy: &retry, Summary: short(summary),
	})
}
