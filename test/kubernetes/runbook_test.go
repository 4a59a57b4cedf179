package kubernetes_test

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	k8stesting "k8s.io/client-go/testing"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/integrations/kubernetes/kubernetestest"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/kubernetes"
)

// play runs a runbook in the world, with the real kit, activities and client.
// Bob approves, and then says what is given.
func (w *world) play(t *testing.T, b runbook.Runbook, params map[string]string, then ...string) []string {
	t.Helper()
	all := map[string]string{"cluster": "prod"}
	maps.Copy(all, params)
	s := runbooktest.Script{
		Params: all,
		Activities: func(runbooktest.Say) []any {
			return []any{&activities.Kubernetes{Clusters: map[string]activities.Cluster{"prod": w.client}}}
		},
	}
	s.Facts.Labels = map[string]string{"namespace": "shop", "deployment": "checkout", "node": "node-1"}
	for _, choice := range append([]string{"approve"}, then...) {
		s.Answers = append(s.Answers, runbooktest.Answer{After: time.Second, By: "bob", Choice: choice})
	}
	return runbooktest.Play(t, b, s)
}

// ended is how a run ended, without when.
func ended(list []string) string { return strings.TrimPrefix(list[len(list)-1][6:], "ended ") }

// patched counts the changes of checkout that somebody asked for by a patch.
func (w *world) patched() int {
	count := 0
	for _, a := range w.Actions() {
		if a.Matches("patch", "deployments") {
			count++
		}
	}
	return count
}

// bad is a world in which a good release was followed by a broken one.
func bad(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.deploy(t, "shop:1", "release 1")
	w.settled(t)
	w.deploy(t, broken, "release 2")
	return w
}

func TestABadRolloutIsRolledBack(t *testing.T) {
	t.Parallel()
	w := bad(t)
	got := w.play(t, books.Rollback(), nil)
	require.Equal(t, "done: roll back shop/checkout", ended(got), got)
	require.Equal(t, "shop:1", w.image(t))
	now, err := w.client.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	require.Equal(t, int64(3), now.Revision)
	require.Equal(t, []int64{1}, now.Formerly)
	require.Equal(t, "release 1", now.Cause)
	w.settled(t)

	t.Run("and not forward again by a second run", func(t *testing.T) {
		patches := w.patched()
		got := w.play(t, books.Rollback(), nil)
		require.Equal(t, "refused: somebody went back to what prod/shop/checkout runs, so the one before may be what they left: name the revision to go to, of 2", ended(got))
		got = w.play(t, books.Rollback(), map[string]string{"revision": "1"})
		require.Equal(t, "done", ended(got), got)
		require.Equal(t, patches, w.patched())
		require.Equal(t, "shop:1", w.image(t))
	})
}

// once has one fault befall the first patch of a Deployment.
func once(fault error) func(k8stesting.Action) error {
	var mu sync.Mutex
	return func(a k8stesting.Action) error {
		mu.Lock()
		defer mu.Unlock()
		if !a.Matches("patch", "deployments") {
			return nil
		}
		found := fault
		fault = nil
		return found
	}
}

func TestARollbackWhosePatchHasNoAnswerIsMadeOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{"after it was made": kubernetestest.ErrLost, "before it was made": context.DeadlineExceeded} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bad(t)
			w.Fail(once(fault))
			got := w.play(t, books.Rollback(), nil)
			require.Equal(t, "done: roll back shop/checkout", ended(got), got)
			require.Equal(t, "shop:1", w.image(t))
			w.settled(t)
			now, err := w.client.Deployment(t.Context(), checkout)
			require.NoError(t, err)
			require.Equal(t, int64(3), now.Revision, "it went back once")
		})
	}
}

func TestARollbackIsRefusedWhereTheWorldMovedWhileItWasApproved(t *testing.T) {
	t.Parallel()
	w := bad(t)
	moved := false
	w.Fail(func(a k8stesting.Action) error {
		if !moved && a.Matches("patch", "deployments") {
			moved = true
			o, err := w.Tracker().Get(a.GetResource(), "shop", "checkout")
			if err != nil {
				return err
			}
			d, _ := o.(*appsv1.Deployment)
			d.Spec.Template.Spec.Containers[0].Image = "shop:3"
			return w.Tracker().Update(a.GetResource(), d, "shop")
		}
		return nil
	})
	got := w.play(t, books.Rollback(), nil)
	require.Contains(t, ended(got), "failed: roll back shop/checkout: shop/checkout ")
	require.Equal(t, "shop:3", w.image(t))
}

