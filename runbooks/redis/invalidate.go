package redis

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
)

// Invalidate deletes the keys of a Redis that begin with a prefix.
func Invalidate() runbook.Runbook {
	return runbook.New(invalidate, runbook.Spec{
		Name:     "redis-invalidate",
		About:    "Deletes the keys of a Redis that begin with a prefix, at a steady pace.",
		Fits:     "A cache holds what is wrong or stale, and filling it anew does no harm.",
		Target:   "redis/{system}",
		Approval: &runbook.Approval{},
	})
}

// InvalidateParams are the parameters of redis-invalidate.
type InvalidateParams struct {
	System runbook.Name `about:"the Redis, as the systems file names it"`
	Prefix string       `about:"what the keys begin with; it begins with a prefix that the systems file allows" match:"[!-~]{2,256}"`
}

func invalidate(ctx workflow.Context, p InvalidateParams) error {
	count := &Count{System: string(p.System), Prefix: p.Prefix}
	found, err := runbook.Look(ctx, count)
	switch {
	case err != nil:
		return err
	case count.Got.More:
		return fmt.Errorf("%w: %s keys begin with %s, and the limit is %d", runbook.ErrRefused, found, p.Prefix, count.Got.Limit)
	case count.Got.Keys == 0:
		runbook.Note(ctx, "no key of %s begins with %s: there is nothing to delete", p.System, p.Prefix)
		return nil
	}
	step, call := count.Step()
	if err := runbook.Do(ctx, step); err != nil {
		return err
	}
	return left(ctx, count, call)
}

// left says what is left after a deletion. Those that were there all the time
// are gone when it went through the whole; none of them is looked for again.
func left(ctx workflow.Context, count *Count, call *Unlink) error {
	switch {
	case call.Swept.Whole:
		found, err := runbook.Look(ctx, count)
		if err != nil {
			return err
		}
		runbook.Note(ctx, "deleted %d keys; %s are there that were set meanwhile", call.Swept.Deleted, found)
	case call.Swept.Deleted > 0:
		return fmt.Errorf("it stopped after %d keys: there are more than were approved, of which some are left", call.Swept.Deleted)
	}
	return nil
}
