// Package kubernetestest is a cluster in memory, for tests: client-go's fake
// clientset with what an API server does and it does not. Objects get names,
// uids, times and generations, a change of what has moved is a conflict, a test
// of a JSON patch that fails is an entity that cannot be processed, /scale
// changes the Deployment, and evictions honour PodDisruptionBudgets. Controllers
// it has none.
package kubernetestest

import (
	"errors"
	"net/http"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/testing"
)

// Cluster is a clientset whose cluster is in memory.
type Cluster struct {
	*fake.Clientset

	store *store
	mu    sync.Mutex
	fault func(testing.Action) error
}

// New returns a cluster that holds some objects.
func New(objects ...runtime.Object) *Cluster {
	c := &Cluster{Clientset: &fake.Clientset{}, store: newStore(scheme.Scheme)}
	c.AddReactor("*", "*", c.react(testing.ObjectReaction(c.store)))
	c.AddWatchReactor("*", func(action testing.Action) (bool, watch.Interface, error) {
		if err := c.befalls(action); err != nil {
			return true, nil, err
		}
		var options metav1.ListOptions
		if w, ok := action.(testing.WatchActionImpl); ok {
			options = w.ListOptions
		}
		w, err := c.store.Watch(action.GetResource(), action.GetNamespace(), options)
		return true, w, err
	})
	for _, o := range objects {
		if err := c.store.place(o); err != nil {
			panic(err)
		}
	}
	return c
}

// Tracker is what keeps the objects, to look at them and change them where the
// clientset is busy: in a fault.
func (c *Cluster) Tracker() testing.ObjectTracker { return c.store }

// ErrLost is the error of a request that was obeyed and whose answer got lost.
var ErrLost = errors.New("the answer was lost")

// Fail has each request fail for which fault returns an error. With ErrLost it
// is obeyed all the same.
func (c *Cluster) Fail(fault func(testing.Action) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = fault
}

func (c *Cluster) befalls(action testing.Action) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault == nil {
		return nil
	}
	return c.fault(action)
}

// react obeys a request, unless a fault befalls it.
func (c *Cluster) react(obey testing.ReactionFunc) testing.ReactionFunc {
	return func(action testing.Action) (bool, runtime.Object, error) {
		fault := c.befalls(action)
		if fault != nil && !errors.Is(fault, ErrLost) {
			return true, nil, fault
		}
		named(action)
		handled, object, err := c.subresource(action)
		if !handled {
			handled, object, err = obey(action)
		}
		if err == nil && fault != nil {
			return true, nil, fault
		}
		return handled, object, asServer(action, err)
	}
}

// asServer gives an error of a patch the form that an API server gives it.
func asServer(action testing.Action, err error) error {
	var status apierrors.APIStatus
	if err == nil || action.GetVerb() != "patch" || errors.As(err, &status) {
		return err
	}
	return apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", action.GetResource().GroupResource(), "",
		"the server rejected our request due to an error in our request", 0, false)
}
