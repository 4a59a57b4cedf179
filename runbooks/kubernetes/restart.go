package kubernetes

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Restart restarts the pods of a Deployment.
func Restart() runbook.Runbook {
	return runbook.New(restart, runbook.Spec{
		Name:     "kubernetes-restart",
		About:    "Replaces the pods of a Deployment by equal ones, as kubectl rollout restart does, and waits for the rollout.",
		Fits:     "Pods leak, hang or hold on to something stale, and new ones would not.",
		Target:   "kubernetes/{cluster}/{namespace}/deployment/{deployment}",
		Approval: &runbook.Approval{},
	})
}

// RestartParams are the parameters of kubernetes-restart.
type RestartParams struct {
	Cluster    runbook.Name  `about:"the cluster, as the systems file names it"`
	Namespace  runbook.Name  `about:"the namespace of the Deployment" from:"label:namespace"`
	Deployment runbook.Name  `about:"the Deployment" from:"label:deployment"`
	Within     time.Duration `about:"how long the rollout may take" default:"15m"`
}

func restart(ctx workflow.Context, p RestartParams) error {
	d := deploymentOf(p.Cluster, p.Namespace, p.Deployment)
	if err := d.read(ctx); err != nil {
		return err
	}
	if err := d.mayRoll(); err != nil {
		return err
	}
	stalled := d.Now.Stalled
	d.warn(ctx)
	if err := runbook.Do(ctx, restartStep(ctx, d)); err != nil {
		return err
	}
	return rolledOut(ctx, d, stalled, p.Within)
}

// restartStep marks the template with the time of the run: whoever repeats the
// call repeats the mark, which is no second restart.
func restartStep(ctx workflow.Context, d *Deployment) runbook.Step {
	at := workflow.Now(ctx).UTC().Format(time.RFC3339)
	return runbook.Step{
		Name: "restart " + d.KubeRef.String(), Touches: d.pods(),
		Change: runbook.Change{
			Call:   restartAt{d, at, d.Now.KubeRevision},
			Repeat: runbook.CheckThenAct, Done: runbook.Expect(d.Restarted(), at),
		},
	}
}

// restartAt is the call that restarts a Deployment.
type restartAt struct {
	*Deployment
	at       string
	expected systems.KubeRevision
}

// String is the exact call.
func (c restartAt) String() string {
	return fmt.Sprintf("restart %s, marked %s, expecting revision %s", c.Deployment, c.at, c.number(c.expected))
}

// Make orders it.
func (c restartAt) Make(ctx workflow.Context, _ string) error {
	var a *activities.Kubernetes
	order := activities.OfCluster[systems.KubeRestart]{Cluster: c.Cluster, Covers: c.covers, What: systems.KubeRestart{KubeRef: c.KubeRef, At: c.at, Expected: c.expected}}
	return activities.Known(workflow.ExecuteActivity(ctx, a.RestartDeployment, order).Get(ctx, nil))
}
