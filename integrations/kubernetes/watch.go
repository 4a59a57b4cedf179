package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// Watching says what a watch tells, and to whom.
type Watching struct {
	// Since has rollouts told that happened later, though the watch began after
	// them; zero has none told that were there before it.
	Since time.Time
	// Tell is called with one rollout after the other, for each namespace in the
	// order in which they happened. What it fails for is told again.
	Tell func(ctx context.Context, r Rollout) error
	// Log says why nothing can be seen, when nothing can; nil is the default.
	Log *slog.Logger
}

const (
	// watchFor is how long one watch lasts before it is asked for anew.
	watchFor = 5 * time.Minute
	// longestPause bounds the pauses while the cluster cannot be watched.
	longestPause = time.Minute
)

// Watch tells of the rollouts of the Deployments in the namespaces that the
// systems file names, until ctx ends. A watch that drops is resumed where it
// was; what was missed meanwhile is found by comparing. What it knows is lost
// with it: a watch that begins anew tells of nothing that was there before, but
// for what happened since it is told to.
func (c *Cluster) Watch(ctx context.Context, w Watching) {
	var telling sync.Mutex
	tell := w.Tell
	w.Tell = func(ctx context.Context, r Rollout) error {
		telling.Lock()
		defer telling.Unlock()
		return tell(ctx, r)
	}
	w.Log = cmp.Or(w.Log, slog.Default())
	var all sync.WaitGroup
	for _, namespace := range c.config.Namespaces {
		one := &watcher{Watching: w, cluster: c, namespace: namespace, known: map[types.UID]seen{}}
		all.Go(func() { one.run(ctx) })
	}
	all.Wait()
}

// watcher watches one namespace.
type watcher struct {
	Watching
	cluster   *Cluster
	namespace string
	known     map[types.UID]seen
	// begun says that all that was there at first is known.
	begun bool
}

// run lists and follows until ctx ends.
func (w *watcher) run(ctx context.Context) {
	pause := w.cluster.config.Poll
	for ctx.Err() == nil {
		version, err := w.list(ctx)
		if err == nil {
			pause = w.cluster.config.Poll
			err = w.follow(ctx, version)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			w.Log.Warn("the rollouts of a namespace cannot be watched; trying again", "namespace", w.namespace, "error", err)
		}
		if wait(ctx, pause) != nil {
			return
		}
		pause = min(2*pause, longestPause)
	}
}

// list compares all Deployments with what is known, and returns the version to
// follow from.
func (w *watcher) list(ctx context.Context) (version string, err error) {
	options := metav1.ListOptions{Limit: page}
	there := map[types.UID]bool{}
	for {
		list, err := w.page(ctx, options)
		if err != nil {
			return "", err
		}
		for n := range list.Items {
			there[list.Items[n].UID] = true
			if err := w.look(ctx, &list.Items[n]); err != nil {
				return "", err
			}
		}
		version, options.Continue = list.ResourceVersion, list.Continue
		if options.Continue == "" {
			break
		}
	}
	for id := range w.known {
		if !there[id] {
			delete(w.known, id)
		}
	}
	w.begun = true
	return version, nil
}

func (w *watcher) page(ctx context.Context, options metav1.ListOptions) (*appsv1.DeploymentList, error) {
	ctx, cancel := w.cluster.within(ctx)
	defer cancel()
	return w.cluster.api.AppsV1().Deployments(w.namespace).List(ctx, options)
}

// follow watches from a version on, again and again, until that version is too
// old or something is wrong.
func (w *watcher) follow(ctx context.Context, version string) error {
	for {
		stream, err := w.cluster.api.AppsV1().Deployments(w.namespace).Watch(ctx, metav1.ListOptions{
			ResourceVersion: version, AllowWatchBookmarks: true, TimeoutSeconds: new(int64(watchFor.Seconds())),
		})
		if err != nil {
			return err
		}
		version, err = w.take(ctx, stream, version)
		switch {
		case apierrors.IsResourceExpired(err), apierrors.IsGone(err):
			return nil // list, and compare
		case err != nil:
			return err
		}
		if err := wait(ctx, w.cluster.config.Poll); err != nil {
			return err
		}
	}
}

// take takes what a stream brings until it ends, and returns the last version.
func (w *watcher) take(ctx context.Context, stream watch.Interface, version string) (string, error) {
	defer stream.Stop()
	for {
		select {
		case <-ctx.Done():
			return version, ctx.Err()
		case e, more := <-stream.ResultChan():
			if !more {
				return version, nil
			}
			if e.Type == watch.Error {
				return version, apierrors.FromObject(e.Object)
			}
			d, ok := e.Object.(*appsv1.Deployment)
			if !ok {
				return version, fmt.Errorf("a %T is no Deployment", e.Object)
			}
			if err := w.event(ctx, e.Type, d); err != nil {
				return version, err
			}
			version = d.ResourceVersion
		}
	}
}

func (w *watcher) event(ctx context.Context, kind watch.EventType, d *appsv1.Deployment) error {
	switch kind {
	case watch.Added, watch.Modified:
		return w.look(ctx, d)
	case watch.Deleted:
		delete(w.known, d.UID)
	}
	return nil
}
