package kubernetes_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	k8stesting "k8s.io/client-go/testing"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/integrations/kubernetes/kubernetestest"
	"github.com/tocsinhq/tocsin/systems"
)

func TestWhatADeploymentRunsAndRanBefore(t *testing.T) {
	c, _ := world(t, "shop:1", "shop:2", "shop:3")
	now, err := c.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	require.Equal(t, "3 (checkout-hash3)", now.String())
	require.Equal(t, []string{"shop:3"}, now.Images)
	require.Equal(t, "release shop:3", now.Cause)
	require.Equal(t, 3, now.Replicas)
	require.Empty(t, now.Formerly)
	require.Len(t, now.Previous, 2)
	require.Equal(t, "2 (checkout-hash2)", now.Previous[0].String())
	require.Equal(t, []string{"shop:1"}, now.Previous[1].Images)
}

func TestWhatSomebodyWentBackToHadOtherNumbersBefore(t *testing.T) {
	api := kubernetestest.New()
	d, sets := deployment("shop:1", "shop:2")
	sets[1].Annotations["deployment.kubernetes.io/revision-history"] = "1,3"
	for _, o := range []runtime.Object{d, sets[0], sets[1]} {
		require.NoError(t, api.Tracker().Add(o))
	}
	now, err := kubernetes.With(api, allowed).Deployment(t.Context(), checkout)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 3}, now.Formerly)
}

func TestAChangeThatTheClusterHasNotTakenUpHasNoTemplateYet(t *testing.T) {
	c, api := world(t, "shop:1", "shop:2")
	edit(t, api, func(d *appsv1.Deployment) { d.Spec.Template = template("shop:3") })
	now, err := c.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	require.Empty(t, now.Template)
	require.Equal(t, []string{"shop:3"}, now.Images)
}

func TestWhoElseDecidesOverADeployment(t *testing.T) {
	for key, want := range map[string]string{
		"argocd.argoproj.io/tracking-id": "Argo CD", "argocd.argoproj.io/instance": "Argo CD",
		"kustomize.toolkit.fluxcd.io/name": "Flux", "helm.toolkit.fluxcd.io/name": "Flux", "app.kubernetes.io/instance": "",
	} {
		c, api := world(t, "shop:1")
		edit(t, api, func(d *appsv1.Deployment) { d.Labels[key] = "x" })
		now, err := c.Deployment(t.Context(), checkout)
		require.NoError(t, err)
		require.Equal(t, want, now.Manager, key)
	}
}

func TestOnlyWhatTheSystemsFileAllowsIsAskedFor(t *testing.T) {
	c, api := world(t, "shop:1")
	for name, test := range map[string]struct {
		ref  systems.KubeRef
		kind incident.Kind
	}{
		"another namespace": {systems.KubeRef{Namespace: "kube-system", Name: "checkout"}, incident.Forbidden},
		"no namespace":      {systems.KubeRef{Name: "checkout"}, incident.Forbidden},
		"a path":            {systems.KubeRef{Namespace: "shop", Name: "../secrets"}, incident.Invalid},
		"no name":           {systems.KubeRef{Namespace: "shop"}, incident.Invalid},
		"capitals":          {systems.KubeRef{Namespace: "shop", Name: "Checkout"}, incident.Invalid},
	} {
		before := len(api.Actions())
		_, err := c.Deployment(t.Context(), test.ref)
		require.Equal(t, test.kind, incident.KindOf(err), name)
		require.Equal(t, test.kind, incident.KindOf(c.Scale(t.Context(), systems.KubeScale{KubeRef: test.ref, To: 1})), name)
		_, err = c.Rollout(t.Context(), systems.KubeAwaited{KubeRef: test.ref})
		require.Equal(t, test.kind, incident.KindOf(err), name)
		require.Len(t, api.Actions(), before, "%s: nothing was asked", name)
	}
}

func TestWhatTheClusterAnswersHasAKind(t *testing.T) {
	resource := schema.GroupResource{Group: "apps", Resource: "deployments"}
	for name, test := range map[string]struct {
		err  error
		kind incident.Kind
		text string
	}{
		"credentials":   {apierrors.NewUnauthorized("token of 10.0.0.1"), incident.Forbidden, "the cluster refuses the credentials"},
		"rights":        {apierrors.NewForbidden(resource, "checkout", errors.New("no right to get")), incident.Forbidden, "no right to get"},
		"missing":       {apierrors.NewNotFound(resource, "checkout"), incident.NotFound, "not found"},
		"moved":         {apierrors.NewConflict(resource, "checkout", errors.New("modified")), incident.Conflict, "modified"},
		"invalid":       {apierrors.NewBadRequest("the field is wrong"), incident.Permanent, "the field is wrong"},
		"an address":    {apierrors.NewBadRequest("Post https://10.0.0.1/: refused"), incident.Permanent, "the cluster says BadRequest"},
		"busy":          {apierrors.NewTooManyRequests("slow down", 7), incident.Unavailable, "TooManyRequests"},
		"broken":        {apierrors.NewInternalError(errors.New("https://10.0.0.1 is away")), incident.Unavailable, "InternalError"},
		"lost":          {kubernetestest.ErrLost, incident.Unavailable, "cannot be reached"},
		"no answer yet": {t.Context().Err(), "", ""},
	} {
		c, api := world(t, "shop:1")
		api.Fail(func(k8stesting.Action) error { return test.err })
		_, err := c.Deployment(t.Context(), checkout)
		require.Equal(t, test.kind, incident.KindOf(err), name)
		if test.err != nil {
			require.ErrorContains(t, err, test.text, name)
			require.NotContains(t, err.Error(), "10.0.0.1", name)
		}
	}
}

func TestReplicaSetsOfOthersAreNoHistory(t *testing.T) {
	c, api := world(t, "shop:1")
	_, sets := deployment("shop:0")
	other := sets[0]
	other.Name, other.OwnerReferences[0].UID = "other-1", "d-2"
	_, err := api.AppsV1().ReplicaSets("shop").Create(t.Context(), other, metav1.CreateOptions{})
	require.NoError(t, err)
	now, err := c.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	require.Empty(t, now.Previous)
}
