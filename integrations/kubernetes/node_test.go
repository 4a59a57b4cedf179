package kubernetes_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	k8stesting "k8s.io/client-go/testing"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/integrations/kubernetes/kubernetestest"
	"github.com/tocsinhq/tocsin/systems"
)

func node(name string, status corev1.ConditionStatus) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: status}}},
	}
}

// pod is one on node-1 that something of that kind makes anew, if any.
func pod(name, kind string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop", Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{NodeName: "node-1"},
	}
	if kind != "" {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, Controller: new(true)}}
	}
	for _, c := range change {
		c(p)
	}
	return p
}

func elsewhere(p *corev1.Pod) { p.Spec.NodeName = "node-2" }

func files(p *corev1.Pod) {
	p.Spec.Volumes = []corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
}

func mirror(p *corev1.Pod) { p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"} }

func finished(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }

// ended is being deleted for as long as the test lasts.
func ended(p *corev1.Pod) {
	p.DeletionTimestamp, p.Finalizers = new(metav1.Now()), []string{"example.org/hold"}
}

// nodes is a cluster of three nodes with some pods.
func nodes(pods ...runtime.Object) (*kubernetes.Cluster, *kubernetestest.Cluster) {
	all := []runtime.Object{node("node-1", corev1.ConditionTrue), node("node-2", corev1.ConditionTrue), node("node-3", corev1.ConditionTrue)}
	api := kubernetestest.New(append(all, pods...)...)
	return kubernetes.With(api, allowed), api
}

func TestWhatADrainWouldDo(t *testing.T) {
	pods := []runtime.Object{
		pod("a", "ReplicaSet"), pod("b", "StatefulSet"), pod("c", "ReplicaSet", elsewhere), pod("d", "DaemonSet"), pod("e", "", mirror),
		pod("f", "ReplicaSet", files), pod("g", ""), pod("h", "Job", finished, files), pod("i", "ReplicaSet", ended),
	}
	c, _ := nodes(pods...)
	got, err := c.Node(t.Context(), systems.KubeDrain{Node: "node-1"})
	require.NoError(t, err)
	require.Equal(t, systems.KubeNode{
		Name: "node-1", Nodes: 3, Evicts: 3, Pods: []string{"shop/a", "shop/b", "shop/h"}, Stays: 2, Leaving: 1,
		Kept: []string{
			"1 that nothing makes anew (allow them with unmanaged): shop/g",
			"1 whose local files would be lost (allow them with local_storage): shop/f",
		},
	}, got)

	got, err = c.Node(t.Context(), systems.KubeDrain{Node: "node-1", LocalStorage: true, Unmanaged: true})
	require.NoError(t, err)
	require.Equal(t, 5, got.Evicts)
	require.Empty(t, got.Kept)

	_, err = c.Node(t.Context(), systems.KubeDrain{Node: "node-9"})
	require.Equal(t, incident.NotFound, incident.KindOf(err))
}

func TestANodeIsCordonedOnce(t *testing.T) {
	c, api := nodes()
	order := systems.KubeCordon{Node: "node-1", Close: true, AtMost: 34}
	require.NoError(t, c.Cordon(t.Context(), order))
	n, err := api.CoreV1().Nodes().Get(t.Context(), "node-1", metav1.GetOptions{})
	require.NoError(t, err)
	require.True(t, n.Spec.Unschedulable)

	before := len(api.Actions())
	require.NoError(t, c.Cordon(t.Context(), order), "a repeat")
	require.Zero(t, written(api, before))

	order.Node = "node-2"
	err = c.Cordon(t.Context(), order)
	require.Equal(t, incident.Refused, incident.KindOf(err))
	require.ErrorContains(t, err, "2 of 3 nodes would take no pods: at most 34 % may")

	require.NoError(t, c.Cordon(t.Context(), systems.KubeCordon{Node: "node-1"}))
	require.NoError(t, c.Cordon(t.Context(), order))
}

func TestANodeThatIsNotReadyCountsAsClosed(t *testing.T) {
	api := kubernetestest.New(node("node-1", corev1.ConditionTrue), node("node-2", corev1.ConditionUnknown), node("node-3", corev1.ConditionTrue))
	c := kubernetes.With(api, allowed)
	err := c.Cordon(t.Context(), systems.KubeCordon{Node: "node-1", Close: true, AtMost: 50})
	require.ErrorContains(t, err, "2 of 3 nodes would take no pods")
	require.NoError(t, c.Cordon(t.Context(), systems.KubeCordon{Node: "node-2", Close: true, AtMost: 34}), "it takes none as it is")
}

func TestNodesAreLeftAloneWhereTheSystemsFileDoesNotAllowThem(t *testing.T) {
	config := allowed
	config.Nodes = false
	c := kubernetes.With(kubernetestest.New(), config)
	for _, name := range []string{"node-1", "..", ""} {
		require.Error(t, c.Cordon(t.Context(), systems.KubeCordon{Node: name, Close: true, AtMost: 100}))
	}
	_, err := c.Drain(t.Context(), systems.KubeDrain{Node: "node-1"})
	require.Equal(t, incident.Forbidden, incident.KindOf(err))
}

// drained cordons node-1 and drains it.
func drained(t *testing.T, c *kubernetes.Cluster, within time.Duration) (systems.KubeDrained, error) {
	t.Helper()
	require.NoError(t, c.Cordon(t.Context(), systems.KubeCordon{Node: "node-1", Close: true, AtMost: 100}))
	return c.Drain(t.Context(), systems.KubeDrain{Node: "node-1", Within: within, Most: 2})
}

func TestADrainEvictsAndLeavesWhatBelongsToTheNode(t *testing.T) {
	c, api := nodes(pod("a", "ReplicaSet"), pod("b", "StatefulSet"), pod("c", "ReplicaSet", elsewhere), pod("d", "DaemonSet"), pod("e", "", mirror))
	done, err := drained(t, c, time.Minute)
	require.NoError(t, err)
	require.Equal(t, systems.KubeDrained{Evicted: 2}, done)
	list, err := api.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, list.Items, 3)

	done, err = drained(t, c, time.Minute)
	require.NoError(t, err, "a repeat")
	require.Zero(t, done)
}

