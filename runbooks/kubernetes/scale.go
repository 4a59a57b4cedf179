package kubernetes

import (
	"fmt"
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Scale gives a Deployment another number of pods.
func Scale() runbook.Runbook {
	return runbook.New(scale, runbook.Spec{
		Name:     "kubernetes-scale",
		About:    "Gives a Deployment another number of pods, and waits until they are there.",
		Fits:     "A service has too few pods for its load, or does harm with those it has, and no autoscaler decides over them.",
		Target:   "kubernetes/{cluster}/{namespace}/deployment/{deployment}",
		Approval: &runbook.Approval{},
	})
}

// ScaleParams are the parameters of kubernetes-scale.
type ScaleParams struct {
	Cluster    runbook.Name  `about:"the cluster, as the systems file names it"`
	Namespace  runbook.Name  `about:"the namespace of the Deployment" from:"label:namespace"`
	Deployment runbook.Name  `about:"the Deployment" from:"label:deployment"`
	Replicas   int           `about:"how many pods it is to have; 0 stops it" min:"0"`
	Within     time.Duration `about:"how long it may take until they are there" default:"15m"`
}

func scale(ctx workflow.Context, p ScaleParams) error {
	d := deploymentOf(p.Cluster, p.Namespace, p.Deployment)
	if err := d.read(ctx); err != nil {
		return err
	}
	scaler, err := runbook.Look(ctx, autoscalerOf{d})
	switch {
	case err != nil:
		return err
	case scaler != "":
		return fmt.Errorf("%w: %s decides how many pods %s has, and would undo this: change its bounds instead", runbook.ErrRefused, scaler, d)
	case d.Now.Replicas == p.Replicas:
		runbook.Note(ctx, "%s is to have %d pods already", d, p.Replicas)
	case p.Replicas == 0:
		runbook.Note(ctx, "this stops %s: no pod of it is left", d)
	}
	stalled := d.Now.Stalled
	d.warn(ctx)
	if d.Now.Replicas != p.Replicas {
		if err := runbook.Do(ctx, scaleStep(d, p.Replicas)); err != nil {
			return err
		}
	}
	return rolledOut(ctx, d, stalled, p.Within)
}

func scaleStep(d *Deployment, to int) runbook.Step {
	from := d.Now.Replicas
	return runbook.Step{
		Name:    "scale " + d.KubeRef.String(),
		Touches: runbook.Touches{Count: max(from-to, to-from), Of: max(from, to), What: "pods of " + d.Name},
		Change:  d.scaled(from, to),
		Undo:    new(d.scaled(to, from)),
	}
}

func (d *Deployment) scaled(from, to int) runbook.Change {
	return runbook.Change{Call: scaleTo{d, from, to}, Repeat: runbook.CheckThenAct, Done: runbook.Expect(d.Count(), strconv.Itoa(to))}
}

// scaleTo is the call that gives a Deployment another number of pods.
type scaleTo struct {
	*Deployment
	from, to int
}

// String is the exact call.
func (c scaleTo) String() string {
	return fmt.Sprintf("scale %s to %d pods, expecting %d", c.Deployment, c.to, c.from)
}

// Make orders it.
func (c scaleTo) Make(ctx workflow.Context, _ string) error {
	var a *activities.Kubernetes
	order := activities.OfCluster[systems.KubeScale]{Cluster: c.Cluster, Covers: c.covers, What: systems.KubeScale{KubeRef: c.KubeRef, From: c.from, To: c.to}}
	return activities.Known(workflow.ExecuteActivity(ctx, a.ScaleDeployment, order).Get(ctx, nil))
}

// autoscalerOf is the reading of what decides over the number of pods, or
// nothing.
type autoscalerOf struct{ *Deployment }

// String says what is read.
func (r autoscalerOf) String() string { return "the autoscaler of " + r.Deployment.String() }

// Read reads it.
func (r autoscalerOf) Read(ctx workflow.Context) (string, error) {
	var a *activities.Kubernetes
	var scaler string
	order := activities.OfCluster[systems.KubeRef]{Cluster: r.Cluster, What: r.KubeRef}
	err := workflow.ExecuteActivity(ctx, a.ReadAutoscaler, order).Get(ctx, &scaler)
	return scaler, activities.Known(err)
}
