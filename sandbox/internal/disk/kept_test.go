package disk_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/internal/disk"
)

type visits struct{ Names []string }

func keep(t *testing.T, dir string) *disk.Kept[visits] {
	t.Helper()
	k, err := disk.Keep(dir, "visits", visits{Names: []string{"first"}})
	require.NoError(t, err)
	return k
}

func names(k *disk.Kept[visits]) (n int) {
	k.Look(func(v *visits) { n = len(v.Names) })
	return n
}

func TestWhatChangedIsKept(t *testing.T) {
	for dir, after := range map[string]int{t.TempDir(): 51, "": 1} {
		k := keep(t, dir)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := k.Change(func(v *visits) { v.Names = append(v.Names, "another") }); err != nil {
					t.Errorf("change: %v", err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 51, names(k))
		require.Equal(t, after, names(keep(t, dir)))
	}
}

func TestSelect(t *testing.T) {
	k := keep(t, "")
	require.NoError(t, k.Change(func(v *visits) { v.Names = append(v.Names, "second", "third") }))
	of := func(v *visits) []string { return v.Names }
	require.Equal(t, []string{"first", "third"}, disk.Select(k, of, func(name string) bool { return name != "second" }))
	require.NotNil(t, disk.Select(k, of, func(string) bool { return false }))
}
