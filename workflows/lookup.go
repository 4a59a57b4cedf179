package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// lookUp asks who is on call now, and keeps the answer: a look-up that fails
// uses the last good one and never counts as nobody. The first time it asks
// for every level, so that there is one for each.
func (r *response) lookUp(ctx workflow.Context, s *incident.Summons) incident.Roster {
	r.trying++
	defer func() { r.trying-- }()
	defer r.effect()()
	known, again := r.state.Known[s.ID]
	question := activities.LookUp{Urgency: s.Urgency, At: workflow.Now(ctx), Levels: r.levels(s)}
	if again {
		present := min(max(s.Level, 0), len(question.Levels)-1)
		question.Levels = question.Levels[present : present+1]
	}
	var found []activities.Roster
	r.asking++
	err := workflow.ExecuteLocalActivity(locally(ctx, lookUpLimit, "who is on call for "+s.ID), pager.WhoIsOnCall, question).Get(ctx, &found)
	r.asking--
	if err != nil && again {
		r.inc.LookUpFailed(s, workflow.Now(ctx))
		last := rosterOf(nth(known, s.Level))
		last.Stale = true
		return last
	}
	if err != nil {
		found = r.lookUpOn(ctx, s, question)
	}
	switch {
	case len(found) == 0:
		return incident.Roster{}
	case !again:
		r.state.Known[s.ID] = found
	case s.Level < len(known):
		known[s.Level] = found[0]
	}
	return rosterOf(nth(r.state.Known[s.ID], s.Level))
}

// lookUpAgain is the pause after a look-up that was given up.
const lookUpAgain = 15 * time.Second

// lookUpOn asks until there is an answer, or the summons ends: nobody is known
// yet who could be paged instead. It asks for the present each time.
func (r *response) lookUpOn(ctx workflow.Context, s *incident.Summons, q activities.LookUp) []activities.Roster {
	r.opening = false // the others need not wait for it
	over := func() bool { return !s.Open() || r.stopping() }
	for !over() {
		askCtx, stop := workflow.WithCancel(ctx)
		q.At = workflow.Now(ctx)
		answer := workflow.ExecuteActivity(lookingUp(askCtx, s.Urgency, "who is on call for "+s.ID), pager.WhoIsOnCall, q)
		err := workflow.Await(ctx, func() bool { return answer.IsReady() || over() })
		stop()
		if err != nil || !answer.IsReady() {
			return nil
		}
		var found []activities.Roster
		if answer.Get(ctx, &found) == nil {
			return found
		}
		if r.until(ctx, workflow.Now(ctx).Add(lookUpAgain), "look up again for "+s.ID, over) != nil {
			return nil
		}
	}
	return nil
}

func nth(levels []activities.Roster, n int) activities.Roster {
	if n < 0 || n >= len(levels) {
		return activities.Roster{}
	}
	return levels[n]
}

func rosterOf(found activities.Roster) incident.Roster {
	out := incident.Roster{Skipped: found.Skipped, Missing: found.Missing, Catalog: found.Catalog}
	for _, person := range found.People {
		for _, c := range person.Contacts {
			out.Reach = append(out.Reach, incident.Reach{
				Person: person.Person, Reason: person.Reason, Contact: c.ID, Kind: c.Kind, After: c.After, Unverified: c.Unverified,
			})
		}
	}
	return out
}

// levels lists the levels of a summons, and the last resort behind them.
func (r *response) levels(s *incident.Summons) []activities.Level {
	var out []activities.Level
	probe := *s
	for probe.Level = 0; probe.Level <= len(s.Levels); probe.Level++ {
		level := activities.Level{Targets: r.inc.Targets(&probe), Named: r.inc.Named(&probe), EveryMethod: r.inc.AtLastResort(&probe)}
		if probe.Level < len(s.Levels) {
			at := s.Levels[probe.Level]
			level.During, level.Outside = at.During, at.Outside
			if at.RoundRobin && probe.Level == s.Level {
				level.Turn = r.turn(s)
			}
		}
		out = append(out, level)
	}
	return out
}

// turn names the turn of the present level: one for each time that it is
// walked.
func (r *response) turn(s *incident.Summons) activities.Turn {
	return activities.Turn{
		Of:  fmt.Sprintf("%s/%d", r.inc.Policy.Escalation.ID, s.PolicyLevel()),
		Key: fmt.Sprintf("%s/%s/r%d/l%d", r.inc.Number, s.ID, s.Round, s.Level),
	}
}