func budget(name string, disruptions int32) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop"},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}},
		Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: disruptions},
	}
}

func TestADrainWaitsForWhatABudgetForbids(t *testing.T) {
	c, api := nodes(pod("a", "ReplicaSet"), pod("b", "ReplicaSet"), budget("b", 0))
	tries := 0
	api.Fail(func(a k8stesting.Action) error {
		if a.GetSubresource() != "eviction" {
			return nil
		}
		if tries++; tries == 4 { // the pods that it protects are ready elsewhere
			return api.Tracker().Update(policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets"), budget("b", 1), "shop")
		}
		return nil
	})
	done, err := drained(t, c, time.Minute)
	require.NoError(t, err)
	require.Equal(t, systems.KubeDrained{Evicted: 2}, done)
}

func TestADrainSaysWhatItCouldNotEvictInTime(t *testing.T) {
	c, _ := nodes(pod("a", "ReplicaSet"), pod("b", "ReplicaSet"), budget("b", 0))
	done, err := drained(t, c, 20*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, systems.KubeDrained{Evicted: 1, Left: 1, Why: "shop/b: a PodDisruptionBudget forbids it"}, done)

	_, err = drained(t, c, 20*time.Millisecond)
	require.Equal(t, incident.Refused, incident.KindOf(err), "nothing was changed")
	require.ErrorContains(t, err, "not one of 1 pods could be evicted: shop/b: a PodDisruptionBudget forbids it")
}

func TestADrainBeginsWithNothingStandingAgainstIt(t *testing.T) {
	c, api := nodes(pod("a", "ReplicaSet"), pod("g", ""))
	before := len(api.Actions())
	_, err := c.Drain(t.Context(), systems.KubeDrain{Node: "node-1"})
	require.Equal(t, incident.Conflict, incident.KindOf(err), "the node is open")
	_, err = drained(t, c, time.Minute)
	require.Equal(t, incident.Refused, incident.KindOf(err))
	require.ErrorContains(t, err, "shop/g")
	require.Equal(t, 1, written(api, before), "the cordon, and no eviction")
}

func TestADrainEvictsNoneWhereMoreAreThereThanItMay(t *testing.T) {
	c, api := nodes(pod("a", "ReplicaSet"), pod("b", "ReplicaSet"), pod("c", "ReplicaSet"))
	before := len(api.Actions())
	_, err := drained(t, c, time.Minute)
	require.Equal(t, incident.Conflict, incident.KindOf(err))
	require.ErrorContains(t, err, "3 pods of node-1 are to be evicted by now, and at most 2 may be")
	require.Equal(t, 1, written(api, before), "the cordon, and no eviction")
}

func TestAnEvictionThatMayHaveHappenedIsNotSaidToBeNone(t *testing.T) {
	c, api := nodes(pod("a", "ReplicaSet"))
	api.Fail(func(a k8stesting.Action) error {
		if a.GetSubresource() == "eviction" {
			return apierrors.NewInternalError(errors.New("two budgets"))
		}
		return nil
	})
	_, err := drained(t, c, 20*time.Millisecond)
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}
