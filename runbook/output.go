package runbook

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/redact"
)

// Records is the task queue on which outputs are kept: a runbook's own worker
// may have no database.
const Records = "records"

// Output keeps a text beside the incident: what a command printed, the rows of
// a statement. People read it there, and its beginning is in the ticket. Of more
// than 32 KiB the middle is left out, and what looks like a secret is removed;
// but what an activity returned is in the history of the run already, so that
// activities remove secrets themselves (package redact). A text that cannot be
// kept is no reason to end the run: the timeline says so. The error is the reason
// to end the run.
func Output(ctx workflow.Context, title, text string) error {
	r := of(ctx)
	if err := r.stopped(ctx); err != nil {
		return err
	}
	r.outputs++
	kept, removed, _ := redact.Shorten(text, activities.MaxOutput)
	title = incident.CutBytes(strings.Join(strings.Fields(title), " "), maxSummary)
	c := activities.Capture{
		Incident: r.in.Facts.Incident, Run: r.id, ID: questionID(r.id, r.outputs), Title: title,
		Text: kept, Bytes: len(text), Removed: removed, At: workflow.Now(ctx).UTC(),
	}
	var a *activities.Recorder
	var captured activities.Captured
	err := workflow.ExecuteActivity(keeping(ctx, "keep "+title), a.Capture, c).Get(ctx, &captured)
	if err != nil {
		r.note(ctx, "%s could not be kept: %s", title, activities.Known(err))
		return r.over(ctx)
	}
	r.report(ctx, Report{Kind: Brought, Text: fmt.Sprintf("%s: %s (output %s)", title, describe(captured), c.ID)})
	return r.over(ctx)
}

// describe says how much was kept, and what was not.
func describe(c activities.Captured) string {
	text := fmt.Sprintf("%d lines, %s", c.Lines, redact.Size(c.Bytes))
	if c.Lines == 1 {
		text = "1 line, " + redact.Size(c.Bytes)
	}
	if c.Bytes > activities.MaxOutput {
		text += ", of which " + redact.Size(activities.MaxOutput) + " are kept"
	}
	return text + redact.Removed(c.Removed)
}

// keeping is for an output: tried for some minutes, since a run does not wait
// for a database that is away.
func keeping(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: Records, StartToCloseTimeout: attempt, ScheduleToCloseTimeout: 5 * time.Minute, Summary: short(summary),
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 15 * time.Second},
	})
}
