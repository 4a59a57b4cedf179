package runbook

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
)

// lookEvery is how often what is awaited is looked at, once it has not come
// within seconds.
const lookEvery = 15 * time.Second

// ErrNever is wrapped by the error of a reading that finds that what is awaited
// will not come any more.
var ErrNever = errors.New("it will not come")

// Await looks at something until it is as expected, for at most some time: what
// a change should bring about need not be there when its call has returned. It
// fails when the time is over, with what was found last, and at once when the
// reading fails with ErrNever. A dry run says what it would wait for; a person
// may skip it.
func Await(ctx workflow.Context, e Expectation, within time.Duration) error {
	r := of(ctx)
	if err := r.stopped(ctx); err != nil {
		return err
	}
	why := "until " + e.String()
	if skip, err := r.mayGoOn(ctx); skip != nil || err != nil {
		return r.skipped(ctx, skip, why, err)
	}
	if r.in.DryRun {
		r.note(ctx, "would wait, for at most %s, %s", catalog.FormatDuration(within), why)
		return r.stopped(ctx)
	}
	w := r.begin() // also while it looks, which may take long
	defer r.finish(w)
	until := workflow.Now(ctx).Add(within)
	for pause := time.Second; ; pause = min(2*pause, lookEvery) {
		found, err := r.read(ctx, e.Of)
		left := until.Sub(workflow.Now(ctx))
		switch {
		case err == nil && found == e.Is:
			return r.over(ctx)
		case r.left(ctx) != nil:
			return r.left(ctx)
		case w.skip != nil:
			return r.skipped(ctx, w.skip, why, nil)
		case errors.Is(err, ErrNever):
			return err
		case left <= 0 && err != nil:
			return fmt.Errorf("%s cannot be read: %w", e.Of, err)
		case left <= 0:
			return fmt.Errorf("%s is still %s, not %s, after %s", e.Of, quoted(found), quoted(e.Is), catalog.FormatDuration(within))
		}
		skip, err := r.idle(ctx, w, min(pause, left), why)
		if skip != nil || err != nil {
			return r.skipped(ctx, skip, why, err)
		}
	}
}
