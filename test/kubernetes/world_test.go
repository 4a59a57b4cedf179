package kubernetes_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/informers"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/replicaset"

	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/integrations/kubernetes/kubernetestest"
	"github.com/tocsinhq/tocsin/systems"
)

// checkout is the Deployment that the tests are about.
var checkout = systems.KubeRef{Namespace: "shop", Name: "checkout"}

// broken is an image whose pods never get ready.
const broken = "shop:broken"

// world is a cluster with the real controllers and a stand-in of kubelets and
// scheduler.
type world struct {
	*kubernetestest.Cluster
	client *kubernetes.Cluster
}

// newWorld starts the controllers, which end with the test.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Cluster: kubernetestest.New()}
	w.client = kubernetes.With(w.Cluster, kubernetes.Config{Namespaces: []string{"shop"}, Nodes: true, Poll: 20 * time.Millisecond})
	for n := range 3 {
		_, err := w.CoreV1().Nodes().Create(t.Context(), &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", n+1)},
			Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	factory := informers.NewSharedInformerFactory(w, 0)
	apps, pods := factory.Apps().V1(), factory.Core().V1().Pods()
	rollouts, err := deployment.NewDeploymentController(ctx, apps.Deployments(), apps.ReplicaSets(), pods, w)
	require.NoError(t, err)
	counts := replicaset.NewReplicaSetController(ctx, apps.ReplicaSets(), pods, w, replicaset.BurstReplicas)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	var running sync.WaitGroup
	running.Go(func() { rollouts.Run(ctx, 2) })
	running.Go(func() { counts.Run(ctx, 2) })
	running.Go(func() { w.kubelet(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		factory.Shutdown()
	})
	return w
}

// kubelet puts pods on nodes that are open, and has them be ready, unless their
// image is broken.
func (w *world) kubelet(ctx context.Context) {
	pods := w.CoreV1().Pods("shop")
	watch, err := pods.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		panic(err)
	}
	defer watch.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-watch.ResultChan():
			pod, ok := e.Object.(*corev1.Pod)
			if !ok || pod.Status.Phase == corev1.PodRunning || e.Type == "DELETED" {
				continue
			}
			// The controller divides by the age of the youngest in milliseconds.
			pod.CreationTimestamp = metav1.NewTime(pod.CreationTimestamp.Add(-time.Second))
			pod.Spec.NodeName = w.open(ctx)
			pod.Status.Phase = corev1.PodRunning
			if pod.Spec.Containers[0].Image != broken {
				pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
			}
			_, _ = pods.Update(ctx, pod, metav1.UpdateOptions{}) // who changed it in between is seen next
		}
	}
}

// open names the first node that takes pods.
func (w *world) open(ctx context.Context) string {
	nodes, err := w.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return ""
	}
	slices.SortFunc(nodes.Items, func(a, b corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	for _, n := range nodes.Items {
		if !n.Spec.Unschedulable {
			return n.Name
		}
	}
	return ""
}

// deploy has checkout run an image, as a pipeline would, and waits until the
// controller has taken it up.
func (w *world) deploy(t *testing.T, image, cause string) {
	t.Helper()
	deployments := w.AppsV1().Deployments("shop")
	d, err := deployments.Get(t.Context(), "checkout", metav1.GetOptions{})
	if err != nil {
		_, err = deployments.Create(t.Context(), first(image, cause), metav1.CreateOptions{})
		require.NoError(t, err)
	} else {
		w.edit(t, func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers[0].Image = image
			d.Annotations["kubernetes.io/change-cause"] = cause
		})
	}
	w.until(t, "the controller takes "+image+" up", func() bool {
		now, err := w.client.Deployment(t.Context(), checkout)
		require.NoError(t, err)
		return now.Template != "" && now.Images[0] == image && w.deployment(t).Annotations["deployment.kubernetes.io/revision"] == fmt.Sprint(now.Revision) &&
			(d.Name == "" || w.deployment(t).Status.ObservedGeneration >= w.deployment(t).Generation)
	})
}

// first is checkout as the API server would have it, with all defaults.
func first(image, cause string) *appsv1.Deployment {
	labels := map[string]string{"app": "checkout"}
	quarter := intstr.FromString("25%")
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Name: "checkout", Namespace: "shop", Labels: labels,
			Annotations: map[string]string{"kubernetes.io/change-cause": cause, "team": "shop"},
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(4)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			RevisionHistoryLimit: new(int32(10)), ProgressDeadlineSeconds: new(int32(600)),
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &quarter, MaxUnavailable: &quarter}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					RestartPolicy: corev1.RestartPolicyAlways, TerminationGracePeriodSeconds: new(int64(30)), DNSPolicy: corev1.DNSClusterFirst,
					Containers: []corev1.Container{{Name: "main", Image: image, ImagePullPolicy: corev1.PullIfNotPresent}},
				},
			},
		},
	}
}

// settled waits until all of checkout is as it should be.
func (w *world) settled(t *testing.T) {
	t.Helper()
	w.until(t, "the rollout is complete", func() bool {
		r, err := w.client.Rollout(t.Context(), systems.KubeAwaited{KubeRef: checkout})
		require.NoError(t, err)
		return r.Over
	})
}

func (w *world) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	if !comes(holds) {
		d := w.deployment(t)
		require.FailNow(t, "it does not come that "+what, "%v\ngeneration %d\n%+v\n%v", d.Annotations, d.Generation, d.Status, w.sets(t))
	}
}

func (w *world) deployment(t *testing.T) *appsv1.Deployment {
	t.Helper()
	d, err := w.AppsV1().Deployments("shop").Get(t.Context(), "checkout", metav1.GetOptions{})
	require.NoError(t, err)
	return d
}

// edit changes checkout, however often the controllers are there before.
func (w *world) edit(t *testing.T, change func(*appsv1.Deployment)) {
	t.Helper()
	w.until(t, "it can be changed", func() bool {
		d := w.deployment(t)
		change(d)
		_, err := w.AppsV1().Deployments("shop").Update(t.Context(), d, metav1.UpdateOptions{})
		return err == nil
	})
}

// sets says of each ReplicaSet which revision it is and how many pods it has.
func (w *world) sets(t *testing.T) map[string]string {
	t.Helper()
	list, err := w.AppsV1().ReplicaSets("shop").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	out := map[string]string{}
	for _, s := range list.Items {
		out[s.Name] = fmt.Sprintf("revision %s, formerly %q, with %d pods of %s", s.Annotations["deployment.kubernetes.io/revision"],
			s.Annotations["deployment.kubernetes.io/revision-history"], *s.Spec.Replicas, s.Spec.Template.Spec.Containers[0].Image)
	}
	return out
}

// marks returns the annotations of the only ReplicaSet.
func (w *world) marks(t *testing.T) map[string]string {
	t.Helper()
	list, err := w.AppsV1().ReplicaSets("shop").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	return list.Items[0].Annotations
}

// image is what checkout is to run.
func (w *world) image(t *testing.T) string {
	t.Helper()
	return w.deployment(t).Spec.Template.Spec.Containers[0].Image
}

// comes reports whether something holds within twenty seconds.
func comes(holds func() bool) bool {
	until := time.NewTimer(20 * time.Second)
	defer until.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-until.C:
			return false
		}
	}
	return true
}
