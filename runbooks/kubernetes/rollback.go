package kubernetes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Rollback takes a Deployment back.
func Rollback() runbook.Runbook {
	return runbook.New(rollback, runbook.Spec{
		Name:     "kubernetes-rollback",
		About:    "Takes a Deployment back to a revision that ran before, as kubectl rollout undo does, and waits for the rollout.",
		Fits:     "A rollout is the likely cause.",
		Target:   "kubernetes/{cluster}/{namespace}/deployment/{deployment}",
		Approval: &runbook.Approval{},
	})
}

// RollbackParams are the parameters of kubernetes-rollback.
type RollbackParams struct {
	Cluster    runbook.Name  `about:"the cluster, as the systems file names it"`
	Namespace  runbook.Name  `about:"the namespace of the Deployment" from:"label:namespace"`
	Deployment runbook.Name  `about:"the Deployment" from:"label:deployment"`
	Revision   int           `about:"the revision to go back to; 0 is the one before" min:"0" default:"0"`
	Within     time.Duration `about:"how long the rollout may take" default:"15m"`
}

func rollback(ctx workflow.Context, p RollbackParams) error {
	d := deploymentOf(p.Cluster, p.Namespace, p.Deployment)
	if err := d.read(ctx); err != nil {
		return err
	}
	now, stalled := d.Now.KubeRevision, d.Now.Stalled
	if is(now, int64(p.Revision)) {
		runbook.Note(ctx, "%s runs revision %d already: %s", d, p.Revision, d.shown(now))
		return rolledOut(ctx, d, stalled, p.Within)
	}
	to, err := d.back(int64(p.Revision))
	if err != nil {
		return err
	}
	runbook.Note(ctx, "%s runs revision %s; it goes back to %s", d, d.shown(now), d.shown(to))
	d.warn(ctx)
	step := rollbackStep(d, to)
	gate := runbook.Gate{Text: fmt.Sprintf("Roll %s back from revision %s to %s?", d, d.shown(now), d.shown(to)), Steps: []runbook.Step{step}}
	if err := runbook.Approve(ctx, gate); err != nil {
		return err
	}
	if err := runbook.Do(ctx, step); err != nil {
		return err
	}
	return rolledOut(ctx, d, stalled, p.Within)
}

// is reports whether a template has that number, or had it once.
func is(r systems.KubeRevision, number int64) bool {
	return number != 0 && (r.Revision == number || slices.Contains(r.Formerly, number))
}

// back finds the revision to go back to; zero is the one before.
func (d *Deployment) back(number int64) (systems.KubeRevision, error) {
	if err := d.mayRoll(); err != nil {
		return systems.KubeRevision{}, err
	}
	before := d.Now.Previous
	switch {
	case len(before) == 0:
		return systems.KubeRevision{}, fmt.Errorf("%w: the cluster keeps nothing that %s ran before", runbook.ErrRefused, d)
	case number == 0 && len(d.Now.Formerly) > 0:
		return systems.KubeRevision{}, fmt.Errorf("%w: somebody went back to what %s runs, so the one before may be what they left: name the revision to go to, of %s",
			runbook.ErrRefused, d, numbers(before))
	case number == 0:
		return before[0], nil
	}
	for _, r := range before {
		if is(r, number) {
			return r, nil
		}
	}
	return systems.KubeRevision{}, fmt.Errorf("%w: the cluster keeps no revision %d of %s: it keeps %s", runbook.ErrRefused, number, d, numbers(before))
}

func numbers(list []systems.KubeRevision) string {
	var out []string
	for _, r := range list {
		out = append(out, strconv.FormatInt(r.Revision, 10))
	}
	return strings.Join(out, ", ")
}

// rollbackStep takes a Deployment from what it runs to another revision. Its
// undo takes it forward again, to what it ran, provided that it still runs what
// the step left: the number of that is a new one, its template is not.
func rollbackStep(d *Deployment, to systems.KubeRevision) runbook.Step {
	now := d.Now.KubeRevision
	left := to
	left.Revision = 0
	return runbook.Step{
		Name: "roll back " + d.KubeRef.String(), Touches: d.pods(),
		Change: d.goTo("roll back", to, now),
		Undo:   new(d.goTo("roll forward again", now, left)),
	}
}

func (d *Deployment) goTo(verb string, to, expected systems.KubeRevision) runbook.Change {
	return runbook.Change{
		Call: goTo{d, verb, to, expected}, Repeat: runbook.CheckThenAct, Done: runbook.Expect(d.Template(), to.Template),
	}
}

// goTo is the call that gives a Deployment a template that it has run before.
type goTo struct {
	*Deployment
	verb         string
	to, expected systems.KubeRevision
}

// String is the exact call.
func (c goTo) String() string {
	return fmt.Sprintf("%s %s to revision %s, expecting %s", c.verb, c.Deployment, c.number(c.to), c.number(c.expected))
}

// Make orders it.
func (c goTo) Make(ctx workflow.Context, _ string) error {
	var a *activities.Kubernetes
	order := activities.OfCluster[systems.KubeRollback]{Cluster: c.Cluster, Covers: c.covers, What: systems.KubeRollback{KubeRef: c.KubeRef, To: c.to, Expected: c.expected}}
	return activities.Known(workflow.ExecuteActivity(ctx, a.RollBackDeployment, order).Get(ctx, nil))
}
