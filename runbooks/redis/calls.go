// Package redis holds the runbook that deletes keys of a Redis, and the call and
// the reading that it is made of.
package redis

import (
	"fmt"
	"strconv"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Count is the reading of how many keys of a Redis begin with a prefix.
type Count struct {
	System string
	Prefix string
	// Got is what was counted.
	Got systems.RedisCount
}

// String says what is counted.
func (c *Count) String() string {
	return fmt.Sprintf("how many keys of %s begin with %s", c.System, c.Prefix)
}

// Pace is slow: all keys are gone through.
func (c *Count) Pace() runbook.Pace { return runbook.Slow }

// Read counts.
func (c *Count) Read(ctx workflow.Context) (string, error) {
	var a *activities.Redis
	order := activities.RedisOrder{System: c.System, Keys: systems.RedisKeys{Prefix: c.Prefix}}
	c.Got = systems.RedisCount{}
	err := workflow.ExecuteActivity(ctx, a.CountKeys, order).Get(ctx, &c.Got)
	found := strconv.Itoa(c.Got.Keys)
	if c.Got.More {
		found = "more than " + found
	}
	return found, activities.Known(err)
}

// Unlink is the call that deletes the keys of a Redis that begin with a prefix.
// Keys that are set meanwhile need not be among them.
type Unlink struct {
	System string
	Keys   systems.RedisKeys
	// Rate is how many are deleted a second.
	Rate int
	// Swept is what it did.
	Swept systems.RedisSwept
}

// String is the exact call.
func (u *Unlink) String() string {
	return fmt.Sprintf("unlink the keys of %s that begin with %s, at most %d in one pass, %d a second (plan %s)",
		u.System, u.Keys.Prefix, u.Keys.Most, u.Rate, u.Keys.Covers)
}

// Make deletes them.
func (u *Unlink) Make(ctx workflow.Context, _ string) error {
	var a *activities.Redis
	err := workflow.ExecuteActivity(ctx, a.DeleteKeys, activities.RedisOrder{System: u.System, Keys: u.Keys}).Get(ctx, &u.Swept)
	return activities.Known(err)
}

// Step is the deletion of what was counted as a step, which nothing undoes. It
// may be made again: none are left, or those that are left are deleted, as many
// once more: nobody knows how many a pass has deleted whose answer was lost.
func (c *Count) Step() (runbook.Step, *Unlink) {
	call := &Unlink{
		System: c.System, Keys: systems.RedisKeys{Prefix: c.Prefix, Most: c.most(), Covers: c.Got.Covers}, Rate: c.Got.Rate,
	}
	return runbook.Step{
		Name: "invalidate " + c.Prefix + " at " + c.System,
		Change: runbook.Change{
			Call: call, Repeat: runbook.CheckThenAct, Pace: runbook.Slow,
			Done: runbook.Expect(&Count{System: c.System, Prefix: c.Prefix}, "0"),
		},
		Touches: runbook.Touches{Count: c.Got.Keys, Of: c.Got.Of, What: "keys"},
	}, call
}

// spare is what may have been added to the keys since they were counted, beside
// a tenth of them.
const spare = 100

// most is how many may be deleted: more than were counted, since keys come and
// go, but no other number of them than was approved.
func (c *Count) most() int { return min(c.Got.Keys+c.Got.Keys/10+spare, c.Got.Limit) }
