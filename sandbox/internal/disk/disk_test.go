package disk_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/internal/disk"
)

type counter struct {
	mu sync.Mutex
	N  int
}

func (c *counter) snapshot() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return json.Marshal(map[string]int{"N": c.N})
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.N++
}

func TestStateSurvives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "as needed")
	c := &counter{}
	file, err := disk.Open(dir, "counter", c, c.snapshot)
	require.NoError(t, err)

	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c.add()
			if err := file.Sync(); err != nil {
				t.Errorf("sync: %v", err)
			}
		})
	}
	wg.Wait()

	again := &counter{}
	_, err = disk.Open(dir, "counter", again, again.snapshot)
	require.NoError(t, err)
	require.Equal(t, 50, again.N)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file may be left")
}

func TestNothingIsKeptWithoutADirectory(t *testing.T) {
	file, err := disk.Open("", "counter", nil, nil)
	require.NoError(t, err)
	require.NoError(t, file.Sync())
}

func TestABrokenFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "counter.json")
	require.NoError(t, os.WriteFile(path, []byte("{half"), 0o600))
	_, err := disk.Open(dir, "counter", &counter{}, nil)
	require.ErrorContains(t, err, path)
}

func TestAWriteThatFailsIsReported(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	c := &counter{}
	file, err := disk.Open(dir, "counter", c, c.snapshot)
	require.NoError(t, err)
	require.NoError(t, os.Remove(dir))
	require.ErrorContains(t, file.Sync(), "keep the sandbox's state")
}
