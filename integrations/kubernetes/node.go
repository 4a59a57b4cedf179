package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

const (
	// shownPods is how many pods are named where their number says the rest.
	shownPods = 5
	// page is how many objects are read in one request.
	page = 500
)

// Node says how a node is, and what a drain would do to its pods.
func (c *Cluster) Node(ctx context.Context, q systems.KubeDrain) (systems.KubeNode, error) {
	if err := c.mayNode(q.Node); err != nil {
		return systems.KubeNode{}, err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	out, err := c.closed(ctx, q.Node)
	if err != nil {
		return systems.KubeNode{}, err
	}
	pods, err := c.podsOn(ctx, q.Node)
	if err != nil {
		return systems.KubeNode{}, err
	}
	plan := sorted(pods, q)
	out.Evicts, out.Pods = len(plan.evict), names(plan.evict)
	out.Stays, out.Leaving, out.Kept = plan.stay, plan.leaving, plan.kept()
	return out, nil
}

// closed reads a node, and how many others take no pods.
func (c *Cluster) closed(ctx context.Context, name string) (systems.KubeNode, error) {
	out := systems.KubeNode{Name: name}
	found := false
	options := metav1.ListOptions{Limit: page}
	for {
		list, err := c.api.CoreV1().Nodes().List(ctx, options)
		if err != nil {
			return out, c.fail("read the nodes", err)
		}
		for _, n := range list.Items {
			out.Nodes++
			switch {
			case n.Name == name:
				found, out.Cordoned = true, n.Spec.Unschedulable
			case n.Spec.Unschedulable || !ready(n):
				out.Closed++
			}
		}
		if options.Continue = list.Continue; options.Continue == "" {
			break
		}
	}
	if !found {
		return out, incident.Errorf(incident.NotFound, "the cluster has no node %s", name)
	}
	return out, nil
}

func ready(n corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(s corev1.NodeCondition) bool {
		return s.Type == corev1.NodeReady && s.Status == corev1.ConditionTrue
	})
}

// Cordon closes a node for new pods, or opens it again. When it is so already,
// nothing is changed. Closing fails with Refused when more nodes than AtMost
// percent would take no pods, those that are not ready included.
func (c *Cluster) Cordon(ctx context.Context, o systems.KubeCordon) error {
	if err := c.mayNode(o.Node); err != nil {
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	now, err := c.closed(ctx, o.Node)
	if err != nil || now.Cordoned == o.Close {
		return err
	}
	if o.Close && (now.Closed+1)*100 > o.AtMost*now.Nodes {
		return incident.Errorf(incident.Refused, "%d of %d nodes would take no pods: at most %d %% may", now.Closed+1, now.Nodes, o.AtMost)
	}
	data, err := json.Marshal(map[string]any{"spec": map[string]any{"unschedulable": o.Close}})
	if err != nil {
		return incident.Errorf(incident.Permanent, "the change cannot be written: %w", err)
	}
	_, err = c.api.CoreV1().Nodes().Patch(ctx, o.Node, types.StrategicMergePatchType, data, metav1.PatchOptions{FieldManager: manager})
	return c.fail(cordoning(o), err)
}

func cordoning(o systems.KubeCordon) string {
	if o.Close {
		return "cordon " + o.Node
	}
	return "uncordon " + o.Node
}

func (c *Cluster) podsOn(ctx context.Context, node string) ([]corev1.Pod, error) {
	options := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", node).String(), Limit: page}
	var out []corev1.Pod
	for {
		list, err := c.api.CoreV1().Pods(metav1.NamespaceAll).List(ctx, options)
		if err != nil {
			return nil, c.fail("read the pods of "+node, err)
		}
		for _, p := range list.Items {
			if p.Spec.NodeName == node {
				out = append(out, p)
			}
		}
		if options.Continue = list.Continue; options.Continue == "" {
			break
		}
	}
	slices.SortFunc(out, func(a, b corev1.Pod) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// plan is what a drain does to the pods of a node.
type plan struct {
	evict, local, unmanaged []corev1.Pod
	stay, leaving           int
}

// sorted says of each pod what a drain does to it, by the rules of kubectl
// drain --ignore-daemonsets.
func sorted(pods []corev1.Pod, q systems.KubeDrain) plan {
	var p plan
	for _, pod := range pods {
		controller := metav1.GetControllerOf(&pod)
		over := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
		switch {
		case mirror, controller != nil && controller.Kind == "DaemonSet" && !over:
			p.stay++
		case pod.DeletionTimestamp != nil:
			p.leaving++
		case over:
			p.evict = append(p.evict, pod)
		case controller == nil && !q.Unmanaged:
			p.unmanaged = append(p.unmanaged, pod)
		case keepsFiles(pod) && !q.LocalStorage:
			p.local = append(p.local, pod)
		default:
			p.evict = append(p.evict, pod)
		}
	}
	return p
}

func keepsFiles(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.EmptyDir != nil })
}

// kept says which pods keep the node from being drained, and why.
func (p plan) kept() []string {
	var out []string
	add := func(why string, pods []corev1.Pod) {
		if len(pods) > 0 {
			out = append(out, fmt.Sprintf("%d %s: %s", len(pods), why, list(pods)))
		}
	}
	add("that nothing makes anew (allow them with unmanaged)", p.unmanaged)
	add("whose local files would be lost (allow them with local_storage)", p.local)
	return out
}

// names names the first of some pods.
func names(pods []corev1.Pod) []string {
	var out []string
	for _, p := range pods[:min(len(pods), shownPods)] {
		out = append(out, p.Namespace+"/"+p.Name)
	}
	return out
}
