// Package kubernetes holds the runbooks that change Deployments and nodes of
// Kubernetes clusters, and the calls and readings that they are made of.
package kubernetes

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Deployment is a Deployment of a named cluster.
type Deployment struct {
	Cluster string
	systems.KubeRef
	// Now is how it was when it was last read.
	Now systems.KubeDeployment
	// covers identifies the cluster that a change is shown of.
	covers string
}

// deploymentOf names a Deployment by the parameters of a runbook.
func deploymentOf(cluster, namespace, name runbook.Name) *Deployment {
	return &Deployment{Cluster: string(cluster), KubeRef: systems.KubeRef{Namespace: string(namespace), Name: string(name)}}
}

// String is CLUSTER/NAMESPACE/NAME.
func (d *Deployment) String() string { return d.Cluster + "/" + d.KubeRef.String() }

// read reads how it is now.
func (d *Deployment) read(ctx workflow.Context) error {
	_, err := runbook.Look(ctx, d.Revision())
	d.covers = d.Now.Covers
	return err
}

// mayRoll returns a refusal when it is in no state to be rolled out.
func (d *Deployment) mayRoll() error {
	switch {
	case d.Now.Paused:
		return fmt.Errorf("%w: %s is paused: resume it first, with kubectl rollout resume", runbook.ErrRefused, d)
	case d.Now.Template == "":
		return fmt.Errorf("%w: %s was changed just now, and the cluster has not begun with it: try again", runbook.ErrRefused, d)
	}
	return nil
}

// warn notes that something else decides over it too.
func (d *Deployment) warn(ctx workflow.Context) {
	if d.Now.Manager != "" {
		runbook.Note(ctx, "%s manages %s and may take it back to what the repository says: pause it there, or change the repository", d.Now.Manager, d)
	}
}

// pods is how many of its pods a change replaces.
func (d *Deployment) pods() runbook.Touches {
	return runbook.Touches{Count: d.Now.Replicas, Of: d.Now.Replicas, What: "pods of " + d.Name}
}

// reading is one fact of a Deployment.
type reading struct {
	*Deployment
	what string
	of   func(systems.KubeDeployment) string
}

// Revision is the reading of the revision that it is to run, and of all else of
// it.
func (d *Deployment) Revision() runbook.Reading {
	return reading{d, "revision", func(s systems.KubeDeployment) string { return s.String() }}
}

// Template is the reading of the template that it is to run, by the name of its
// ReplicaSet.
func (d *Deployment) Template() runbook.Reading {
	return reading{d, "template", func(s systems.KubeDeployment) string { return s.Template }}
}

// Restarted is the reading of when a restart was last asked for.
func (d *Deployment) Restarted() runbook.Reading {
	return reading{d, "last restart", func(s systems.KubeDeployment) string { return s.Restarted }}
}

// Count is the reading of how many pods it is to have.
func (d *Deployment) Count() runbook.Reading {
	return reading{d, "number of pods", func(s systems.KubeDeployment) string { return strconv.Itoa(s.Replicas) }}
}

// String says what is read.
func (r reading) String() string { return fmt.Sprintf("the %s of %s", r.what, r.Deployment) }

// Read reads it.
func (r reading) Read(ctx workflow.Context) (string, error) {
	var a *activities.Kubernetes
	var now systems.KubeDeployment
	order := activities.OfCluster[systems.KubeRef]{Cluster: r.Cluster, What: r.KubeRef}
	err := workflow.ExecuteActivity(ctx, a.ReadDeployment, order).Get(ctx, &now)
	if err != nil {
		return "", activities.Known(err)
	}
	r.Now = now
	return r.of(now), nil
}

// complete is what the rollout of a Deployment should be.
const complete = "complete"

// rollout is the reading of how far its pods are what they should be. It tells
// the stall that was there before from one of the change.
type rollout struct {
	*Deployment
	stalled string
}

// rolledOut waits until its pods are what they should be, for at most some time.
func rolledOut(ctx workflow.Context, d *Deployment, stalled string, within time.Duration) error {
	return runbook.Await(ctx, runbook.Expect(rollout{d, stalled}, complete), within)
}

// Pace says that a look waits.
func (r rollout) Pace() runbook.Pace { return runbook.Slow }

// String says what is read.
func (r rollout) String() string { return fmt.Sprintf("the rollout of %s", r.Deployment) }

// Read reads it, and waits a while for its end.
func (r rollout) Read(ctx workflow.Context) (string, error) {
	var a *activities.Kubernetes
	var now systems.KubeRollout
	order := activities.OfCluster[systems.KubeAwaited]{Cluster: r.Cluster, What: systems.KubeAwaited{KubeRef: r.KubeRef, Stalled: r.stalled}}
	err := workflow.ExecuteActivity(ctx, a.ReadRollout, order).Get(ctx, &now)
	switch {
	case err != nil:
		return "", activities.Known(err)
	case now.Failed:
		return "", fmt.Errorf("the rollout of %s has run into its deadline (%s): %w", r.Deployment, now.Text, runbook.ErrNever)
	case now.Over:
		return complete, nil
	}
	return now.Text, nil
}

// number is a revision by its number and the hash of its template, short enough
// for an approval to show it.
func (d *Deployment) number(r systems.KubeRevision) string {
	hash := strings.TrimPrefix(r.Template, d.Name+"-")
	if r.Revision == 0 {
		return hash
	}
	return fmt.Sprintf("%d (%s)", r.Revision, hash)
}

// shownImages is how many images are named where their number says the rest.
const shownImages = 3

// shown is a revision with its images and the cause that was noted, for people.
func (d *Deployment) shown(r systems.KubeRevision) string {
	text := d.number(r)
	if len(r.Images) > 0 {
		text += " with " + strings.Join(r.Images[:min(len(r.Images), shownImages)], ", ")
	}
	if more := len(r.Images) - shownImages; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if r.Cause != "" {
		text += fmt.Sprintf(", noted as %q", r.Cause)
	}
	return text
}
