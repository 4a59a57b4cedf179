package kubernetes

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/tocsinhq/tocsin/systems"
)

// Phase says how far a rollout is.
type Phase string

// The phases of a rollout that are told.
const (
	Began     Phase = "began"
	Completed Phase = "completed"
)

// Rollout is one rollout of a Deployment that began or was completed.
type Rollout struct {
	// ID is the same whenever the same is told again.
	ID string
	Phase
	systems.KubeRef
	// Revision is what is rolled out, with its Images. Before is what ran, zero
	// where nothing did, with ImagesBefore as far as they are known.
	Revision, Before     int64
	Images, ImagesBefore []string
	// Cause is what was noted as the cause, which anybody can write who can
	// change the Deployment.
	Cause string
	// At is when it happened, by the cluster's clock. Of a return to what ran
	// before it is when that was seen, by ours.
	At time.Time
}

// seen is what was last told of a Deployment, or was there at first: what it is
// to run, what it ran before, and whether all of it is there.
type seen struct {
	revision, before     int64
	images, imagesBefore []string
	completed            bool
}

// look compares one Deployment with what is known of it, and tells what is new.
func (w *watcher) look(ctx context.Context, d *appsv1.Deployment) error {
	revision := revisionOf(d)
	if revision == 0 {
		return nil // the controller has not taken it up
	}
	known, there := w.known[d.UID]
	switch {
	case !there && !w.begun:
		first, err := w.missed(ctx, d)
		if err != nil {
			return err
		}
		w.known[d.UID] = first
		return nil
	case known.revision != revision:
		began, err := w.began(ctx, d, known)
		if err == nil {
			err = w.Tell(ctx, began)
		}
		if err != nil {
			return err
		}
		known = stateOf(began)
		w.known[d.UID] = known
	}
	if outstanding(d) != "" || known.completed {
		return nil
	}
	if err := w.Tell(ctx, completed(d, known)); err != nil {
		return err
	}
	known.completed = true
	w.known[d.UID] = known
	return nil
}

func stateOf(r Rollout) seen {
	return seen{revision: r.Revision, before: r.Before, images: r.Images, imagesBefore: r.ImagesBefore}
}

// missed returns how a Deployment was when the watch began, and tells what
// happened of it before, as far as that is wanted.
func (w *watcher) missed(ctx context.Context, d *appsv1.Deployment) (seen, error) {
	first := seen{revision: revisionOf(d), images: imagesOf(d.Spec.Template), completed: outstanding(d) == ""}
	if w.Since.IsZero() || !progressed(d).After(w.Since) {
		return first, nil
	}
	began, err := w.began(ctx, d, seen{})
	if err != nil {
		return first, err
	}
	if began.At.After(w.Since) {
		if err := w.Tell(ctx, began); err != nil {
			return first, err
		}
	}
	state := stateOf(began)
	state.completed = first.completed
	if !first.completed {
		return state, nil
	}
	return state, w.Tell(ctx, completed(d, state))
}

// began describes a rollout that began. Its history says when, and what ran
// before where that is not known.
func (w *watcher) began(ctx context.Context, d *appsv1.Deployment, known seen) (Rollout, error) {
	r := rolloutOf(d, Began)
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

// completed describes a rollout whose pods are all there.
func completed(d *appsv1.Deployment, known seen) Rollout {
	r := rolloutOf(d, Completed)
	r.Before, r.ImagesBefore = known.before, known.imagesBefore
	if r.At = progressed(d); r.At.IsZero() {
		r.At = time.Now().UTC()
	}
	return r
}

func rolloutOf(d *appsv1.Deployment, phase Phase) Rollout {
	return Rollout{
		ID: fmt.Sprintf("%s/%d/%s", d.UID, revisionOf(d), phase), Phase: phase,
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
