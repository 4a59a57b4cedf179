package kubernetes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
)

func TestARolloutIsAChange(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	r := kubernetes.Rollout{
		ID: "d-1/3", KubeRef: checkout, Revision: 3, Before: 2, At: at, Cause: "release 3",
		Images: []string{"registry.example.org/shop/web:3", "proxy:1"}, ImagesBefore: []string{"registry.example.org/shop/web:2", "proxy:1"},
	}
	require.Equal(t, "main/shop/checkout", r.Path("main"))
	want := changes.Change{
		ID: "d-1/3", Source: "kubernetes", Kind: changes.Deployment, Service: "checkout", At: at,
		Title: "rollout 3 of main/shop/checkout: release 3", Version: "web:3", Before: "web:2",
		Undo: changes.Undo{Runbook: "kubernetes-rollback", Params: map[string]string{"cluster": "main", "namespace": "shop", "deployment": "checkout", "revision": "2"}},
	}
	require.Equal(t, want, r.Change("main", "checkout", at.Add(time.Second)))
	require.NoError(t, want.Check(at))
	require.Equal(t, at.Add(-time.Hour), r.Change("main", "checkout", at.Add(-time.Hour)).At, "the cluster's clock is ahead")
}

// Whoever may change a Deployment writes its cause and its images.
func TestWhateverACauseSaysTheRolloutIsAChange(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	r := kubernetes.Rollout{ID: "d-1/3", KubeRef: checkout, Revision: 3, Before: 2, At: at, Images: []string{"web:3\u202e"}, ImagesBefore: []string{"web:2"}}
	for cause, title := range map[string]string{
		"release 3\nby alice": ": release 3", "\n\x1b[31mrelease 3": ": [31mrelease 3", "\u200b\n": "",
	} {
		r.Cause = cause
		c := r.Change("main", "checkout", at)
		require.NoError(t, c.Check(at))
		require.Equal(t, "rollout 3 of main/shop/checkout"+title, c.Title)
	}
	r.Namespace, r.Name, r.Cause = strings.Repeat("n", 63), strings.Repeat("d", 253), strings.Repeat("c", 300)
	require.NoError(t, r.Change("main", "checkout", at).Check(at))
}

func TestARolloutOfTheSameImagesIsShownByItsNumber(t *testing.T) {
	r := kubernetes.Rollout{ID: "d-1/3", KubeRef: checkout, Revision: 3, Before: 2, Images: []string{"web:3"}, ImagesBefore: []string{"web:3"}}
	c := r.Change("main", "checkout", time.Now())
	require.Equal(t, []string{"revision 3", "revision 2"}, []string{c.Version, c.Before})
}

func TestAFirstRolloutHasNoWayBack(t *testing.T) {
	r := kubernetes.Rollout{ID: "d-1/1", KubeRef: checkout, Revision: 1, Images: []string{"web@sha256:" + strings.Repeat("a", 200)}, At: time.Now()}
	c := r.Change("main", "checkout", time.Now())
	require.Empty(t, c.Before)
	require.False(t, c.Undo.Known())
	require.NoError(t, c.Check(time.Now()), "it is cut")
}
