package kubernetes_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/integrations/kubernetes"
)

func TestAWatchTellsOfRolloutsAndRollbacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(t, "shop:1", "release 1")
	w.settled(t)
	var mu sync.Mutex
	var got []string
	ctx, stop := context.WithCancel(t.Context())
	var over sync.WaitGroup
	over.Go(func() {
		w.client.Watch(ctx, kubernetes.Watching{Log: slog.New(slog.DiscardHandler), Tell: func(_ context.Context, r kubernetes.Rollout) error {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, fmt.Sprintf("%s: %d %v after %d %v (%s)", r, r.Revision, r.Images, r.Before, r.ImagesBefore, r.Cause))
			return nil
		}})
	})
	t.Cleanup(func() { stop(); over.Wait() })
	becomes := func(want ...string) {
		t.Helper()
		w.until(t, "it is told", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(got) >= len(want)
		})
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, want, got)
		got = nil
	}
	w.until(t, "it is watched", func() bool { return w.watched("shop") })
	w.deploy(t, "shop:2", "release 2")
	becomes("shop/checkout: 2 [shop:2] after 1 [shop:1] (release 2)")
	require.NoError(t, w.tocsin(t, 0))
	becomes("shop/checkout: 3 [shop:1] after 2 [shop:2] (release 1)")
	w.deploy(t, broken, "release 3")
	becomes("shop/checkout: 4 [shop:broken] after 3 [shop:1] (release 3)")
	_, err := w.kubectl(t, 3)
	require.NoError(t, err)
	becomes("shop/checkout: 5 [shop:1] after 4 [shop:broken] (release 1)")
}

// watched reports whether somebody watches the Deployments of one namespace.
func (w *world) watched(namespace string) bool {
	for _, a := range w.Actions() {
		if a.Matches("watch", "deployments") && a.GetNamespace() == namespace {
			return true
		}
	}
	return false
}
