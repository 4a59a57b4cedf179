package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
)

func TestSilence(t *testing.T) {
	newWorld(t)
	made := tocsin(t, "silence", "add", `host="db1"`, "--service", "search", "--until", "2026-03-01T04:00:00Z", "--reason", "new disk", "--zone", "UTC").ok()
	require.Regexp(t, `^s-[0-9a-f]+: service search, host="db1" until 2026-03-01 04:00:00 UTC, owner alice\n$`, made)
	id, _, _ := strings.Cut(made, ":")
	listed := tocsin(t, "silence", "list", "--owner", "me", "--zone", "UTC").ok()
	require.Contains(t, listed, id)
	require.Contains(t, listed, "active")
	shown := tocsin(t, "silence", "show", id, "--zone", "UTC").ok()
	require.Contains(t, shown, "new disk")
	require.Equal(t, "silence "+id+" is over; what still fires pages within some seconds\n", tocsin(t, "silence", "end", id).err)
	require.Equal(t, "no silence fits\n", tocsin(t, "silence", "list").err)
	require.Contains(t, tocsin(t, "silence", "list", "--ended").ok(), "over")
	require.Equal(t, "nothing of the last seven days fits\n", tocsin(t, "silence", "preview", `host="db1"`, "--until", "2026-03-01T04:00:00Z").err)
}

func TestMaintenanceWindows(t *testing.T) {
	newWorld(t)
	var made client.Silence
	require.NoError(t, json.Unmarshal([]byte(tocsin(t, "silence", "add", "--service", "search", "--maintenance", "--until", "2026-12-01T00:00:00Z",
		"--day", "sunday", "--between", "04:00-06:00", "--windows-in", "Europe/Berlin", "--reason", "weekly reindex", "--owner", "bob", "--json").ok()), &made))
	require.Equal(t, client.SilenceKind("maintenance"), made.Kind)
	require.Equal(t, "bob", made.Owner)
	require.Contains(t, tocsin(t, "silence", "show", made.Id).ok(), "service search, sunday 04:00-06:00 Europe/Berlin")
	require.Contains(t, tocsin(t, "silence", "list").ok(), "sunday 04:00-06:00 Europe/Berlin")
}

func TestSilenceRefuses(t *testing.T) {
	newWorld(t)
	tocsin(t, "silence", "add", "--service", "search", "--until", "2026-03-01T04:00:00Z", "--between", "late", "--reason", "r").
		fails(2, `--between: "late" must look like 22:00-06:00`)
	got := tocsin(t, "silence", "add", "--until", "2026-03-01T04:00:00Z", "--reason", "r")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.err, "must say what to silence: set service, matchers or when")
	require.Equal(t, 1, tocsin(t, "silence", "end", "s-9").code)
}
