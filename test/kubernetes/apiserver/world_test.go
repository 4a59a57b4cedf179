//go:build apiserver

// Package apiserver_test tries what changes Deployments and nodes against a real
// kube-apiserver and etcd, in this process, with the real controllers. Building
// it costs several minutes, so it is no part of make test: make test-apiserver.
package apiserver_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/replicaset"
	"k8s.io/kubernetes/test/utils/apiserver"

	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/systems"
)

// checkout is the Deployment that the tests are about.
var checkout = systems.KubeRef{Namespace: "shop", Name: "checkout"}

// broken is an image whose pods never get ready.
const broken = "shop:broken"

func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard())
	if file := os.Getenv(envServe); file != "" {
		fmt.Fprintln(os.Stderr, serve(context.Background(), file))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// world is an API server with controllers, three nodes and a stand-in of
// kubelets and scheduler, and our client of it.
type world struct {
	clientset.Interface
	client     *kubernetes.Cluster
	kubeconfig string
	// busy keeps pods from getting ready.
	busy atomic.Bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := apiserver.StartAPITestServer(t)
	w := &world{Interface: server.ClientSet, kubeconfig: server.KubeConfigFile}
	var err error
	w.client, err = kubernetes.New(kubernetes.Config{
		Name: "prod", KubeconfigFile: server.KubeConfigFile, Namespaces: []string{"shop"}, Nodes: true, Poll: 100 * time.Millisecond,
	})
	require.NoError(t, err)
	_, err = w.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = w.CoreV1().ServiceAccounts("shop").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	for _, name := range []string{"node-1", "node-2", "node-3"} {
		node, err := w.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		require.NoError(t, err)
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		_, err = w.CoreV1().Nodes().UpdateStatus(t.Context(), node, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	w.control(t)
	return w
}

// control starts the controllers and the kubelet, which end with the test.
func (w *world) control(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
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
}

// kubelet looks after all pods again and again: it binds them to the first node
// that is open, has them be ready unless their image is broken, and ends them.
func (w *world) kubelet(ctx context.Context) {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		list, err := w.CoreV1().Pods("shop").List(ctx, metav1.ListOptions{})
		if err != nil {
			continue
		}
		for n := range list.Items {
			w.tend(ctx, &list.Items[n]) // what fails is done in the next round
		}
	}
}

func (w *world) tend(ctx context.Context, p *corev1.Pod) {
	pods := w.CoreV1().Pods("shop")
	switch {
	case p.DeletionTimestamp != nil:
		_ = pods.Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
	case p.Spec.NodeName == "":
		target := corev1.ObjectReference{Kind: "Node", Name: w.open(ctx)}
		_ = pods.Bind(ctx, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: "shop"}, Target: target}, metav1.CreateOptions{})
	case !w.busy.Load() && p.Status.Phase != corev1.PodRunning && p.Spec.Containers[0].Image != broken:
		p.Status.Phase = corev1.PodRunning
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
		_, _ = pods.UpdateStatus(ctx, p, metav1.UpdateOptions{})
	}
}

func (w *world) open(ctx context.Context) string {
	nodes, err := w.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return ""
	}
	for _, n := range nodes.Items {
		if !n.Spec.Unschedulable {
			return n.Name
		}
	}
	return ""
}

// deploy has checkout run an image, and waits until the controller has taken it
// up as that revision.
func (w *world) deploy(t *testing.T, image string, revision int64) {
	t.Helper()
	deployments := w.AppsV1().Deployments("shop")
	labels := map[string]string{"app": "checkout"}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "checkout", Namespace: "shop", Annotations: map[string]string{"kubernetes.io/change-cause": image}},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(4)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
			},
		},
	}
	w.until(t, func() bool {
		_, err := deployments.Create(t.Context(), d, metav1.CreateOptions{})
		if err == nil || revision == 1 {
			return err == nil
		}
		now, err := deployments.Get(t.Context(), "checkout", metav1.GetOptions{})
		require.NoError(t, err)
		now.Annotations["kubernetes.io/change-cause"], now.Spec.Template.Spec.Containers[0].Image = image, image
		_, err = deployments.Update(t.Context(), now, metav1.UpdateOptions{})
		return err == nil
	})
	w.until(t, func() bool { return w.now(t).Revision == revision })
}

// settled waits until all of checkout is as it should be.
func (w *world) settled(t *testing.T) {
	t.Helper()
	w.until(t, func() bool {
		r, err := w.client.Rollout(t.Context(), systems.KubeAwaited{KubeRef: checkout})
		require.NoError(t, err)
		return r.Over
	})
}

func (w *world) until(t *testing.T, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 30*time.Second, 50*time.Millisecond)
}

func (w *world) now(t *testing.T) systems.KubeDeployment {
	t.Helper()
	d, err := w.client.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	return d
}
