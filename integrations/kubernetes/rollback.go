package kubernetes

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// changeTries is how often a change is begun anew because somebody, most often
// a controller that wrote the status, changed the object since it was read.
const changeTries = 5

// kept are the annotations of the Deployment that a rollback leaves as they
// are; all others become those of the ReplicaSet that it goes back to.
var kept = []string{
	corev1.LastAppliedConfigAnnotation, revisionAnnotation, historyAnnotation, desiredAnnotation, maxAnnotation,
	appsv1.DeprecatedRollbackTo,
}

// RollBack takes a Deployment to a template that it has run before, as kubectl
// rollout undo does: template and annotations become those of the ReplicaSet.
// When it is to run that template already, nothing is changed. It fails with
// Conflict when it is to run another than expected, with Refused while it is
// paused, with NotFound when the cluster no longer keeps the template.
func (c *Cluster) RollBack(ctx context.Context, o systems.KubeRollback) error {
	doing := "roll back " + o.String()
	return c.change(ctx, o.KubeRef, doing, func(d *appsv1.Deployment, sets []*appsv1.ReplicaSet) (*patch, error) {
		to := named(sets, o.To.Template)
		switch {
		case to == nil:
			return nil, incident.Errorf(incident.NotFound, "%s: the cluster no longer keeps revision %s", doing, o.To)
		case sameTemplate(to.Spec.Template, d.Spec.Template):
			return nil, nil //nolint:nilnil // nothing is left to do
		}
		if err := expect(d, sets, o.KubeRef, o.Expected); err != nil {
			return nil, err
		}
		return rollbackPatch(d, to)
	})
}

// patch is one change of an object.
type patch struct {
	kind types.PatchType
	data []byte
}

// change makes a patch of what a Deployment is now, and applies it provided that
// it is so still. A nil patch says that nothing is left to do.
func (c *Cluster) change(ctx context.Context, r systems.KubeRef, doing string, plan func(*appsv1.Deployment, []*appsv1.ReplicaSet) (*patch, error)) error {
	var tried string
	var rejected error
	for range changeTries {
		d, sets, err := c.look(ctx, r)
		if err != nil {
			return err
		}
		p, err := plan(d, sets)
		switch {
		case err != nil:
			return err
		case p == nil:
			return nil
		case d.ResourceVersion == tried:
			return rejected // it has not moved: the cluster does not want the change itself
		}
		if err = c.apply(ctx, r, p); err == nil {
			return nil
		}
		rejected = c.fail(doing, err)
		if !moved(err) {
			return rejected
		}
		tried = d.ResourceVersion
	}
	return incident.Errorf(incident.Conflict, "%s: somebody else keeps changing it", doing)
}

func (c *Cluster) apply(ctx context.Context, r systems.KubeRef, p *patch) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	_, err := c.api.AppsV1().Deployments(r.Namespace).Patch(ctx, r.Name, p.kind, p.data, metav1.PatchOptions{FieldManager: manager})
	return err
}

// moved reports whether a change was rejected because the object may not be as
// it was read. A test of a JSON patch that fails is an entity that cannot be
// processed.
func moved(err error) bool {
	status, ok := err.(apierrors.APIStatus) //nolint:errorlint // the client returns it bare
	return apierrors.IsConflict(err) || ok && status.Status().Code == http.StatusUnprocessableEntity
}

// expect returns nil when a Deployment is to run what is expected, and may be
// rolled out.
func expect(d *appsv1.Deployment, sets []*appsv1.ReplicaSet, r systems.KubeRef, e systems.KubeRevision) error {
	now := running(d, sets)
	switch {
	case d.Spec.Paused:
		return incident.Errorf(incident.Refused, "%s is paused: resume it first, with kubectl rollout resume", r)
	case now == nil:
		return incident.Errorf(incident.Conflict, "%s was changed, and is no longer to run revision %s", r, e)
	case now.Name != e.Template || e.Revision != 0 && revisionOf(d) != e.Revision:
		return incident.Errorf(incident.Conflict, "%s is to run revision %s, not %s", r, revision(now), e)
	}
	return nil
}

func named(sets []*appsv1.ReplicaSet, name string) *appsv1.ReplicaSet {
	for _, s := range sets {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// rollbackPatch replaces the template and the annotations of a Deployment,
// provided that nobody has changed it since it was read.
func rollbackPatch(d *appsv1.Deployment, to *appsv1.ReplicaSet) (*patch, error) {
	annotations := map[string]string{}
	maps.Copy(annotations, to.Annotations)
	for _, key := range kept {
		delete(annotations, key)
		if value, ok := d.Annotations[key]; ok {
			annotations[key] = value
		}
	}
	data, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/resourceVersion", "value": d.ResourceVersion},
		{"op": "replace", "path": "/spec/template", "value": withoutHash(to.Spec.Template)},
		{"op": "replace", "path": "/metadata/annotations", "value": annotations},
	})
	if err != nil {
		return nil, incident.Errorf(incident.Permanent, "the template cannot be written: %w", err)
	}
	return &patch{types.JSONPatchType, data}, nil
}
