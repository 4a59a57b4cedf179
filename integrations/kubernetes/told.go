package kubernetes

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/tocsinhq/tocsin/systems"
)

// Rollout is one rollout of a Deployment, which began.
type Rollout struct {
	// ID is the same whenever the same is told again.
	ID string
	systems.KubeRef
	// Revision is what is rolled out, with its Images. Before is what ran, zero
	// where nothing did, with ImagesBefore as far as they are known.
	Revision, Before     int64
	Images, ImagesBefore []string
	// Cause is what was noted as the cause, which anybody can write who can
	// change the Deployment.
	Cause string
	// At is when it began, by the cluster's clock. Of a return to what ran before
	// it is when that was seen, by ours.
	At time.Time
}

// seen is what was last told of a Deployment, or was there at first: what it is
// to run.
type seen struct {
	revision int64
	images   []string
}

// look compares one Deployment with what is known of it, and tells what is new.
func (w *watcher) look(ctx context.Context, d *appsv1.Deployment) error {
	revision := revisionOf(d)
	known, there := w.known[d.UID]
	switch {
	case revision == 0:
		return nil // the controller has not taken it up
	case there && known.revision == revision:
		return nil
	case !there && !w.begun:
		if err := w.missed(ctx, d); err != nil {
			return err
		}
	default:
		r, err := w.began(ctx, d, known)
		if err == nil {
			err = w.Tell(ctx, r)
		}
		if err != nil {
			return err
		}
	}
	w.known[d.UID] = seen{revision: revision, images: imagesOf(d.Spec.Template)}
	return nil
}

// missed tells of the rollout of a Deployment that was there before the watch
// began, as far as that is wanted.
func (w *watcher) missed(ctx context.Context, d *appsv1.Deployment) error {
	if w.Since.IsZero() || !progressed(d).After(w.Since) {
		return nil
	}
	r, err := w.began(ctx, d, seen{})
	if err != nil || !r.At.After(w.Since) {
		return err
	}
	return w.Tell(ctx, r)
}

// began describes a rollout that began. Its history says when, and what ran
// before where that is not known.
func (w *watcher) began(ctx context.Context, d *appsv1.Deployment, known seen) (Rollout, error) {
	r := rolloutOf(d)
	r.Before, r.ImagesBefore = known.revision, known.images
	history, err := w.cluster.Deployment(ctx, r.KubeRef)
	if err != nil {
		return r, err
	}
	r.At = time.Now().UTC()
	switch {
	case history.Template != "" && history.Revision == r.Revision && len(history.Formerly) == 0:
		r.At = history.At
	case !w.begun:
		r.At = progressed(d)
	}
	if r.Before == 0 && len(history.Previous) > 0 && history.Revision == r.Revision {
		r.Before, r.ImagesBefore = history.Previous[0].Revision, history.Previous[0].Images
	}
	return r, nil
}

func rolloutOf(d *appsv1.Deployment) Rollout {
	return Rollout{
		ID:       fmt.Sprintf("%s/%d", d.UID, revisionOf(d)),
		KubeRef:  systems.KubeRef{Namespace: d.Namespace, Name: d.Name},
		Revision: revisionOf(d), Images: imagesOf(d.Spec.Template), Cause: short(d.Annotations[causeAnnotation]),
	}
}

// progressed is when the rollout of a Deployment last came further.
func progressed(d *appsv1.Deployment) time.Time {
	for _, s := range d.Status.Conditions {
		if s.Type == appsv1.DeploymentProgressing {
			return s.LastUpdateTime.UTC()
		}
	}
	return time.Time{}
}
