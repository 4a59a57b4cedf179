package kubernetes

import (
	"context"
	"encoding/json"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// Restart has a Deployment replace its pods, as kubectl rollout restart does: by
// an annotation of its template. When the annotation is as ordered already,
// nothing is changed, so that a repeat is no second restart. It fails with
// Conflict when the Deployment is to run another template than expected, with
// Refused while it is paused.
func (c *Cluster) Restart(ctx context.Context, o systems.KubeRestart) error {
	if o.At == "" {
		return incident.Errorf(incident.Invalid, "a restart says when it was ordered")
	}
	return c.change(ctx, o.KubeRef, "restart "+o.String(), func(d *appsv1.Deployment, sets []*appsv1.ReplicaSet) (*patch, error) {
		if d.Spec.Template.Annotations[restartAnnotation] == o.At {
			return nil, nil //nolint:nilnil // nothing is left to do
		}
		if err := expect(d, sets, o.KubeRef, o.Expected); err != nil {
			return nil, err
		}
		return restartPatch(d, o.At)
	})
}

// restartPatch sets one annotation. The version that it names is the one that
// the object must have.
func restartPatch(d *appsv1.Deployment, at string) (*patch, error) {
	type fields map[string]any
	data, err := json.Marshal(fields{
		"metadata": fields{"resourceVersion": d.ResourceVersion},
		"spec":     fields{"template": fields{"metadata": fields{"annotations": fields{restartAnnotation: at}}}},
	})
	if err != nil {
		return nil, incident.Errorf(incident.Permanent, "the restart cannot be written: %w", err)
	}
	return &patch{types.StrategicMergePatchType, data}, nil
}
