// Package imports_test holds the rooms apart: which package may import which.
package imports_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/tocsinhq/tocsin/"

// What a room must not link, however indirectly, outside its tests.
var (
	databases = []string{"github.com/jmoiron/sqlx", "github.com/lib/pq", "modernc.org/sqlite", module + "store"}
	web       = []string{"github.com/labstack/echo", module + "api", module + "web"}
	engine    = []string{"go.temporal.io/sdk", "go.temporal.io/api"}
	server    = []string{"go.temporal.io/server", "github.com/temporalio/ui-server"}
	outside   = []string{module + "integrations", "github.com/andygrunwald/go-jira", "github.com/wneessen/go-mail", "k8s.io"}
	inside    = []string{module + "cmd", module + "worker", module + "sandbox"}
)

// drivers is the one integration that speaks to databases: those of others.
const drivers = "./integrations/postgres"

// except lists the packages of a pattern but one.
func except(t *testing.T, pattern, one string) []string {
	t.Helper()
	var out []string
	for _, p := range list(t, pattern) {
		if p != module+strings.TrimPrefix(one, "./") {
			out = append(out, p)
		}
	}
	return out
}

func TestRoomsLinkOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	for _, room := range []struct {
		packages  []string
		forbidden [][]string
	}{
		{[]string{"./incident/...", "./alerts/...", "./catalog/...", "./oncall/...", "./coverage/...", "./changes/...", "./systems/...", "./redact"}, [][]string{databases, web, engine, server, outside, inside, {module + "activities", module + "workflows", module + "runbook"}}},
		{[]string{"./runbook/spec"}, [][]string{databases, web, engine, server, outside, inside, {module + "activities", module + "workflows"}}},
		{[]string{"./activities/..."}, [][]string{databases, web, server, outside, inside, {module + "workflows", module + "runbook"}}},
		{[]string{"./runbook"}, [][]string{databases, web, server, outside, inside, {module + "workflows"}}},
		// What another repository's module links.
		{[]string{"./runbook/serve", "./runbook/runbooktest"}, [][]string{databases, web, server, outside, inside, {module + "workflows", module + "runbooks"}}},
		{[]string{"./runbook/shelf"}, [][]string{databases, web, server, outside, inside, {module + "workflows", module + "runbooks"}}},
		{[]string{"./workflows", "./runbooks/..."}, [][]string{databases, web, server, outside, inside}},
		{[]string{"./rehearsal"}, [][]string{databases, web, server, outside, inside}},
		{except(t, "./integrations/...", drivers), [][]string{databases, web, engine, server, inside, {module + "activities", module + "workflows"}}},
		{[]string{drivers}, [][]string{{module + "store"}, web, engine, server, inside, {module + "activities", module + "workflows"}}},
		{[]string{"./store"}, [][]string{web, server, outside, inside, {module + "workflows", module + "runbook"}}},
		{[]string{"./api/..."}, [][]string{server, outside, inside, {module + "workflows"}}},
		{[]string{"./sandbox/..."}, [][]string{databases, engine, server, {module + "incident", module + "activities", module + "workflows", module + "api", module + "store", module + "integrations"}}},
		{[]string{"./cmd/tocsin/...", "./worker"}, [][]string{server, {module + "sandbox", module + "cmd/tocsin-dev"}}},
	} {
		t.Run(room.packages[0], func(t *testing.T) {
			t.Parallel()
			for _, linked := range deps(t, room.packages...) {
				for _, group := range room.forbidden {
					for _, forbidden := range group {
						require.Falsef(t, linked == forbidden || strings.HasPrefix(linked, strings.TrimSuffix(forbidden, "/")+"/"),
							"%v must not link %s", room.packages, linked)
					}
				}
			}
		})
	}
}

// deps lists everything that packages link outside their tests.
func deps(t *testing.T, packages ...string) []string {
	t.Helper()
	return list(t, append([]string{"-deps"}, packages...)...)
}

func list(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = "../.."
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return strings.Fields(string(out))
}
