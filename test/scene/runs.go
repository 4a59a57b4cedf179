package scene

import (
	"context"
	"fmt"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
)

// TakeBack runs what takes the first suspect back, or has it only say what it
// would do.
func (s *Incident) TakeBack(ctx context.Context, dry bool) error {
	return s.World.Insist(ctx, Secondary, "take the change back", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		list, err := c.ListSuspectsWithResponse(ctx, s.Number)
		if err != nil {
			return err
		}
		if len(list.JSON200.Suspects) == 0 {
			return fmt.Errorf("%s suspects no change", s.Number)
		}
		undo := list.JSON200.Suspects[0].Change.Undo
		_, err = c.StartRunWithResponse(ctx, s.Number, &client.StartRunParams{IdempotencyKey: key},
			incident.StartRun{Name: undo.Runbook, Params: undo.Params, DryRun: dry})
		return err
	})
}

// Asked waits for a question that is open.
func (s *Incident) Asked(ctx context.Context) (incident.Question, error) {
	latest := func(i *client.Incident) (q incident.Question) {
		if len(i.Questions) > 0 {
			q = i.Questions[len(i.Questions)-1]
		}
		return q
	}
	i, err := s.World.Incident(ctx, s.Number, "the question", func(i *client.Incident) bool {
		q := latest(i)
		return q.ID != "" && q.Open()
	})
	if err != nil {
		return incident.Question{}, err
	}
	return latest(i), nil
}

// Approve has the commander approve what is asked.
func (s *Incident) Approve(ctx context.Context, q incident.Question) error {
	return s.World.Insist(ctx, Commander, "approve", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.AnswerQuestionWithResponse(ctx, s.Number, q.ID,
			&client.AnswerQuestionParams{IdempotencyKey: key}, client.AnswerQuestionJSONRequestBody{Choice: "approve"})
		return err
	})
}

// Done waits for the end of the latest run of a runbook, dry or not, which must
// have done what it was to do.
func (s *Incident) Done(ctx context.Context, runbook string, dry bool) (incident.Run, error) {
	i, err := s.World.Incident(ctx, s.Number, "the end of "+runbook, func(i *client.Incident) bool {
		run := RunOf(i, runbook)
		return run.DryRun == dry && !run.Ended.IsZero()
	})
	run := RunOf(i, runbook)
	if err == nil && run.State != incident.RunDone {
		err = fmt.Errorf("%s is %s: %s", runbook, run.State, run.Outcome)
	}
	return run, err
}

// RunOf returns the latest run of a runbook, or the zero run.
func RunOf(i *client.Incident, runbook string) (run incident.Run) {
	if i == nil {
		return run
	}
	for _, r := range i.Runs {
		if r.Name == runbook {
			run = r
		}
	}
	return run
}
