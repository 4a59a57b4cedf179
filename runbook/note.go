package runbook

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
)

// Note writes to the incident's timeline, formatted as by fmt.Sprintf. It
// returns nothing: a run that must end learns of it from the next verb. One that
// makes notes for ever ends by a panic.
func Note(ctx workflow.Context, format string, args ...any) {
	r := of(ctx)
	if err := r.spent(ctx); err != nil {
		panic(err)
	}
	if r.over(ctx) != nil {
		r.unsaid++
		return
	}
	r.note(ctx, format, args...)
}

func (r *run) note(ctx workflow.Context, format string, args ...any) {
	r.say(ctx, Report{Kind: Noted, Text: fmt.Sprintf(format, args...)})
}

// say holds a report that nobody waits for, and sees to it that it is told.
func (r *run) say(ctx workflow.Context, rep Report) {
	r.hold(ctx, rep)
	workflow.GoNamed(ctx, "notes", r.flush) // when the run waits for something
}

// Wait lets time pass; why says what for, to whoever watches and may skip it.
// A dry run does not wait.
func Wait(ctx workflow.Context, d time.Duration, why string) error {
	r := of(ctx)
	if err := r.stopped(ctx); err != nil {
		return err
	}
	skip, err := r.mayGoOn(ctx)
	if skip != nil || err != nil {
		return r.skipped(ctx, skip, why, err)
	}
	if r.in.DryRun {
		r.note(ctx, "would wait %s: %s", catalog.FormatDuration(d), why)
		return r.stopped(ctx)
	}
	w := r.begin()
	defer r.finish(w)
	skip, err = r.idle(ctx, w, d, why)
	return r.skipped(ctx, skip, why, err)
}

func sleep(ctx workflow.Context, d time.Duration, why string) error {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: short(why)}).Get(ctx, nil)
}
