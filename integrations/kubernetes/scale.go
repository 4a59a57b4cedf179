package kubernetes

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// maxScalers bounds how many autoscalers of a namespace are read.
const maxScalers = 1000

// Scale gives a Deployment another number of pods. When it has that number
// already, nothing is changed. It fails with Conflict when the number is not the
// one that is expected, with Refused when an autoscaler decides over it or when
// it is more than the systems file allows.
func (c *Cluster) Scale(ctx context.Context, o systems.KubeScale) error {
	if err := c.mayDeployment(o.Namespace, o.Name); err != nil {
		return err
	}
	switch {
	case o.To < 0:
		return incident.Errorf(incident.Invalid, "%s cannot have less than no pods", o)
	case o.To > c.config.MaxReplicas:
		return incident.Errorf(incident.Refused, "%s would get %d pods: the systems file allows at most %d (max_replicas)", o, o.To, c.config.MaxReplicas)
	}
	doing := fmt.Sprintf("scale %s to %d", o, o.To)
	for range changeTries {
		again, err := c.scaleOnce(ctx, o)
		if !again {
			return c.fail(doing, err)
		}
	}
	return incident.Errorf(incident.Conflict, "%s: somebody else keeps changing it", doing)
}

// scaleOnce reports whether to try again, since somebody else wrote in between.
func (c *Cluster) scaleOnce(ctx context.Context, o systems.KubeScale) (again bool, err error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	deployments := c.api.AppsV1().Deployments(o.Namespace)
	scale, err := deployments.GetScale(ctx, o.Name, metav1.GetOptions{})
	if err != nil {
		return false, err
	}
	switch now := int(scale.Spec.Replicas); now {
	case o.To:
		return false, nil
	case o.From:
	default:
		return false, incident.Errorf(incident.Conflict, "%s is to have %d pods, not %d", o, now, o.From)
	}
	scaler, err := c.Autoscaler(ctx, o.KubeRef)
	if err != nil {
		return false, err
	}
	if scaler != "" {
		return false, incident.Errorf(incident.Refused, "%s decides how many pods %s has, and would undo this: change its bounds instead", scaler, o)
	}
	scale.Spec.Replicas = int32(o.To) //nolint:gosec // between 0 and MaxReplicas
	_, err = deployments.UpdateScale(ctx, o.Name, scale, metav1.UpdateOptions{FieldManager: manager})
	return apierrors.IsConflict(err), err
}

// Autoscaler says which autoscaler decides over the count of a Deployment, and
// its bounds, or nothing.
func (c *Cluster) Autoscaler(ctx context.Context, r systems.KubeRef) (string, error) {
	if err := c.mayDeployment(r.Namespace, r.Name); err != nil {
		return "", err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	list, err := c.api.AutoscalingV2().HorizontalPodAutoscalers(r.Namespace).List(ctx, metav1.ListOptions{Limit: maxScalers})
	if err != nil {
		return "", c.fail("read the autoscalers of "+r.Namespace, err)
	}
	if list.Continue != "" {
		return "", incident.Errorf(incident.Permanent, "%s has more than %d autoscalers: nobody can tell whether one is that of %s", r.Namespace, maxScalers, r)
	}
	for _, s := range list.Items {
		if s.Spec.ScaleTargetRef.Kind == "Deployment" && s.Spec.ScaleTargetRef.Name == r.Name {
			lowest := int32(1)
			if s.Spec.MinReplicas != nil {
				lowest = *s.Spec.MinReplicas
			}
			return fmt.Sprintf("the HorizontalPodAutoscaler %s (%d to %d pods)", s.Name, lowest, s.Spec.MaxReplicas), nil
		}
	}
	return "", nil
}
