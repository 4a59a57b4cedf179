package kubernetestest

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/testing"
)

// subresource obeys what the clientset takes for a change of the object itself.
func (c *Cluster) subresource(action testing.Action) (handled bool, answer runtime.Object, err error) {
	switch action.GetResource().Resource + "/" + action.GetSubresource() {
	case "deployments/scale":
		answer, err = c.scale(action)
		return true, answer, err
	case "pods/eviction":
		return true, nil, c.evict(action)
	}
	return false, nil, nil
}

func (c *Cluster) scale(action testing.Action) (runtime.Object, error) {
	switch a := action.(type) {
	case testing.GetActionImpl:
		d, err := c.deployment(a, a.GetName())
		return scaleOf(d), err
	case testing.UpdateActionImpl:
		scale, ok := a.GetObject().(*autoscalingv1.Scale)
		if !ok {
			return nil, fmt.Errorf("a %T is no scale", a.GetObject())
		}
		d, err := c.deployment(a, scale.Name)
		if err != nil {
			return nil, err
		}
		d.ResourceVersion, d.Spec.Replicas = scale.ResourceVersion, &scale.Spec.Replicas
		err = c.store.Update(a.GetResource(), d, d.Namespace)
		return scaleOf(d), err
	}
	return nil, fmt.Errorf("no scale is %sed here", action.GetVerb())
}

func (c *Cluster) deployment(a testing.Action, name string) (*appsv1.Deployment, error) {
	o, err := c.store.Get(a.GetResource(), a.GetNamespace(), name)
	if err != nil {
		return &appsv1.Deployment{}, err
	}
	d, ok := o.(*appsv1.Deployment)
	if !ok {
		return nil, fmt.Errorf("a %T is no Deployment", o)
	}
	return d, nil
}

func scaleOf(d *appsv1.Deployment) *autoscalingv1.Scale {
	s := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: d.Name, Namespace: d.Namespace, UID: d.UID, ResourceVersion: d.ResourceVersion}}
	if d.Spec.Replicas != nil {
		s.Spec.Replicas = *d.Spec.Replicas
	}
	s.Status.Replicas = d.Status.Replicas
	return s
}

// evict deletes a pod, unless a PodDisruptionBudget forbids it. Each eviction
// takes one of those that its status allows; nothing but a test gives them back.
func (c *Cluster) evict(action testing.Action) error {
	create, ok := action.(testing.CreateAction)
	if !ok {
		return fmt.Errorf("no eviction is %sed", action.GetVerb())
	}
	e, ok := create.GetObject().(*policyv1.Eviction)
	if !ok {
		return fmt.Errorf("a %T is no eviction", create.GetObject())
	}
	pods := corev1.SchemeGroupVersion.WithResource("pods")
	o, err := c.store.Get(pods, action.GetNamespace(), e.Name)
	if err != nil {
		return err
	}
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return fmt.Errorf("a %T is no pod", o)
	}
	if p := e.DeleteOptions.Preconditions; p != nil && p.UID != nil && *p.UID != pod.UID {
		return apierrors.NewConflict(pods.GroupResource(), e.Name, fmt.Errorf("the uid is another one"))
	}
	if err := c.budget(pod); err != nil {
		return err
	}
	return c.store.Delete(pods, pod.Namespace, pod.Name)
}

// budget takes one disruption from the budgets of a pod.
func (c *Cluster) budget(pod *corev1.Pod) error {
	budgets := policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets")
	list, err := c.store.List(budgets, policyv1.SchemeGroupVersion.WithKind("PodDisruptionBudget"), pod.Namespace)
	if err != nil {
		return err
	}
	all, ok := list.(*policyv1.PodDisruptionBudgetList)
	if !ok {
		return fmt.Errorf("a %T is no list of budgets", list)
	}
	for n := range all.Items {
		b := &all.Items[n]
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil {
			return err
		}
		if !selector.Matches(labels.Set(pod.Labels)) {
			continue
		}
		if b.Status.DisruptionsAllowed <= 0 {
			return apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
		}
		b.Status.DisruptionsAllowed--
		if err := c.store.Update(budgets, b, b.Namespace); err != nil {
			return err
		}
	}
	return nil
}
