package workflows_test

import (
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// recordStates names the file that the states of this release are written to.
const recordStates = "TOCSIN_RECORD_STATES"

// TestStatesOfEarlierReleasesGoOn hands today's code the states in which
// earlier releases left their runs: the incident goes on as if nothing had
// happened.
func TestStatesOfEarlierReleasesGoOn(t *testing.T) {
	if name := os.Getenv(recordStates); name != "" {
		writeStates(t, filepath.Join("testdata/states", name+".json.gz"))
	}
	files, err := filepath.Glob("testdata/states/*.json.gz")
	require.NoError(t, err)
	require.NotEmpty(t, files, "record some with %s=NAME", recordStates)
	whole := everything(t).play()
	want := whole.transcript("02:00", "9d 00:00")
	for _, file := range files {
		states := readStates(t, file)
		require.NotEmpty(t, states)
		for _, when := range slices.Sorted(maps.Keys(states)) {
			t.Run(filepath.Base(file)+" "+when, func(t *testing.T) {
				s := everything(t)
				s.breaks, s.instead = []string{when}, states[when]
				s.play()
				require.Nil(t, s.instead, "the state was taken up")
				require.Equal(t, want, s.transcript("02:00", "9d 00:00"))
				require.ElementsMatch(t, whole.recorded(), s.recorded())
			})
		}
	}
}

// writeStates keeps the state that a run leaves at each of the moments.
func writeStates(t *testing.T, path string) {
	t.Helper()
	states := map[string]json.RawMessage{}
	for _, when := range moments() {
		s := everything(t)
		s.breaks = []string{when}
		states[when] = s.play().left[0]
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	file, err := os.Create(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	w := gzip.NewWriter(file)
	require.NoError(t, json.NewEncoder(w).Encode(states))
	require.NoError(t, w.Close())
}

func readStates(t *testing.T, path string) (states map[string]json.RawMessage) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	r, err := gzip.NewReader(file)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(r).Decode(&states))
	return states
}
