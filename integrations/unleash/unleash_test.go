package unleash_test

import (
	"bytes"
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/lib/pq" // change requests are switched on in the database: to do it otherwise is not free
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/unleash"
	"github.com/tocsinhq/tocsin/integrations/unleash/unleashtest"
	"github.com/tocsinhq/tocsin/store/storetest"
	"github.com/tocsinhq/tocsin/systems"
)

const token = "user:0123456789abcdef"

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

func config(t *testing.T, url, token string) unleash.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(token+"\n"), 0o600))
	return unleash.Config{
		Name: "shop", URL: url, Project: unleashtest.Project, Environment: unleashtest.Environment, TokenFile: file,
		Flags: []string{"recommendations", "checkout-*"},
	}
}

func open(t *testing.T, url, token string) *unleash.System {
	t.Helper()
	s, err := unleash.New(config(t, url, token))
	require.NoError(t, err)
	return s
}

// TestARealUnleash asks one, which is started once: each part has flags of its
// own.
func TestARealUnleash(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	real := unleashtest.Start(t, dsn)
	s := open(t, real.URL, real.Editor)
	turn := func(t *testing.T, s *unleash.System, flag string, on bool) error {
		t.Helper()
		state, err := s.State(t.Context(), flag)
		require.NoError(t, err)
		return s.Turn(t.Context(), systems.FlagOrder{Flag: flag, On: on, Covers: state.Covers})
	}

	t.Run("a flag is read and turned", func(t *testing.T) {
		real.Create(t, "recommendations")
		real.Add(t, "recommendations", `{"name":"default","disabled":true}`)
		state, err := s.State(t.Context(), "recommendations")
		require.NoError(t, err)
		require.Regexp(t, "^[0-9a-f]{8}$", state.Digest)
		require.Regexp(t, "^[0-9a-f]{12}$", state.Covers)
		before := state.Digest
		state.Digest, state.Covers = "", ""
		require.Equal(t, systems.FlagState{
			Rules: []string{"flexibleRollout 25 %"}, Kind: "kill-switch", Environment: "production", Project: "default",
		}, state)
		for _, on := range []bool{true, true, false, false} {
			require.NoError(t, turn(t, s, "recommendations", on))
			state, err = s.State(t.Context(), "recommendations")
			require.NoError(t, err)
			require.Equal(t, on, state.On)
			require.Equal(t, before, state.Digest, "what was said of a strategy is the same when it is read again")
		}
		real.Add(t, "recommendations", `{"name":"flexibleRollout","parameters":{"rollout":"100","stickiness":"default","groupId":"x"},
			"constraints":[{"contextName":"userId","operator":"IN","values":["alice@example.org"]}]}`)
		state, err = s.State(t.Context(), "recommendations")
		require.NoError(t, err)
		require.Equal(t, []string{"flexibleRollout 25 %", "flexibleRollout 100 %, 1 constraint"}, state.Rules)
		require.NotEqual(t, before, state.Digest)
	})

	t.Run("what cannot be turned says why", func(t *testing.T) {
		real.Create(t, "checkout-archived")
		state, err := s.State(t.Context(), "checkout-archived")
		require.NoError(t, err)
		real.Archive(t, "checkout-archived")
		_, err = s.State(t.Context(), "checkout-archived")
		require.Equal(t, incident.NotFound, incident.KindOf(err), "%v", err)
		err = s.Turn(t.Context(), systems.FlagOrder{Flag: "checkout-archived", Covers: state.Covers})
		require.Equal(t, incident.Refused, incident.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "archived")

		_, err = s.State(t.Context(), "checkout-none")
		require.Equal(t, incident.NotFound, incident.KindOf(err), "%v", err)
		require.ErrorContains(t, err, `There's no feature named "checkout-none" in project "default"`)
		err = s.Turn(t.Context(), systems.FlagOrder{Flag: "checkout-none", Covers: state.Covers})
		require.Equal(t, incident.NotFound, incident.KindOf(err), "%v", err)

		err = s.Turn(t.Context(), systems.FlagOrder{Flag: "recommendations", Covers: "another"})
		require.Equal(t, incident.Conflict, incident.KindOf(err), "%v", err)
		err = s.Turn(t.Context(), systems.FlagOrder{Flag: "search", Covers: state.Covers})
		require.Equal(t, incident.Forbidden, incident.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "the systems file allows these flags of shop only: recommendations, checkout-*")
	})

	t.Run("an environment that the project does not have", func(t *testing.T) {
		real.Create(t, "checkout-environment")
		real.Do(t, http.MethodDelete, "/api/admin/projects/default/environments/development", nil, nil)
		for _, name := range []string{"development", "nowhere"} {
			c := config(t, real.URL, real.Editor)
			c.Environment = name
			s, err := unleash.New(c)
			require.NoError(t, err)
			_, err = s.State(t.Context(), "checkout-environment")
			require.Equal(t, incident.NotFound, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, "checkout-environment has no environment "+name+": the project has it disabled, or there is none")
		}
	})

	t.Run("tokens that do not suffice", func(t *testing.T) {
		real.Create(t, "checkout-rights")
		viewer := open(t, real.URL, real.Viewer)
		err := turn(t, viewer, "checkout-rights", true)
		require.Equal(t, incident.Forbidden, incident.KindOf(err), "%v", err)
		require.ErrorContains(t, err, `"UPDATE_FEATURE_ENVIRONMENT" permission., check its token_file`)
		channeltest.NoSecret(t, err, real.Viewer, "127.0.0.1")
		for _, wrong := range []string{real.Backend, token} {
			_, err = open(t, real.URL, wrong).State(t.Context(), "checkout-rights")
			require.Equal(t, incident.Forbidden, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, "check its token_file")
			channeltest.NoSecret(t, err, wrong, "127.0.0.1")
		}
		require.Equal(t, "off", real.Is(t, "checkout-rights"))
	})

	t.Run("change requests", func(t *testing.T) {
		real.Create(t, "checkout-guarded")
		db, err := sql.Open("postgres", dsn)
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		_, err = db.ExecContext(t.Context(), `INSERT INTO change_request_settings (project, environment) VALUES ('default', 'production')`)
		require.NoError(t, err)
		err = turn(t, s, "checkout-guarded", true)
		require.Equal(t, incident.Refused, incident.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "the environment takes changes by change request only")
		_, err = db.ExecContext(t.Context(), `DELETE FROM change_request_settings`)
		require.NoError(t, err)
		require.Equal(t, "off", real.Is(t, "checkout-guarded"))
	})

	t.Run("what befalls a request", func(t *testing.T) {
		real.Create(t, "checkout-fate")
		for fate, want := range map[unleashtest.Fate]struct {
			kind incident.Kind
			is   string
			says string
		}{
			unleashtest.AnswerLost: {incident.Unavailable, "on", "shop cannot be reached: the connection was closed"},
			unleashtest.CallLost:   {incident.Unavailable, "off", "shop cannot be reached: the connection was closed"},
			unleashtest.Fails:      {incident.Unavailable, "on", "shop answered 502 Bad Gateway"},
			unleashtest.Lies:       {incident.Unavailable, "off", "shop answered that it turned checkout-fate, which still reads off"},
			unleashtest.Busy:       {incident.Refused, "off", "shop answered 429 Too Many Requests"},
		} {
			real.Turn(t, "checkout-fate", "off")
			front := &unleashtest.Front{Fates: []unleashtest.Fate{fate}}
			err := turn(t, open(t, front.Start(t, real), real.Editor), "checkout-fate", true)
			require.Equal(t, want.kind, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, want.says)
			require.Equal(t, want.is, real.Is(t, "checkout-fate"))
		}
	})
}

