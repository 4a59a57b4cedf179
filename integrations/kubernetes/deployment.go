package kubernetes

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// manager is the field manager of what is changed.
const manager = "tocsin"

// The annotations by which the controller and kubectl keep the history of a
// Deployment.
const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	historyAnnotation  = "deployment.kubernetes.io/revision-history"
	desiredAnnotation  = "deployment.kubernetes.io/desired-replicas"
	maxAnnotation      = "deployment.kubernetes.io/max-replicas"
	causeAnnotation    = "kubernetes.io/change-cause"
	restartAnnotation  = "kubectl.kubernetes.io/restartedAt"
)

const (
	// keptRevisions, keptImages and keptText bound what goes into a history.
	keptRevisions = 10
	keptImages    = 10
	keptText      = 200
	// maxSets bounds how many ReplicaSets of a Deployment are read.
	maxSets = 500
)

// Deployment says what a Deployment runs and what it ran before.
func (c *Cluster) Deployment(ctx context.Context, r systems.KubeRef) (systems.KubeDeployment, error) {
	d, sets, err := c.look(ctx, r)
	if err != nil {
		return systems.KubeDeployment{}, err
	}
	out := systems.KubeDeployment{
		KubeRevision: systems.KubeRevision{Revision: revisionOf(d), Images: imagesOf(d.Spec.Template), Cause: short(d.Annotations[causeAnnotation])},
		Replicas:     wanted(d), Paused: d.Spec.Paused, Restarted: short(d.Spec.Template.Annotations[restartAnnotation]),
		Manager: managerOf(d), Stalled: stalled(d),
	}
	now := running(d, sets)
	if now != nil {
		out.KubeRevision = revision(now)
	}
	out.Previous = previous(sets, now)
	return out, nil
}

// look reads a Deployment and the ReplicaSets that are its own.
func (c *Cluster) look(ctx context.Context, r systems.KubeRef) (*appsv1.Deployment, []*appsv1.ReplicaSet, error) {
	if err := c.mayDeployment(r.Namespace, r.Name); err != nil {
		return nil, nil, err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	doing := "read the Deployment " + r.String()
	d, err := c.api.AppsV1().Deployments(r.Namespace).Get(ctx, r.Name, metav1.GetOptions{})
	if err != nil {
		return nil, nil, c.fail(doing, err)
	}
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return nil, nil, incident.Errorf(incident.Permanent, "%s: it selects pods in a way that is unknown here", doing)
	}
	list, err := c.api.AppsV1().ReplicaSets(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String(), Limit: maxSets})
	if err != nil {
		return nil, nil, c.fail("read the ReplicaSets of "+r.String(), err)
	}
	if list.Continue != "" {
		return nil, nil, incident.Errorf(incident.Permanent, "more than %d ReplicaSets have the labels of %s: its history cannot be told", maxSets, r)
	}
	var sets []*appsv1.ReplicaSet
	for n := range list.Items {
		if metav1.IsControlledBy(&list.Items[n], d) {
			sets = append(sets, &list.Items[n])
		}
	}
	slices.SortFunc(sets, func(a, b *appsv1.ReplicaSet) int { // as the controller does, which takes the oldest that fits
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return d, sets, nil
}

// running returns the ReplicaSet of what a Deployment is to run, or nil while
// there is none.
func running(d *appsv1.Deployment, sets []*appsv1.ReplicaSet) *appsv1.ReplicaSet {
	for _, s := range sets {
		if sameTemplate(s.Spec.Template, d.Spec.Template) {
			return s
		}
	}
	return nil
}

// sameTemplate reports whether two templates are equal but for the hash that
// the controller adds.
func sameTemplate(a, b corev1.PodTemplateSpec) bool {
	return apiequality.Semantic.DeepEqual(withoutHash(a), withoutHash(b))
}

func withoutHash(t corev1.PodTemplateSpec) *corev1.PodTemplateSpec {
	out := t.DeepCopy()
	delete(out.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
	return out
}

// previous lists what ran before, the newest first.
func previous(sets []*appsv1.ReplicaSet, now *appsv1.ReplicaSet) []systems.KubeRevision {
	var out []systems.KubeRevision
	for _, s := range sets {
		if s != now && revisionOf(s) > 0 {
			out = append(out, revision(s))
		}
	}
	slices.SortFunc(out, func(a, b systems.KubeRevision) int { return cmp.Compare(b.Revision, a.Revision) })
	return out[:min(len(out), keptRevisions)]
}

func revision(s *appsv1.ReplicaSet) systems.KubeRevision {
	return systems.KubeRevision{
		Revision: revisionOf(s), Template: s.Name, Images: imagesOf(s.Spec.Template),
		Cause: short(s.Annotations[causeAnnotation]), At: s.CreationTimestamp.UTC(), Formerly: formerly(s),
	}
}

// formerly lists the numbers that a ReplicaSet had before, the last ones of
// them.
func formerly(s *appsv1.ReplicaSet) []int64 {
	var out []int64
	for text := range strings.SplitSeq(s.Annotations[historyAnnotation], ",") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			out = append(out, n)
		}
	}
	return out[max(0, len(out)-keptRevisions):]
}

// revisionOf is the number of a Deployment or ReplicaSet; zero is none.
func revisionOf(o metav1.Object) int64 {
	n, err := strconv.ParseInt(o.GetAnnotations()[revisionAnnotation], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func imagesOf(t corev1.PodTemplateSpec) []string {
	var out []string
	for _, container := range t.Spec.Containers {
		out = append(out, short(container.Image))
	}
	return out[:min(len(out), keptImages)]
}

// short bounds a text that somebody wrote into the cluster.
func short(text string) string { return cut(text, keptText) }

func wanted(d *appsv1.Deployment) int {
	if d.Spec.Replicas == nil {
		return 1 // what the API server would have filled in
	}
	return int(*d.Spec.Replicas)
}

// stalled identifies the stall of a Deployment whose rollout has run into its
// deadline, or is "".
func stalled(d *appsv1.Deployment) string {
	for _, s := range d.Status.Conditions {
		if s.Type == appsv1.DeploymentProgressing && s.Reason == "ProgressDeadlineExceeded" {
			return s.LastUpdateTime.UTC().Format(time.RFC3339)
		}
	}
	return ""
}

// managers are the marks by which one sees that a GitOps controller keeps a
// Deployment as it is in a repository.
var managers = []struct{ key, name string }{
	{"argocd.argoproj.io/tracking-id", "Argo CD"},
	{"argocd.argoproj.io/instance", "Argo CD"},
	{"kustomize.toolkit.fluxcd.io/name", "Flux"},
	{"helm.toolkit.fluxcd.io/name", "Flux"},
}

// managerOf names the GitOps controller of a Deployment, or nothing.
func managerOf(d *appsv1.Deployment) string {
	for _, m := range managers {
		if d.Labels[m.key] != "" || d.Annotations[m.key] != "" {
			return m.name
		}
	}
	return ""
}