func TestARollbackToWhatIsBrokenTooIsTakenForwardAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(t, broken, "release 1")
	w.deploy(t, "shop:2", "release 2")
	w.settled(t)
	w.edit(t, func(d *appsv1.Deployment) { d.Spec.ProgressDeadlineSeconds = new(int32(1)) })
	got := w.play(t, books.Rollback(), nil, "undo")
	require.Contains(t, ended(got), "failed: the rollout of prod/shop/checkout has run into its deadline", got)
	require.Contains(t, ended(got), "; undone: roll back shop/checkout")
	require.Equal(t, "shop:2", w.image(t))
	w.settled(t)
}

// TestAStallOfBeforeIsNoFailureOfTheRollback begins where most rollbacks do: the
// bad rollout has run into its deadline already.
func TestAStallOfBeforeIsNoFailureOfTheRollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(t, "shop:1", "release 1")
	w.settled(t)
	w.edit(t, func(d *appsv1.Deployment) {
		half, none := intstr.FromString("50%"), intstr.FromInt32(0)
		d.Spec.ProgressDeadlineSeconds = new(int32(1))
		d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: &none, MaxUnavailable: &half}
	})
	w.deploy(t, broken, "release 2")
	w.until(t, "the rollout has run into its deadline", func() bool {
		now, err := w.client.Deployment(t.Context(), checkout)
		require.NoError(t, err)
		return now.Stalled != ""
	})
	got := w.play(t, books.Rollback(), nil)
	require.Equal(t, "done: roll back shop/checkout", ended(got), got)
}

// pods are the names of the pods of checkout.
func (w *world) pods(t *testing.T) map[string]bool {
	t.Helper()
	list, err := w.CoreV1().Pods("shop").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	out := map[string]bool{}
	for _, p := range list.Items {
		out[p.Name] = true
	}
	return out
}

func TestARestartReplacesEachPodOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(t, "shop:1", "release 1")
	w.settled(t)
	before := w.pods(t)
	w.Fail(once(kubernetestest.ErrLost))
	got := w.play(t, books.Restart(), nil)
	require.Equal(t, "done: restart shop/checkout", ended(got), got)
	w.settled(t)
	require.Equal(t, 1, w.patched())
	after := w.pods(t)
	require.Len(t, after, 4)
	for name := range before {
		require.NotContains(t, after, name)
	}
	now, err := w.client.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	require.Equal(t, int64(2), now.Revision)
}

func TestADeploymentIsScaledAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(t, "shop:1", "release 1")
	w.settled(t)
	got := w.play(t, books.Scale(), map[string]string{"replicas": "7"})
	require.Equal(t, "done: scale shop/checkout", ended(got), got)
	require.Len(t, w.pods(t), 7)
	got = w.play(t, books.Scale(), map[string]string{"replicas": "0"})
	require.Equal(t, "done: scale shop/checkout", ended(got), got)
	require.Empty(t, w.pods(t))
	got = w.play(t, books.Scale(), map[string]string{"replicas": "2"})
	require.Equal(t, "done: scale shop/checkout", ended(got), got)
	require.Len(t, w.pods(t), 2)
}

// on counts the pods on a node.
func (w *world) on(t *testing.T, node string) int {
	t.Helper()
	list, err := w.CoreV1().Pods("shop").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	count := 0
	for _, p := range list.Items {
		if p.Spec.NodeName == node {
			count++
		}
	}
	return count
}

func TestANodeIsDrainedAndItsPodsComeElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(t, "shop:1", "release 1")
	w.settled(t)
	require.Equal(t, 4, w.on(t, "node-1"))
	got := w.play(t, books.Drain(), nil)
	require.Equal(t, "done: cordon node-1, evict the pods of node-1", ended(got), got)
	require.Zero(t, w.on(t, "node-1"))
	w.until(t, "they run elsewhere", func() bool { return w.on(t, "node-2") == 4 })
	w.settled(t)
}

func TestADrainThatABudgetForbidsIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(t, "shop:1", "release 1")
	w.settled(t)
	_, err := w.PolicyV1().PodDisruptionBudgets("shop").Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "checkout", Namespace: "shop"},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "checkout"}}},
		Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: 1},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	got := w.play(t, books.Drain(), map[string]string{"within": "300ms"}, "undo")
	require.Contains(t, ended(got), "failed: 3 pods of prod/node-1 could not be evicted, 1 were: ")
	require.Contains(t, ended(got), "a PodDisruptionBudget forbids it; undone: cordon node-1; still stands: evict the pods of node-1")
	n, err := w.CoreV1().Nodes().Get(t.Context(), "node-1", metav1.GetOptions{})
	require.NoError(t, err)
	require.False(t, n.Spec.Unschedulable)
	w.settled(t)
}
