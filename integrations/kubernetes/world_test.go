package kubernetes_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/integrations/kubernetes/kubernetestest"
	"github.com/tocsinhq/tocsin/systems"
)

// checkout is the Deployment that the tests are about.
var checkout = systems.KubeRef{Namespace: "shop", Name: "checkout"}

// allowed is what the systems file allows in the tests.
var allowed = kubernetes.Config{Namespaces: []string{"shop"}, Nodes: true, Timeout: 2 * time.Second, Poll: time.Millisecond}

func template(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "checkout"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
}

// deployment runs the last of some images; each has a ReplicaSet with the next
// revision.
func deployment(images ...string) (*appsv1.Deployment, []*appsv1.ReplicaSet) {
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "checkout"}}
	latest := strconv.Itoa(len(images))
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Name: "checkout", Namespace: "shop", UID: "d-1", Labels: map[string]string{"app": "checkout"},
			Annotations: map[string]string{"deployment.kubernetes.io/revision": latest, "team": "shop"},
		},
		Spec: appsv1.DeploymentSpec{Replicas: new(int32(3)), Selector: selector, Template: template(images[len(images)-1])},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 1, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3,
		},
	}
	var sets []*appsv1.ReplicaSet
	for n, image := range images {
		hash := "hash" + strconv.Itoa(n+1)
		t := template(image)
		t.Labels["pod-template-hash"] = hash
		sets = append(sets, &appsv1.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{
				Name: "checkout-" + hash, Namespace: "shop", Labels: t.Labels, UID: types.UID("rs-" + hash),
				OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("Deployment"))},
				Annotations: map[string]string{
					"deployment.kubernetes.io/revision": strconv.Itoa(n + 1), "kubernetes.io/change-cause": "release " + image,
					"deployment.kubernetes.io/desired-replicas": "3",
				},
			},
			Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0)), Selector: selector, Template: t},
		})
	}
	return d, sets
}

// world is a cluster in which checkout has run some images, and its client.
func world(t *testing.T, images ...string) (*kubernetes.Cluster, *kubernetestest.Cluster) {
	t.Helper()
	api := kubernetestest.New()
	d, sets := deployment(images...)
	_, err := api.AppsV1().Deployments("shop").Create(t.Context(), d, metav1.CreateOptions{})
	require.NoError(t, err)
	for _, s := range sets {
		_, err := api.AppsV1().ReplicaSets("shop").Create(t.Context(), s, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	return kubernetes.With(api, allowed), api
}

// edit changes checkout as somebody else would.
func edit(t *testing.T, api *kubernetestest.Cluster, change func(*appsv1.Deployment)) {
	t.Helper()
	d, err := api.AppsV1().Deployments("shop").Get(t.Context(), "checkout", metav1.GetOptions{})
	require.NoError(t, err)
	change(d)
	_, err = api.AppsV1().Deployments("shop").Update(t.Context(), d, metav1.UpdateOptions{})
	require.NoError(t, err)
}

// is returns checkout as it is.
func is(t *testing.T, api *kubernetestest.Cluster) *appsv1.Deployment {
	t.Helper()
	d, err := api.AppsV1().Deployments("shop").Get(t.Context(), "checkout", metav1.GetOptions{})
	require.NoError(t, err)
	return d
}

// written counts the requests that asked for a change since a call.
func written(api *kubernetestest.Cluster, since int) int {
	count := 0
	for _, a := range api.Actions()[since:] {
		switch a.GetVerb() {
		case "patch", "update", "delete", "create":
			count++
		}
	}
	return count
}