const stood = `{"name":"recommendations","project":"default","environments":[{"name":"production"}]}`

// covers is what an approval of turning a flag covers.
func covers(t *testing.T, s *unleash.System) string {
	t.Helper()
	state, err := s.State(t.Context(), "recommendations")
	require.NoError(t, err)
	return state.Covers
}

func TestNothingIsTurnedWhereNobodyListens(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(answer(200, "application/json", stood))
	server.Config.SetKeepAlivesEnabled(false)
	s := open(t, server.URL, token)
	o := systems.FlagOrder{Flag: "recommendations", Covers: covers(t, s)}
	server.Close()
	err := s.Turn(t.Context(), o)
	require.Equal(t, incident.Permanent, incident.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "connection refused; nothing was changed")
	channeltest.NoSecret(t, err, token, server.URL, "127.0.0.1")
}

func answer(status int, kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// TestAServerThatLies answers to the turning what it must not, and never says
// the flag's state otherwise than as off.
func TestAServerThatLies(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked elsewhere, with %v", r.URL, r.Header)
	}))
	t.Cleanup(elsewhere.Close)
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}
	flood := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for range 100 {
			if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
				return
			}
		}
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		kind   incident.Kind
		says   string
	}{
		"nothing happened": {answer(200, "", ""), incident.Unavailable, "still reads off"},
		"a login page":     {answer(200, "text/html", "<html>"), incident.Unavailable, "answered HTML: a login page or a proxy"},
		"a flood":          {flood, incident.Unavailable, "answered more than"},
		"a redirect":       {redirect, incident.Permanent, "redirects are not followed"},
		"it echoes":        {answer(400, "application/json", `{"message":"`+token+` at 127.0.0.1"}`), incident.Refused, "400 Bad Request: [hidden] at [hidden]"},
		"it breaks":        {answer(500, "text/plain", "secret"), incident.Unavailable, "500 Internal Server Error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					answer(200, "application/json", stood)(w, r)
					return
				}
				test.answer(w, r)
			}))
			defer server.Close()
			s := open(t, server.URL, token)
			err := s.Turn(t.Context(), systems.FlagOrder{Flag: "recommendations", On: true, Covers: covers(t, s)})
			require.Equal(t, test.kind, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, test.says)
			channeltest.NoSecret(t, err, token, server.URL, "127.0.0.1", "secret")
		})
	}
}

func TestStatesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		said string
		kind incident.Kind
		says string
	}{
		"another flag":        {`{"name":"search","project":"default","environments":[{"name":"production"}]}`, incident.Unavailable, "answered of something else"},
		"another project":     {`{"name":"recommendations","project":"x","environments":[{"name":"production"}]}`, incident.Unavailable, "answered of something else"},
		"an archived flag":    {`{"name":"recommendations","project":"default","archived":true}`, incident.Refused, "recommendations is archived"},
		"no environment":      {`{"name":"recommendations","project":"default"}`, incident.NotFound, "has no environment production"},
		"a strategy of words": {`{"name":"recommendations","project":"default","environments":[{"name":"production","strategies":["x"]}]}`, incident.Unavailable, "a strategy that cannot be understood"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(answer(200, "application/json", test.said))
			defer server.Close()
			_, err := open(t, server.URL, token).State(t.Context(), "recommendations")
			require.Equal(t, test.kind, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, test.says)
		})
	}
}

// TestWhatIsSaidOfStrategiesIsBounded has one with a hostile name, and many.
func TestWhatIsSaidOfStrategiesIsBounded(t *testing.T) {
	t.Parallel()
	one := `{"name":"a\u0007\n` + strings.Repeat("ü", 100) + `","parameters":{"rollout":["x"]},"segments":[1,2]}`
	server := httptest.NewServer(answer(200, "application/json",
		`{"name":"recommendations","project":"default","type":"x\ny","environments":[{"name":"production","strategies":[`+strings.Repeat(one+",", 29)+one+`]}]}`))
	defer server.Close()
	state, err := open(t, server.URL, token).State(t.Context(), "recommendations")
	require.NoError(t, err)
	require.Len(t, state.Rules, 11)
	require.Equal(t, "a"+strings.Repeat("ü", 19)+" [x] %, 2 segments", state.Rules[0])
	require.Equal(t, "20 more", state.Rules[10])
	require.Equal(t, "xy", state.Kind)
}

func TestHostileNamesAreAskedOfNobody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was asked", r.URL) }))
	defer server.Close()
	c := config(t, server.URL, token)
	c.Flags = []string{"a*"}
	s, err := unleash.New(c)
	require.NoError(t, err)
	for flag, kind := range map[string]incident.Kind{
		"":                         incident.Invalid,
		"..":                       incident.Invalid,
		"a/../../x":                incident.Invalid,
		"a%2f":                     incident.Invalid,
		"a?x":                      incident.Invalid,
		"a#x":                      incident.Invalid,
		"a b":                      incident.Invalid,
		"a\n":                      incident.Invalid,
		"a" + string(rune(0x202e)): incident.Invalid,
		strings.Repeat("a", 101):   incident.Invalid,
		"b":                        incident.Forbidden,
		"A":                        incident.Forbidden,
	} {
		_, err := s.State(t.Context(), flag)
		require.Equal(t, kind, incident.KindOf(err), "%q: %v", flag, err)
		require.Equal(t, kind, incident.KindOf(s.Turn(t.Context(), systems.FlagOrder{Flag: flag})), flag)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*unleash.Config){
		"correct url: the address must start with": func(c *unleash.Config) { c.URL = "" },
		"the address must not hold a user name":    func(c *unleash.Config) { c.URL = "https://me:secret@unleash.example.org" },
		"correct project":                          func(c *unleash.Config) { c.Project = "../x" },
		"correct environment":                      func(c *unleash.Config) { c.Environment = "" },
		"list the flags":                           func(c *unleash.Config) { c.Flags = nil },
		"correct flags[1]":                         func(c *unleash.Config) { c.Flags = []string{"a", "*"} },
		"correct flags[0]":                         func(c *unleash.Config) { c.Flags = []string{"a*b"} },
		"name its token_file":                      func(c *unleash.Config) { c.TokenFile = "" },
		"token_file names a file that cannot":      func(c *unleash.Config) { c.TokenFile = "/nowhere" },
		"ca_file holds no certificate in PEM":      func(c *unleash.Config) { c.CAFile = c.TokenFile },
	} {
		c := config(t, "https://unleash.example.org", token)
		change(&c)
		_, err := unleash.New(c)
		require.Equal(t, incident.Invalid, incident.KindOf(err), "%v", err)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "secret")
	}
}

// TestAnApprovalIsForOneEnvironment has what the file says decide what it covers.
func TestAnApprovalIsForOneEnvironment(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(answer(200, "application/json",
		`{"name":"recommendations","project":"default","environments":[{"name":"production"},{"name":"staging","enabled":true}]}`))
	defer server.Close()
	c := config(t, server.URL, token)
	production := open(t, server.URL, token)
	c.Environment = "staging"
	staging, err := unleash.New(c)
	require.NoError(t, err)
	state, err := staging.State(t.Context(), "recommendations")
	require.NoError(t, err)
	require.True(t, state.On)
	err = production.Turn(t.Context(), systems.FlagOrder{Flag: "recommendations", Covers: state.Covers})
	require.Equal(t, incident.Conflict, incident.KindOf(err), "%v", err)
}
