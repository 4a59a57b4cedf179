package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// Drain evicts the pods of a node that a drain moves, through the eviction API:
// what a PodDisruptionBudget forbids is tried again until the time is over, and
// then left. It returns once each eviction was granted or given up; the pods
// may take a while to end.
//
// It fails with Refused when pods stand against it that the drain does not
// allow for, or when not one could be evicted; with Conflict when the node is
// open for new pods, or when there are more to evict than are asked for.
func (c *Cluster) Drain(ctx context.Context, o systems.KubeDrain) (systems.KubeDrained, error) {
	until := time.Now().Add(o.Within)
	var d drain
	for {
		pods, err := c.toEvict(ctx, o)
		if err == nil && d.Evicted+len(pods) > o.Most {
			err = incident.Errorf(incident.Conflict, "%d pods of %s are to be evicted by now, and at most %d may be", d.Evicted+len(pods), o.Node, o.Most)
		}
		if err == nil {
			d.Left, d.Why = 0, ""
			err = c.evictAll(ctx, pods, &d)
		}
		switch {
		case err != nil && !d.begun():
			return d.KubeDrained, err
		case err != nil:
			d.Left, d.Why = max(d.Left, 1), err.Error() // what is known of those that went is not lost
		case d.Left == 0:
			return d.KubeDrained, nil
		}
		if time.Now().After(until) {
			return d.KubeDrained, d.failure()
		}
		if err := wait(ctx, c.config.Poll); err != nil {
			return d.KubeDrained, c.fail("drain "+o.Node, err)
		}
	}
}

// drain is how far a drain has come.
type drain struct {
	systems.KubeDrained
	// unsure says that nobody knows whether one of the evictions was granted.
	unsure bool
}

func (d drain) begun() bool { return d.Evicted > 0 || d.unsure }

// failure is the error of a drain that could not evict anything in time.
func (d drain) failure() error {
	switch {
	case d.Evicted > 0:
		return nil
	case d.unsure:
		return incident.Errorf(incident.Unavailable, "%d pods are not evicted: %s", d.Left, d.Why)
	}
	return incident.Errorf(incident.Refused, "not one of %d pods could be evicted: %s", d.Left, d.Why)
}

// toEvict lists the pods that are still to be evicted. It is looked at anew for
// each round: what stands against the drain may have come in between.
func (c *Cluster) toEvict(ctx context.Context, o systems.KubeDrain) ([]corev1.Pod, error) {
	if err := c.mayNode(o.Node); err != nil {
		return nil, err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	node, err := c.api.CoreV1().Nodes().Get(ctx, o.Node, metav1.GetOptions{})
	if err != nil {
		return nil, c.fail("read the node "+o.Node, err)
	}
	if !node.Spec.Unschedulable {
		return nil, incident.Errorf(incident.Conflict, "%s is open for new pods: somebody uncordoned it", o.Node)
	}
	pods, err := c.podsOn(ctx, o.Node)
	if err != nil {
		return nil, err
	}
	plan := sorted(pods, o)
	if kept := plan.kept(); len(kept) > 0 {
		return nil, incident.Errorf(incident.Refused, "pods stand against the drain: %s", strings.Join(kept, "; "))
	}
	return plan.evict, nil
}

// evictAll asks once for the eviction of each pod.
func (c *Cluster) evictAll(ctx context.Context, pods []corev1.Pod, d *drain) error {
	for _, pod := range pods {
		why, err := c.evict(ctx, pod)
		switch {
		case err != nil && incident.KindOf(err) != incident.Unavailable:
			return err
		case err != nil:
			d.unsure, why = true, err.Error()
		case why == "":
			d.Evicted++
			continue
		default:
			why = fmt.Sprintf("%s/%s: %s", pod.Namespace, pod.Name, why)
		}
		d.Left++
		d.Why = cmp.Or(d.Why, why)
	}
	return nil
}

// evict asks for one eviction. It returns why it was not granted, for now.
func (c *Cluster) evict(ctx context.Context, pod corev1.Pod) (why string, err error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	err = c.api.CoreV1().Pods(pod.Namespace).EvictV1(ctx, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))},
	})
	switch {
	case err == nil, apierrors.IsNotFound(err), apierrors.IsConflict(err): // it is gone, or is another one of that name
		return "", nil
	case apierrors.IsTooManyRequests(err):
		return "a PodDisruptionBudget forbids it", nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return "its namespace is being deleted", nil
	}
	return "", c.fail("evict "+pod.Namespace+"/"+pod.Name, err)
}

// list names some pods: the first of them, and how many more.
func list(pods []corev1.Pod) string {
	text := strings.Join(names(pods), ", ")
	if more := len(pods) - shownPods; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
