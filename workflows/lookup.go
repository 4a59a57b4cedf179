package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// lookUp asks who is on call now, and keeps the answer: a look-up that fails
// uses the last good one and never counts as nobody. The first time it asks
// for every level, so that there is one for each.
func (r *response) lookUp(ctx workflow.Context, s *incident.Summons) []activities.Recipient {
	r.trying++
	defer func() { r.trying-- }()
	defer r.effect()()
	known, again := r.state.Known[s.ID]
	question := activities.LookUp{Urgency: s.Urgency, At: workflow.Now(ctx), Levels: r.levels(s)}
	if again {
		present := min(max(s.Level, 0), len(question.Levels)-1)
		question.Levels = question.Levels[present : present+1]
	}
	var found [][]activities.Recipient
	r.asking++
	err := workflow.ExecuteLocalActivity(locally(ctx, lookUpLimit, "who is on call for "+s.ID), pager.WhoIsOnCall, question).Get(ctx, &found)
	r.asking--
	if err != nil && again {
		r.inc.LookUpFailed(s, workflow.Now(ctx))
		return nth(known, s.Level)
	}
	if err != nil {
		found = r.lookUpOn(ctx, s, question)
	}
	switch {
	case len(found) == 0:
		return nil
	case !again:
		r.state.Known[s.ID] = found
	case s.Level < len(known):
		known[s.Level] = found[0]
	}
	return nth(r.state.Known[s.ID], s.Level)
}

// lookUpAgain is the pause after a look-up that was tried for an hour.
const lookUpAgain = time.Minute

// lookUpOn asks until there is an answer, or the summons is over: nobody is
// known yet who could be paged instead.
func (r *response) lookUpOn(ctx workflow.Context, s *incident.Summons, q activities.LookUp) [][]activities.Recipient {
	r.opening = false // the others need not wait for it
	over := func() bool { return !s.Open() || r.stopping() }
	for !over() {
		askCtx, stop := workflow.WithCancel(ctx)
		answer := workflow.ExecuteActivity(paging(askCtx, "who is on call for "+s.ID), pager.WhoIsOnCall, q)
		err := workflow.Await(ctx, func() bool { return answer.IsReady() || over() })
		stop()
		if err != nil || !answer.IsReady() {
			return nil
		}
		var found [][]activities.Recipient
		if answer.Get(ctx, &found) == nil {
			return found
		}
		if r.until(ctx, workflow.Now(ctx).Add(lookUpAgain), "look up again for "+s.ID, over) != nil {
			return nil
		}
	}
	return nil
}

func nth(levels [][]activities.Recipient, n int) []activities.Recipient {
	if n < 0 || n >= len(levels) {
		return nil
	}
	return levels[n]
}

// levels lists the levels of a summons, and the last resort behind them.
func (r *response) levels(s *incident.Summons) []activities.Level {
	var out []activities.Level
	probe := *s
	for probe.Level = 0; probe.Level <= len(s.Levels); probe.Level++ {
		out = append(out, activities.Level{Targets: r.inc.Targets(&probe), EveryMethod: r.inc.AtLastResort(&probe)})
	}
	return out
}
