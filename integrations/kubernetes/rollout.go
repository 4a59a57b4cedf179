package kubernetes

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tocsinhq/tocsin/systems"
)

// Rollout says whether all pods of a Deployment are as it wants them, by the
// rule of kubectl rollout status. It has failed once it has run into its
// deadline, unless that stall was known before: the controller forgets it only
// when something moves.
func (c *Cluster) Rollout(ctx context.Context, a systems.KubeAwaited) (systems.KubeRollout, error) {
	if err := c.mayDeployment(a.Namespace, a.Name); err != nil {
		return systems.KubeRollout{}, err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	d, err := c.api.AppsV1().Deployments(a.Namespace).Get(ctx, a.Name, metav1.GetOptions{})
	if err != nil {
		return systems.KubeRollout{}, c.fail("read the Deployment "+a.String(), err)
	}
	todo, stall := outstanding(d), stalled(d)
	return systems.KubeRollout{
		Over: todo == "", Text: todo,
		Failed: todo != "" && stall != "" && stall != a.Stalled && observed(d),
	}, nil
}

// observed reports whether the status is that of what the Deployment now wants.
func observed(d *appsv1.Deployment) bool { return d.Status.ObservedGeneration >= d.Generation }

// outstanding says what of a rollout is still to come, or nothing. A paused
// Deployment replaces no pods, so that only their number counts.
func outstanding(d *appsv1.Deployment) string {
	want, s := int32(wanted(d)), d.Status //nolint:gosec // it was an int32 before
	switch {
	case !observed(d):
		return "the controller has not seen the change yet"
	case !d.Spec.Paused && s.UpdatedReplicas < want:
		return fmt.Sprintf("%d of %d pods are new", s.UpdatedReplicas, want)
	case !d.Spec.Paused && s.Replicas > s.UpdatedReplicas:
		return fmt.Sprintf("%d old pods are left", s.Replicas-s.UpdatedReplicas)
	case s.Replicas != want:
		return fmt.Sprintf("there are %d of %d pods", s.Replicas, want)
	case s.AvailableReplicas < want:
		return fmt.Sprintf("%d of %d pods are available", s.AvailableReplicas, want)
	}
	return ""
}
