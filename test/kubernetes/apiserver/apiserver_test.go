//go:build apiserver

package apiserver_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/kubernetes"
	"github.com/tocsinhq/tocsin/systems"
)

// TestARealAPIServer goes through all that is done to a cluster, in one that is
// started once.
func TestARealAPIServer(t *testing.T) {
	w := newWorld(t)
	w.deploy(t, "shop:1", 1)
	w.settled(t)
	told := w.watch(t)
	w.deploy(t, broken, 2)
	told("2 after 1")

	t.Run("a change of what has moved is rejected as the client takes it", w.moved)
	t.Run("a bad rollout is rolled back by the whole runbook", func(t *testing.T) {
		got := w.play(t, books.Rollback(), nil)
		require.Contains(t, got[len(got)-1], "ended done: roll back shop/checkout", got)
		now := w.now(t)
		require.Equal(t, "3 [shop:1] [1] shop:1", fmt.Sprintf("%d %v %v %s", now.Revision, now.Images, now.Formerly, now.Cause))
	})
	told("2 after 1", "3 after 2")
	t.Run("it is restarted once", func(t *testing.T) {
		order := systems.KubeRestart{KubeRef: checkout, At: "2026-11-23T10:00:00Z", Expected: w.now(t).KubeRevision}
		require.NoError(t, w.client.Restart(t.Context(), order))
		require.NoError(t, w.client.Restart(t.Context(), order))
		w.settled(t)
		require.Equal(t, int64(4), w.now(t).Revision)
	})
	t.Run("it is scaled", func(t *testing.T) {
		got := w.play(t, books.Scale(), map[string]string{"replicas": "5"})
		require.Contains(t, got[len(got)-1], "ended done: scale shop/checkout", got)
		require.Equal(t, incident.Conflict, incident.KindOf(w.client.Scale(t.Context(), systems.KubeScale{KubeRef: checkout, From: 3, To: 6})))
	})
	t.Run("a drain honours budgets", w.budgets)
	t.Run("a node is drained by the whole runbook", func(t *testing.T) {
		got := w.play(t, books.Drain(), nil)
		require.Contains(t, got[len(got)-1], "ended done: cordon node-1, evict the pods of node-1", got)
		w.settled(t)
	})
}

// moved holds what the stand-in of the API server in the other tests does
// against the real one.
func (w *world) moved(t *testing.T) {
	deployments := w.AppsV1().Deployments("shop")
	_, err := deployments.Patch(t.Context(), "checkout", types.JSONPatchType,
		[]byte(`[{"op":"test","path":"/metadata/resourceVersion","value":"1"},{"op":"replace","path":"/spec/replicas","value":9}]`), metav1.PatchOptions{})
	status, ok := err.(apierrors.APIStatus) //nolint:errorlint // the client returns it bare
	require.True(t, ok, "%v", err)
	require.Equal(t, int32(http.StatusUnprocessableEntity), status.Status().Code)
	_, err = deployments.Patch(t.Context(), "checkout", types.StrategicMergePatchType,
		[]byte(`{"metadata":{"resourceVersion":"1"},"spec":{"replicas":9}}`), metav1.PatchOptions{})
	require.True(t, apierrors.IsConflict(err), "%v", err)
}

// budgets drains node-1 while a budget allows nothing, and then two pods.
func (w *world) budgets(t *testing.T) {
	budgets := w.PolicyV1().PodDisruptionBudgets("shop")
	b, err := budgets.Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "checkout", Namespace: "shop"},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: new(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "checkout"}},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, w.client.Cordon(t.Context(), systems.KubeCordon{Node: "node-1", Close: true, AtMost: 34}))
	for _, observed := range []int64{0, b.Generation} { // a budget that is being looked at, and one that allows nothing
		b.Status.ObservedGeneration = observed
		b, err = budgets.UpdateStatus(t.Context(), b, metav1.UpdateOptions{})
		require.NoError(t, err)
		_, err = w.client.Drain(t.Context(), systems.KubeDrain{Node: "node-1", Within: 200 * time.Millisecond, Most: 100})
		require.Equal(t, incident.Refused, incident.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "not one of 5 pods could be evicted")
	}
	b.Status.DisruptionsAllowed = 2
	_, err = budgets.UpdateStatus(t.Context(), b, metav1.UpdateOptions{})
	require.NoError(t, err)
	done, err := w.client.Drain(t.Context(), systems.KubeDrain{Node: "node-1", Within: 200 * time.Millisecond, Most: 100})
	require.NoError(t, err)
	require.Equal(t, 2, done.Evicted)
	require.Contains(t, done.Why, "a PodDisruptionBudget forbids it")
	require.NoError(t, w.client.Cordon(t.Context(), systems.KubeCordon{Node: "node-1"}))
	require.NoError(t, budgets.Delete(t.Context(), "checkout", metav1.DeleteOptions{}))
	w.settled(t)
}

// watch returns what waits until all that is given was told.
func (w *world) watch(t *testing.T) (told func(want ...string)) {
	t.Helper()
	var mu sync.Mutex
	var got []string
	ctx, stop := context.WithCancel(t.Context())
	var over sync.WaitGroup
	over.Go(func() {
		w.client.Watch(ctx, kubernetes.Watching{Since: time.Now().Add(-time.Hour), Log: slog.New(slog.DiscardHandler), Tell: func(_ context.Context, r kubernetes.Rollout) error {
			mu.Lock()
			defer mu.Unlock()
			if r.Revision > 1 {
				got = append(got, fmt.Sprintf("%d after %d", r.Revision, r.Before))
			}
			return nil
		}})
	})
	t.Cleanup(func() { stop(); over.Wait() })
	return func(want ...string) {
		t.Helper()
		w.until(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(got) >= len(want)
		})
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, want, got)
	}
}

// play runs a runbook, which bob approves.
func (w *world) play(t *testing.T, b runbook.Runbook, params map[string]string) []string {
	t.Helper()
	s := runbooktest.Script{
		Params:  map[string]string{"cluster": "prod", "replicas": params["replicas"]},
		Answers: []runbooktest.Answer{{After: time.Second, By: "bob", Choice: "approve"}},
		Activities: func(runbooktest.Say) []any {
			return []any{&activities.Kubernetes{Clusters: map[string]activities.Cluster{"prod": w.client}}}
		},
	}
	if s.Params["replicas"] == "" {
		delete(s.Params, "replicas")
	}
	s.Facts.Labels = map[string]string{"namespace": "shop", "deployment": "checkout", "node": "node-1"}
	return runbooktest.Play(t, b, s)
}
