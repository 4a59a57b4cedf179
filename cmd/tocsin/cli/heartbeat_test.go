package cli_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/deployments"
)

func TestHeartbeat(t *testing.T) {
	c, err := catalog.Load(deployments.ExampleCatalog())
	require.NoError(t, err)
	c.Heartbeats = []catalog.Heartbeat{{ID: "backup", Service: "search", Every: time.Hour}}
	newWorld(t, func(config *api.Config) { config.Catalogs = apitest.Catalogs{Store: apitest.NewStore(c)} }).admin()
	require.Regexp(t, `backup\s+search\s+1 h\s+1 h\s+waiting\s+never`, tocsin(t, "heartbeat", "list").ok())
	key := strings.TrimSpace(tocsin(t, "token", "create", "--machine", "alertmanager", "--scope", "alerts", "--source", "heartbeat").ok())
	tocsin(t, "heartbeat", "send", "backup", "--token", key).ok()
	require.Regexp(t, `backup .* alive\s+2026-03-01 02:00:00 UTC`, tocsin(t, "heartbeat", "list", "--zone", "UTC").ok())
	for filter, want := range map[string]int{"--state alive": 1, "--state missed": 0, "--service search": 1, "--service checkout": 0} {
		require.Equal(t, want, strings.Count(tocsin(t, append([]string{"heartbeat", "list"}, strings.Fields(filter)...)...).out, "backup"), filter)
	}
	got := tocsin(t, "heartbeat", "send", "other", "--token", key)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.err, "there is no heartbeat other in the catalog")
}

func TestTheCatalogMayExpectNoHeartbeat(t *testing.T) {
	newWorld(t)
	require.Equal(t, "the catalog expects no heartbeat that fits\n", tocsin(t, "heartbeat", "list").err)
}

func TestTokenRotate(t *testing.T) {
	newWorld(t).admin()
	made := tocsin(t, "token", "create", "--machine", "alertmanager", "--scope", "alerts", "--source", "generic", "--service", "search")
	id := regexp.MustCompile(`token (\S+) of`).FindStringSubmatch(made.err)[1]
	rotated := tocsin(t, "token", "rotate", id, "--overlap", "2h")
	require.Regexp(t, `^toc_\S{43}\n$`, rotated.ok())
	require.NotEqual(t, made.out, rotated.out)
	require.Contains(t, rotated.err, "takes the place of "+id+", which works for another 2 h;")
	require.Contains(t, tocsin(t, "token", "list").ok(), "generic/search")
	tocsin(t, "token", "rotate", id, "--overlap", "10m").fails(2, "--overlap: give whole hours, one at least; to end a token at once, revoke it")
}
