package kubernetes_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	k8stesting "k8s.io/client-go/testing"

	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/integrations/kubernetes/kubernetestest"
)

// told is what a watch tells.
type told struct {
	mu   sync.Mutex
	list []kubernetes.Rollout
	// refuse is how often it is not taken.
	refuse int
}

func (l *told) tell(_ context.Context, r kubernetes.Rollout) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse > 0 {
		l.refuse--
		return errors.New("the store is away")
	}
	l.list = append(l.list, r)
	return nil
}

// ids lists what was told.
func (l *told) ids() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, r := range l.list {
		out = append(out, r.ID)
	}
	return out
}

// watching starts a watch, which ends with the test, and returns once it
// follows.
func watching(t *testing.T, api *kubernetestest.Cluster, since time.Time, l *told) {
	t.Helper()
	before := watches(api)
	ctx, stop := context.WithCancel(t.Context())
	var over sync.WaitGroup
	over.Go(func() {
		kubernetes.With(api, allowed).Watch(ctx, kubernetes.Watching{Since: since, Tell: l.tell, Log: slog.New(slog.DiscardHandler)})
	})
	t.Cleanup(func() { stop(); over.Wait() })
	require.Eventually(t, func() bool { return watches(api) > before }, 5*time.Second, time.Millisecond)
}

func watches(api *kubernetestest.Cluster) int {
	count := 0
	for _, a := range api.Actions() {
		if a.GetVerb() == "watch" {
			count++
		}
	}
	return count
}

func (l *told) becomes(t *testing.T, want ...string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(l.ids()) >= len(want) }, 5*time.Second, time.Millisecond, "%v", want)
	require.Equal(t, want, l.ids())
}

// release has checkout run an image as revision 3, as far as it is rolled out.
func release(t *testing.T, api *kubernetestest.Cluster, done bool) {
	t.Helper()
	edit(t, api, func(d *appsv1.Deployment) {
		d.Annotations["deployment.kubernetes.io/revision"] = "3"
		d.Annotations["kubernetes.io/change-cause"] = "release 3"
		d.Spec.Template = template("shop:3")
		d.Status.ObservedGeneration, d.Status.UpdatedReplicas = 2, 1
		if done {
			d.Status.UpdatedReplicas = 3
		}
	})
}

func TestAWatchTellsOfEachRollout(t *testing.T) {
	_, api := world(t, "shop:1", "shop:2")
	var l told
	watching(t, api, time.Time{}, &l)
	release(t, api, false)
	l.becomes(t, "d-1/3")
	edit(t, api, func(d *appsv1.Deployment) { d.Labels["x"] = "y" })
	release(t, api, true)
	edit(t, api, func(d *appsv1.Deployment) { d.Annotations["deployment.kubernetes.io/revision"] = "4" })
	l.becomes(t, "d-1/3", "d-1/4")
	began := l.list[0]
	require.WithinDuration(t, time.Now(), began.At, time.Minute)
	began.At = time.Time{}
	require.Equal(t, kubernetes.Rollout{
		ID: "d-1/3", KubeRef: checkout, Revision: 3, Before: 2,
		Images: []string{"shop:3"}, ImagesBefore: []string{"shop:2"}, Cause: "release 3",
	}, began)
}

func TestAWatchThatBeginsTellsNothingOfWhatIsThere(t *testing.T) {
	_, api := world(t, "shop:1", "shop:2")
	var first, second told
	watching(t, api, time.Time{}, &first)
	watching(t, api, time.Time{}, &second)
	release(t, api, true)
	first.becomes(t, "d-1/3")
	second.becomes(t, "d-1/3")
}

func TestAWatchTellsOfWhatHappenedWhileNobodyWatched(t *testing.T) {
	at := time.Now().Truncate(time.Second)
	_, api := world(t, "shop:1", "shop:2")
	edit(t, api, func(d *appsv1.Deployment) {
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: "NewReplicaSetAvailable", LastUpdateTime: metav1.NewTime(at)}}
	})
	var all, half, none told
	watching(t, api, at.Add(-time.Hour), &all)
	all.becomes(t, "d-1/2")
	require.Equal(t, int64(1), all.list[0].Before)
	require.Equal(t, []string{"shop:1"}, all.list[0].ImagesBefore)
	require.WithinDuration(t, at, all.list[0].At, time.Minute)

	watching(t, api, at, &none)
	watching(t, api, at.Add(time.Hour), &half)
	release(t, api, true)
	none.becomes(t, "d-1/3")
	half.becomes(t, "d-1/3")
}

func TestANewDeploymentIsARollout(t *testing.T) {
	api := kubernetestest.New()
	var l told
	watching(t, api, time.Time{}, &l)
	d, sets := deployment("shop:1")
	for _, o := range []runtime.Object{sets[0], d} {
		require.NoError(t, api.Tracker().Add(o))
	}
	l.becomes(t, "d-1/1")
	require.Zero(t, l.list[0].Before)
}

// dropped has the first watch be one that the test controls.
func dropped(api *kubernetestest.Cluster) *watch.RaceFreeFakeWatcher {
	stream := watch.NewRaceFreeFake()
	var once sync.Once
	api.PrependWatchReactor("deployments", func(k8stesting.Action) (handled bool, w watch.Interface, err error) {
		once.Do(func() { handled, w = true, stream })
		return handled, w, nil
	})
	return stream
}

func TestAWatchThatDropsIsResumedWhereItWas(t *testing.T) {
	for name, drop := range map[string]func(*watch.RaceFreeFakeWatcher){
		"it ends": func(w *watch.RaceFreeFakeWatcher) { w.Stop() },
		"its version is too old": func(w *watch.RaceFreeFakeWatcher) {
			w.Error(new(apierrors.NewResourceExpired("too old").Status()))
		},
		"it fails": func(w *watch.RaceFreeFakeWatcher) {
			w.Error(new(apierrors.NewInternalError(errors.New("broken")).Status()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, api := world(t, "shop:1", "shop:2")
			stream := dropped(api)
			var l told
			watching(t, api, time.Time{}, &l)
			release(t, api, true) // nobody watches
			drop(stream)
			l.becomes(t, "d-1/3")
		})
	}
}

func TestWhatIsNotTakenIsToldAgain(t *testing.T) {
	_, api := world(t, "shop:1", "shop:2")
	l := told{refuse: 3}
	watching(t, api, time.Time{}, &l)
	release(t, api, true)
	l.becomes(t, "d-1/3")
}

func TestAWatchGoesOnWhenTheClusterAnswersAgain(t *testing.T) {
	_, api := world(t, "shop:1", "shop:2")
	var l told
	watching(t, api, time.Time{}, &l)
	api.Fail(func(a k8stesting.Action) error {
		if a.GetVerb() == "list" && a.GetResource().Resource == "replicasets" {
			return apierrors.NewServiceUnavailable("away")
		}
		return nil
	})
	release(t, api, true)
	require.Empty(t, l.ids())
	api.Fail(nil)
	l.becomes(t, "d-1/3")
}
