package main

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
)

// drainCell takes a cell out of the traffic: an approval, one change that can be
// looked at and undone, and a look at whether it helped.
func drainCell() runbook.Runbook {
	return runbook.New(DrainCell, runbook.Spec{
		Name:     "acme-drain-cell",
		About:    "Takes a cell out of the traffic.",
		Fits:     "One cell fails and the others have room.",
		Target:   "cell/{cell}",
		Approval: &runbook.Approval{},
	})
}

// DrainCellParams are the parameters of DrainCell.
type DrainCellParams struct {
	Cell   runbook.Name  `about:"the cell to drain" from:"label:cell"`
	Check  string        `about:"a query for the share of requests that fail; nothing is checked without" optional:"true"`
	Below  float64       `about:"what the query must give a number below" default:"0.05"`
	Settle time.Duration `about:"how long the metric may take to settle" default:"2m"`
}

// DrainCell drains a cell once somebody approved it, and offers to take it back
// when that does not help.
func DrainCell(ctx workflow.Context, p DrainCellParams) error {
	was, err := runbook.Look(ctx, weightOf(p.Cell))
	if err != nil {
		return err
	}
	step := drain(string(p.Cell), was)
	if err := runbook.Approve(ctx, runbook.Gate{Text: "Drain " + string(p.Cell) + "?", Steps: []runbook.Step{step}}); err != nil {
		return err
	}
	if err := runbook.Do(ctx, step); err != nil {
		return err
	}
	if p.Check == "" {
		return nil
	}
	return helped(ctx, runbook.Metric{Query: p.Check, Below: p.Below, Settle: p.Settle})
}

// helped fails unless a metric is healthy: the kit then offers the undo.
func helped(ctx workflow.Context, m runbook.Metric) error {
	health, err := runbook.Check(ctx, m)
	if err == nil && health != runbook.Healthy {
		err = errNoHelp
	}
	return err
}

// drain is the step, provided that the cell still has the weight that somebody
// saw. The balancer knows no keys, so the kit looks before each try.
func drain(cell, was string) runbook.Step {
	before, _ := strconv.Atoi(was) // it is what weightOf wrote
	return runbook.Step{
		Name: "drain " + cell,
		Change: runbook.Change{
			Call: setWeight{Order{cell, 0}}, Repeat: runbook.CheckThenAct,
			Done: runbook.Expect(weightOf(cell), "0"), Expects: []runbook.Expectation{runbook.Expect(weightOf(cell), was)},
		},
		Undo: &runbook.Change{
			Call: setWeight{Order{cell, before}}, Repeat: runbook.CheckThenAct, Done: runbook.Expect(weightOf(cell), was),
		},
	}
}

// setWeight is the call that changes something.
type setWeight struct{ Order }

// Make has the balancer do it, with the context that the kit gives.
func (s setWeight) Make(ctx workflow.Context, _ string) error {
	var b *Balancer
	return activities.Known(workflow.ExecuteActivity(ctx, b.SetWeight, s.Order).Get(ctx, nil))
}

// weightOf reads the weight of a cell.
type weightOf string

func (w weightOf) String() string { return "the weight of " + string(w) }

// Read asks the balancer.
func (w weightOf) Read(ctx workflow.Context) (string, error) {
	var b *Balancer
	var weight int
	err := workflow.ExecuteActivity(ctx, b.Weight, string(w)).Get(ctx, &weight)
	return strconv.Itoa(weight), activities.Known(err)
}
