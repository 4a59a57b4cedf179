package kubernetes_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	k8stesting "k8s.io/client-go/testing"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/kubernetes/kubernetestest"
	"github.com/tocsinhq/tocsin/systems"
)

// back is the order to go back to the first of two images.
var back = systems.KubeRollback{
	KubeRef: checkout, To: systems.KubeRevision{Revision: 1, Template: "checkout-hash1"},
	Expected: systems.KubeRevision{Revision: 2, Template: "checkout-hash2"},
}

func TestARollbackTakesTemplateAndAnnotationsOfTheReplicaSet(t *testing.T) {
	c, api := world(t, "shop:1", "shop:2")
	require.NoError(t, c.RollBack(t.Context(), back))
	d := is(t, api)
	require.Equal(t, template("shop:1"), d.Spec.Template, "without the hash")
	require.Equal(t, map[string]string{
		"deployment.kubernetes.io/revision": "2", // the controller gives it the next one
		"kubernetes.io/change-cause":        "release shop:1",
	}, d.Annotations)

	before := len(api.Actions())
	require.NoError(t, c.RollBack(t.Context(), back), "a repeat")
	require.Zero(t, written(api, before))
}

func TestARollbackIsRefused(t *testing.T) {
	paused := func(d *appsv1.Deployment) { d.Spec.Paused = true }
	for name, test := range map[string]struct {
		change func(*appsv1.Deployment)
		order  func(*systems.KubeRollback)
		kind   incident.Kind
		text   string
	}{
		"while it is paused":           {change: paused, kind: incident.Refused, text: "shop/checkout is paused"},
		"when another revision is new": {order: func(o *systems.KubeRollback) { o.Expected.Revision = 1 }, kind: incident.Conflict, text: "is to run revision 2 (checkout-hash2), not 1"},
		"when it went on": {
			change: func(d *appsv1.Deployment) { d.Spec.Template = template("shop:3") }, kind: incident.Conflict, text: "no longer to run revision 2",
		},
		"when the template is gone": {order: func(o *systems.KubeRollback) { o.To.Template = "checkout-hash0" }, kind: incident.NotFound, text: "no longer keeps"},
	} {
		t.Run(name, func(t *testing.T) {
			c, api := world(t, "shop:1", "shop:2")
			if test.change != nil {
				edit(t, api, test.change)
			}
			order := back
			if test.order != nil {
				test.order(&order)
			}
			before := len(api.Actions())
			err := c.RollBack(t.Context(), order)
			require.Equal(t, test.kind, incident.KindOf(err))
			require.ErrorContains(t, err, test.text)
			require.Zero(t, written(api, before))
		})
	}
}

func TestARollbackLosesNoChangeThatCameInBetween(t *testing.T) {
	t.Run("of the status only", func(t *testing.T) {
		c, api := world(t, "shop:1", "shop:2")
		api.Fail(raced(t, api, func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 1 }))
		require.NoError(t, c.RollBack(t.Context(), back))
		require.Equal(t, "shop:1", is(t, api).Spec.Template.Spec.Containers[0].Image)
	})
	t.Run("of the template", func(t *testing.T) {
		c, api := world(t, "shop:1", "shop:2")
		api.Fail(raced(t, api, func(d *appsv1.Deployment) { d.Spec.Template = template("shop:3") }))
		require.Equal(t, incident.Conflict, incident.KindOf(c.RollBack(t.Context(), back)))
		require.Equal(t, "shop:3", is(t, api).Spec.Template.Spec.Containers[0].Image)
	})
}

func TestARollbackThatTheClusterRejectsIsNotTriedForEver(t *testing.T) {
	c, api := world(t, "shop:1", "shop:2")
	tried := 0
	api.Fail(func(a k8stesting.Action) error {
		if a.GetVerb() != "patch" {
			return nil
		}
		tried++
		return apierrors.NewInvalid(schema.GroupKind{Kind: "Deployment"}, "checkout", field.ErrorList{field.Forbidden(field.NewPath("spec"), "a policy forbids this image")})
	})
	err := c.RollBack(t.Context(), back)
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.ErrorContains(t, err, "a policy forbids this image")
	require.Equal(t, 1, tried)
}

func TestARollbackWhoseAnswerIsLostIsUnknownAndNotDoneTwice(t *testing.T) {
	c, api := world(t, "shop:1", "shop:2")
	api.Fail(func(a k8stesting.Action) error {
		if a.GetVerb() == "patch" {
			return kubernetestest.ErrLost
		}
		return nil
	})
	require.Equal(t, incident.Unavailable, incident.KindOf(c.RollBack(t.Context(), back)))
	api.Fail(nil)
	before := len(api.Actions())
	require.NoError(t, c.RollBack(t.Context(), back))
	require.Zero(t, written(api, before))
}

func TestARestartIsMadeOnce(t *testing.T) {
	c, api := world(t, "shop:1", "shop:2")
	order := systems.KubeRestart{KubeRef: checkout, At: "2026-11-23T10:00:00Z", Expected: back.Expected}
	require.NoError(t, c.Restart(t.Context(), order))
	d := is(t, api)
	require.Equal(t, map[string]string{"kubectl.kubernetes.io/restartedAt": order.At}, d.Spec.Template.Annotations)
	require.Equal(t, int64(2), d.Generation)

	before := len(api.Actions())
	require.NoError(t, c.Restart(t.Context(), order), "a repeat")
	require.Zero(t, written(api, before))

	order.At = "2026-11-23T11:00:00Z"
	require.Equal(t, incident.Conflict, incident.KindOf(c.Restart(t.Context(), order)), "it is to run what was restarted")
	order.At = ""
	require.Equal(t, incident.Invalid, incident.KindOf(c.Restart(t.Context(), order)))
}

func TestARestartIsRefusedWhilePausedAndLosesNoChange(t *testing.T) {
	order := systems.KubeRestart{KubeRef: checkout, At: "2026-11-23T10:00:00Z", Expected: back.Expected}
	c, api := world(t, "shop:1", "shop:2")
	edit(t, api, func(d *appsv1.Deployment) { d.Spec.Paused = true })
	require.Equal(t, incident.Refused, incident.KindOf(c.Restart(t.Context(), order)))

	c, api = world(t, "shop:1", "shop:2")
	api.Fail(raced(t, api, func(d *appsv1.Deployment) { d.Spec.Template = template("shop:3") }))
	require.Equal(t, incident.Conflict, incident.KindOf(c.Restart(t.Context(), order)))
	require.Empty(t, is(t, api).Spec.Template.Annotations)
}

// raced has somebody else change checkout right before the first change.
func raced(t *testing.T, api *kubernetestest.Cluster, change func(*appsv1.Deployment)) func(k8stesting.Action) error {
	t.Helper()
	done := false
	return func(a k8stesting.Action) error {
		if done || a.GetVerb() != "patch" {
			return nil
		}
		done = true
		o, err := api.Tracker().Get(a.GetResource(), "shop", "checkout")
		require.NoError(t, err)
		d, ok := o.(*appsv1.Deployment)
		require.True(t, ok)
		change(d)
		require.NoError(t, api.Tracker().Update(a.GetResource(), d, "shop"))
		return nil
	}
}
