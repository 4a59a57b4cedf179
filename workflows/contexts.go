package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The named activity contexts: callers choose by meaning. Nobody else writes
// time-outs or retry policies.

// locally is for short idempotent work within the present workflow task: one
// try of at most limit, since it holds the task while it runs.
func locally(ctx workflow.Context, limit time.Duration) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: limit,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	})
}

const (
	// openingLimit bounds looking up and paging in the first task together.
	lookUpLimit = 1 * time.Second
	pageLimit   = 2 * time.Second
	// journalLimit bounds a store write; a slow store goes on regularly.
	journalLimit = 1 * time.Second
)

// pagingOnce tries a hand-over once, so that its result is known at once.
func pagingOnce(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, pagingOptions(summary, &temporal.RetryPolicy{MaximumAttempts: 1}))
}

// paging tries a hand-over again and again, for an hour: after that a page of
// this level matters no more.
func paging(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, pagingOptions(summary, &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second,
	}))
}

func pagingOptions(summary string, retry *temporal.RetryPolicy) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: Paging, Summary: cut(summary, maxSummary), RetryPolicy: retry,
		StartToCloseTimeout: 10 * time.Second, ScheduleToCloseTimeout: time.Hour,
		Priority: temporal.Priority{PriorityKey: 1},
	}
}

// working is for what must happen but may wait: mail, tickets, the record. It
// is tried for as long as the incident lives.
func working(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: Integrations, Summary: cut(summary, maxSummary),
		StartToCloseTimeout: 2 * time.Minute, HeartbeatTimeout: 0,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Priority:    temporal.Priority{PriorityKey: 5},
	})
}
