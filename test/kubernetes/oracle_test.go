package kubernetes_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
	"k8s.io/kubectl/pkg/polymorphichelpers"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// kubectl rolls checkout back as kubectl rollout undo does.
func (w *world) kubectl(t *testing.T, revision int64) (string, error) {
	t.Helper()
	r, err := polymorphichelpers.RollbackerFor(schema.GroupKind{Group: "apps", Kind: "Deployment"}, w)
	require.NoError(t, err)
	return r.Rollback(w.deployment(t), nil, revision, cmdutil.DryRunNone)
}

// tocsin rolls checkout back as the runbook does; zero is the one before.
func (w *world) tocsin(t *testing.T, revision int64) error {
	t.Helper()
	now, err := w.client.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	order := systems.KubeRollback{KubeRef: checkout, To: now.KubeRevision, Expected: now.KubeRevision}
	for n, r := range now.Previous {
		if r.Revision == revision || revision == 0 && n == 0 {
			order.To = r
		}
	}
	return w.client.RollBack(t.Context(), order)
}

// TestARollbackIsThatOfKubectl plays the same history in two clusters, rolls one
// back with kubectl's own code and the other with ours, and compares.
func TestARollbackIsThatOfKubectl(t *testing.T) {
	deploy := func(images ...string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			for _, image := range images {
				w.deploy(t, image, "release "+image)
				w.settled(t)
			}
		}
	}
	for name, test := range map[string]struct {
		history  func(*testing.T, *world)
		revision int64
	}{
		"to the one before":        {history: deploy("shop:1", "shop:2")},
		"of three":                 {history: deploy("shop:1", "shop:2", "shop:3")},
		"to an explicit one":       {history: deploy("shop:1", "shop:2", "shop:3"), revision: 1},
		"to the one that it runs":  {history: deploy("shop:1", "shop:2"), revision: 2},
		"to what ran twice before": {history: deploy("shop:1", "shop:2", "shop:1", "shop:3")},
		"with marks of others": {history: func(t *testing.T, w *world) {
			deploy("shop:1")(t, w)
			w.edit(t, func(d *appsv1.Deployment) {
				d.Annotations["kubectl.kubernetes.io/last-applied-configuration"] = `{"a":1}`
				d.Annotations["team"] = "payments"
			})
			w.until(t, "the controller marks the revision too", func() bool { return w.marks(t)["team"] == "payments" })
			deploy("shop:2")(t, w)
			w.edit(t, func(d *appsv1.Deployment) { d.Annotations["only"] = "now" })
		}},
		"after another rollback": {history: func(t *testing.T, w *world) {
			deploy("shop:1", "shop:2", "shop:3")(t, w)
			_, err := w.kubectl(t, 1)
			require.NoError(t, err)
			w.settled(t)
		}, revision: 2},
		"while the bad one is under way": {history: func(t *testing.T, w *world) {
			deploy("shop:1", "shop:2")(t, w)
			w.deploy(t, broken, "release broken")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			theirs, ours := newWorld(t), newWorld(t)
			test.history(t, theirs)
			test.history(t, ours)
			require.Equal(t, theirs.deployment(t).Spec.Template, ours.deployment(t).Spec.Template)

			_, err := theirs.kubectl(t, test.revision)
			require.NoError(t, err)
			require.NoError(t, ours.tocsin(t, test.revision))
			theirs.settled(t)
			ours.settled(t)
			require.Equal(t, theirs.deployment(t).Spec, ours.deployment(t).Spec)
			require.Equal(t, theirs.deployment(t).Annotations, ours.deployment(t).Annotations)
			require.Equal(t, theirs.sets(t), ours.sets(t))
		})
	}
}

func TestWhatKubectlRefusesIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(t, "shop:1", "one")
	w.deploy(t, "shop:2", "two")
	w.settled(t)
	_, err := w.kubectl(t, 7)
	require.ErrorContains(t, err, "unable to find specified revision 7")
	now, err := w.client.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	gone := systems.KubeRollback{KubeRef: checkout, To: systems.KubeRevision{Revision: 7, Template: "checkout-gone"}, Expected: now.KubeRevision}
	require.Equal(t, incident.NotFound, incident.KindOf(w.client.RollBack(t.Context(), gone)))

	w.edit(t, func(d *appsv1.Deployment) { d.Spec.Paused = true })
	_, err = w.kubectl(t, 0)
	require.ErrorContains(t, err, "you cannot rollback a paused deployment")
	require.Equal(t, incident.Refused, incident.KindOf(w.tocsin(t, 0)))
	require.Equal(t, "shop:2", w.image(t))
}

// TestASecondRollbackDoesNotFlipBack shows what the order's fixed target is for.
func TestASecondRollbackDoesNotFlipBack(t *testing.T) {
	t.Parallel()
	theirs, ours := newWorld(t), newWorld(t)
	for _, w := range []*world{theirs, ours} {
		w.deploy(t, "shop:1", "one")
		w.settled(t)
		w.deploy(t, broken, "two")
	}
	now, err := ours.client.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	order := systems.KubeRollback{KubeRef: checkout, To: now.Previous[0], Expected: now.KubeRevision}
	for range 2 {
		_, err := theirs.kubectl(t, 0)
		require.NoError(t, err)
		require.NoError(t, ours.client.RollBack(t.Context(), order))
		ours.settled(t)
		theirs.until(t, "the controller takes it up", func() bool {
			d := theirs.deployment(t)
			return d.Status.ObservedGeneration == d.Generation
		})
	}
	require.Equal(t, broken, theirs.image(t), "what kubectl does when it is asked twice")
	require.Equal(t, "shop:1", ours.image(t))
}
