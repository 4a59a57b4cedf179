package cli_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
)

func TestDoctorFindsNothing(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, strings.ReplaceAll(`ok  server    URL is ok
ok  watchdog  none is fed: nobody outside would notice that pages stop (see docs/watchdog.md)
ok  clock     agrees with the server's
ok  token     belongs to the person alice, with the scopes read, respond
ok  catalog   version 1 is in force
ok  coverage  every service reaches somebody at each moment until 2026-03-15 03:00:00 CET
ok  runbooks  all that the catalog names are served
ok  on call   every schedule has somebody now, and they and the last resort have contact methods
ok  channels  the API does not tell which are configured: try "tocsin page test --person me"
`, "URL", w.url), tocsin(t, "doctor").ok())
}

func TestDoctorNamesWhatIsAway(t *testing.T) {
	w := newWorld(t, func(c *api.Config) {
		c.Checks = []api.Check{{Name: "temporal", Required: true, Probe: func(context.Context) error { return errors.New("no") }}}
	})
	t.Setenv("TOCSIN_TOKEN", "")
	got := tocsin(t, "doctor")
	got.fails(1, "3 problems: see above")
	require.Contains(t, got.out, "BAD  server    "+w.url+" is unready\n")
	require.Contains(t, got.out, "BAD  temporal  does not answer\n")
	require.Contains(t, got.out, "BAD  token     there is none")
}

func TestDoctorKnowsTheWatchdog(t *testing.T) {
	var silent error
	newWorld(t, func(c *api.Config) {
		c.Checks = []api.Check{{Name: "watchdog", Detail: "no beat has reached the watchdog", Probe: func(context.Context) error { return silent }}}
	})
	require.Contains(t, tocsin(t, "doctor").ok(), "ok  watchdog  beats reach it\n")
	silent = errors.New("nothing for an hour")
	got := tocsin(t, "doctor")
	got.fails(1, "2 problems: see above")
	require.Contains(t, got.out, "BAD  watchdog  no beat has reached the watchdog\n")
}

// fake answers each path with a body, under its own clock.
func fake(t *testing.T, at time.Time, bodies map[string]string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", at.UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "application/json")
		body := bodies[r.URL.Path]
		if strings.Contains(body, "urn:tocsin:problem") {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	clearEnvironment(t)
	t.Setenv("TOCSIN_URL", server.URL)
	t.Setenv("TOCSIN_TOKEN", "toc_x")
}

const (
	healthy = `{"status":"ok"}`
	asAlice = `{"kind":"person","id":"alice","scopes":["admin"]}`
)

func TestDoctorFindsWhomAPageWouldNotReach(t *testing.T) {
	fake(t, time.Now().Add(-time.Hour), map[string]string{
		"/readyz": healthy, "/v1/me": asAlice,
		"/v1/catalog": `{"version":4,"last_resort":["zoe"],"teams":[{"id":"core","members":["ivan","alice"]}],
			"people":[{"id":"alice","contacts":[{"id":"m","kind":"email"}]},{"id":"zoe"},{"id":"ivan"},{"id":"guest"},{"id":"yan"}]}`,
		"/v1/oncall":   `{"schedules":[{"id":"night","shifts":[]},{"id":"day","shifts":[{"person":"yan"}]}]}`,
		"/v1/coverage": `{"services":[],"last_resort":[{"person":"zoe","why":"has no contact method"}]}`,
		"/v1/runbooks": `{"runbooks":[]}`,
	})
	got := tocsin(t, "doctor")
	got.fails(1, "6 problems: see above")
	for _, line := range []string{
		"this machine's clock and the server's lie 1 h apart", "zoe (last resort) has no contact method",
		"ivan (team core) has no contact method", "yan (on call in day) has no contact method", "nobody is on call in night", "zoe has no contact method",
	} {
		require.Contains(t, got.out, line)
	}
	require.NotContains(t, got.out, "guest")
}

func TestDoctorFindsRunbooksThatNobodyServes(t *testing.T) {
	fake(t, time.Now(), map[string]string{
		"/readyz": healthy, "/v1/me": asAlice, "/v1/oncall": `{"schedules":[]}`, "/v1/coverage": `{"services":[],"last_resort":[]}`,
		"/v1/catalog":  `{"version":4,"services":[{"id":"shop","runbooks":["rolback","drain","rolback"],"undo":"drain"},{"id":"search","undo":"roll-back"}]}`,
		"/v1/runbooks": `{"runbooks":[{"name":"drain"}]}`,
	})
	got := tocsin(t, "doctor")
	got.fails(1, "2 problems: see above")
	require.Contains(t, got.out, "the catalog names rolback for shop, and nobody serves it")
	require.Contains(t, got.out, "the catalog names roll-back for search, and nobody serves it")
}

func TestDoctorWithoutCatalog(t *testing.T) {
	fake(t, time.Now(), map[string]string{
		"/readyz": healthy, "/v1/me": asAlice,
		"/v1/catalog": `{"type":"urn:tocsin:problem:unavailable","title":"t","status":503,"request_id":"r"}`,
	})
	got := tocsin(t, "doctor")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.out, "there is none yet, or it cannot be read: tocsin catalog apply PATH")
}

func TestDoctorAmongStrangers(t *testing.T) {
	fake(t, time.Now(), map[string]string{"/readyz": `[]`})
	got := tocsin(t, "doctor")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.out, "and not as Tocsin does")
	server := httptest.NewServer(nil)
	server.Close()
	require.Contains(t, tocsin(t, "doctor", "--url", server.URL).out, "does not answer: is Tocsin running there?")
}
