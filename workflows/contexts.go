package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// The named activity contexts: callers choose by meaning. Nobody else writes
// time-outs or retry policies.

// The limits of local work. Looking up and paging within the first task take
// three seconds together; all of a task's stays below 0.8 of its time-out.
const (
	lookUpLimit  = 1 * time.Second
	pageLimit    = 2 * time.Second
	journalLimit = 1 * time.Second
)

// locally is for short idempotent work within the present workflow task: one
// try of at most limit, since it holds the task while it runs.
func locally(ctx workflow.Context, limit time.Duration, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		Summary:                incident.CutBytes(summary, maxSummary),
		ScheduleToCloseTimeout: limit,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	})
}

// missed is after how long an activity counts as lost whose worker died in the
// midst of it. The task that then decides to try again may still be offered to
// that worker, for the five seconds that Temporal's SDK gives it: with them, a
// page is handed over within the ten that are promised.
const missed = 4 * activities.BeatEvery

// pagingOnce tries a hand-over once, so that its result is known soon: even
// when no worker takes it, the escalation goes on.
func pagingOnce(ctx workflow.Context, urgency catalog.Urgency, summary string) workflow.Context {
	o := pagingOptions(urgency, summary)
	o.ScheduleToCloseTimeout, o.HeartbeatTimeout = 15*time.Second, missed
	o.RetryPolicy = &temporal.RetryPolicy{MaximumAttempts: 1}
	return workflow.WithActivityOptions(ctx, o)
}

// pagesMatter bounds how long a hand-over is tried. It ends long before, when
// somebody answers or a later page takes its place; but an activity that
// nothing can end must not be left behind.
const pagesMatter = 48 * time.Hour

// tries bounds what a time bounds already: the environment of tests and of
// rehearsals gives up after ten where no number is said.
const tries = 100_000

// paging tries a hand-over again and again, for as long as the page matters.
func paging(ctx workflow.Context, urgency catalog.Urgency, summary string) workflow.Context {
	o := pagingOptions(urgency, summary)
	o.ScheduleToCloseTimeout = pagesMatter
	// It may wait for others, and beats meanwhile.
	o.StartToCloseTimeout, o.HeartbeatTimeout = 10*time.Second+activities.BundleWait+5*time.Second, missed
	o.RetryPolicy = &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second, MaximumAttempts: tries,
	}
	return workflow.WithActivityOptions(ctx, o)
}

// lookingUp asks who is on call for as long as the question means the present.
func lookingUp(ctx workflow.Context, urgency catalog.Urgency, summary string) workflow.Context {
	o := pagingOptions(urgency, summary)
	o.ScheduleToCloseTimeout = time.Minute
	o.RetryPolicy = &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second, MaximumAttempts: tries,
	}
	return workflow.WithActivityOptions(ctx, o)
}

// silencing stops what rings, which ends by itself after half an hour at most.
func silencing(ctx workflow.Context, summary string) workflow.Context {
	o := pagingOptions(catalog.Ordinary, summary)
	o.ScheduleToCloseTimeout = 30 * time.Minute
	o.RetryPolicy = &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Second, MaximumAttempts: tries,
	}
	return workflow.WithActivityOptions(ctx, o)
}

func pagingOptions(urgency catalog.Urgency, summary string) workflow.ActivityOptions {
	priority := 1
	if urgency == catalog.Ordinary {
		priority = 2 // never before what is urgent
	}
	return workflow.ActivityOptions{
		TaskQueue: Paging, Summary: incident.CutBytes(summary, maxSummary),
		StartToCloseTimeout: 10 * time.Second, Priority: temporal.Priority{PriorityKey: priority},
	}
}

// recording is for writing to a store that is slow: tried for as long as the
// incident lives, and waiting for nobody else.
func recording(ctx workflow.Context, summary string) workflow.Context {
	o := workingOptions(summary)
	o.TaskQueue = Records
	return workflow.WithActivityOptions(ctx, o)
}

// asking is for a short question whose answer somebody waits for, no longer than
// it is of use.
func asking(ctx workflow.Context, within time.Duration, summary string) workflow.Context {
	o := workingOptions(summary)
	o.TaskQueue, o.StartToCloseTimeout, o.ScheduleToCloseTimeout = Records, 5*time.Second, within
	return workflow.WithActivityOptions(ctx, o)
}

// ending is for ending a run that no worker does: the next look tries again, and
// an incident is not held open by a right that is missing.
func ending(ctx workflow.Context, summary string) workflow.Context {
	o := workingOptions(summary)
	o.ScheduleToCloseTimeout = 2 * time.Minute
	return workflow.WithActivityOptions(ctx, o)
}

// working is for what must happen but may wait: reading tickets, asking after
// a run. It is tried for as long as the incident lives.
func working(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workingOptions(summary))
}

// publishing is for what may take long, and beats while it does: mail and
// tickets.
func publishing(ctx workflow.Context, summary string) workflow.Context {
	o := workingOptions(summary)
	o.StartToCloseTimeout, o.HeartbeatTimeout = 2*time.Minute, missed
	return workflow.WithActivityOptions(ctx, o)
}

func workingOptions(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: Integrations, Summary: incident.CutBytes(summary, maxSummary), StartToCloseTimeout: time.Minute,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Second},
		Priority:    temporal.Priority{PriorityKey: 5},
	}
}
