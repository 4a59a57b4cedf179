package kubernetes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8stesting "k8s.io/client-go/testing"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/kubernetes/kubernetestest"
	"github.com/tocsinhq/tocsin/systems"
)

func TestHowFarARolloutIs(t *testing.T) {
	for want, change := range map[string]func(*appsv1.Deployment){
		"": func(*appsv1.Deployment) {},
		"the controller has not seen the change yet": func(d *appsv1.Deployment) { d.Status.ObservedGeneration = 0 },
		"1 of 3 pods are new":                        func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 },
		"2 old pods are left":                        func(d *appsv1.Deployment) { d.Status.Replicas = 5 },
		"2 of 3 pods are available":                  func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 2 },
		"there are 1 of 3 pods": func(d *appsv1.Deployment) {
			d.Spec.Paused = true
			d.Status.Replicas = 1
			d.Status.ObservedGeneration = 2
		},
	} {
		c, api := world(t, "shop:1")
		edit(t, api, change)
		got, err := c.Rollout(t.Context(), systems.KubeAwaited{KubeRef: checkout})
		require.NoError(t, err)
		require.Equal(t, systems.KubeRollout{Over: want == "", Text: want}, got)
	}
}

func TestARolloutThatRanIntoItsDeadlineHasFailed(t *testing.T) {
	c, api := world(t, "shop:1")
	at := metav1.NewTime(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	edit(t, api, func(d *appsv1.Deployment) {
		d.Status.AvailableReplicas = 0
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: "ProgressDeadlineExceeded", LastUpdateTime: at}}
	})
	got, err := c.Rollout(t.Context(), systems.KubeAwaited{KubeRef: checkout})
	require.NoError(t, err)
	require.Equal(t, systems.KubeRollout{Failed: true, Text: "0 of 3 pods are available"}, got)

	now, err := c.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	got, err = c.Rollout(t.Context(), systems.KubeAwaited{KubeRef: checkout, Stalled: now.Stalled})
	require.NoError(t, err)
	require.Equal(t, systems.KubeRollout{Text: "0 of 3 pods are available"}, got, "it is the stall that was known before the change")
}

func TestADeploymentIsScaledOnceFromWhatItHad(t *testing.T) {
	c, api := world(t, "shop:1")
	order := systems.KubeScale{KubeRef: checkout, From: 3, To: 5}
	require.NoError(t, c.Scale(t.Context(), order))
	require.Equal(t, int32(5), *is(t, api).Spec.Replicas)
	before := len(api.Actions())
	require.NoError(t, c.Scale(t.Context(), order), "a repeat")
	require.Zero(t, written(api, before))

	order.To = 7
	require.ErrorContains(t, c.Scale(t.Context(), order), "shop/checkout is to have 5 pods, not 3")
	order = systems.KubeScale{KubeRef: checkout, From: 5, To: 101}
	require.ErrorContains(t, c.Scale(t.Context(), order), "at most 100")
	order.To = -1
	require.Equal(t, incident.Invalid, incident.KindOf(c.Scale(t.Context(), order)))
}

func TestScalingLosesNoChangeThatCameInBetween(t *testing.T) {
	c, api := world(t, "shop:1")
	done := false
	api.Fail(func(a k8stesting.Action) error {
		if a.GetVerb() != "update" || done {
			return nil
		}
		done = true
		o, err := api.Tracker().Get(a.GetResource(), "shop", "checkout")
		require.NoError(t, err)
		d, ok := o.(*appsv1.Deployment)
		require.True(t, ok)
		d.Spec.Replicas = new(int32(4))
		return api.Tracker().Update(a.GetResource(), d, "shop")
	})
	err := c.Scale(t.Context(), systems.KubeScale{KubeRef: checkout, From: 3, To: 5})
	require.Equal(t, incident.Conflict, incident.KindOf(err))
	require.ErrorContains(t, err, "is to have 4 pods, not 3")
	require.Equal(t, int32(4), *is(t, api).Spec.Replicas)
}

func TestAnAutoscalerIsNotOverruled(t *testing.T) {
	c, api := world(t, "shop:1")
	autoscaled(t, api)
	scaler, err := c.Autoscaler(t.Context(), checkout)
	require.NoError(t, err)
	require.Equal(t, "the HorizontalPodAutoscaler checkout (2 to 9 pods)", scaler)
	err = c.Scale(t.Context(), systems.KubeScale{KubeRef: checkout, From: 3, To: 5})
	require.Equal(t, incident.Refused, incident.KindOf(err))
	require.ErrorContains(t, err, "would undo this: change its bounds instead")
	require.Equal(t, int32(3), *is(t, api).Spec.Replicas)
}

func autoscaled(t *testing.T, api *kubernetestest.Cluster) {
	t.Helper()
	for _, name := range []string{"checkout", "cart"} {
		_, err := api.AutoscalingV2().HorizontalPodAutoscalers("shop").Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop"},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: "Deployment", Name: name},
				MinReplicas:    new(int32(2)), MaxReplicas: 9,
			},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
	}
}
