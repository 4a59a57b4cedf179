package githubactions_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/githubactions"
	"github.com/tocsinhq/tocsin/integrations/githubactions/githubtest"
	"github.com/tocsinhq/tocsin/integrations/values"
	"github.com/tocsinhq/tocsin/systems"
)

const key = "INC-1/runbook/github-actions-dispatch/1/step-1"

func config(t *testing.T, url string) githubactions.Config {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte(githubtest.Token), 0o600))
	return githubactions.Config{Name: "shop", URL: url, Repository: githubtest.Repository, TokenFile: token, Workflows: []githubactions.Workflow{{
		Name: "deploy", File: githubtest.File, Ref: "main", Changes: true, KeyInput: githubtest.KeyInput,
		Inputs: []values.Config{{Name: "version", Type: "text", Match: `\d+\.\d+`}},
	}}}
}

func open(t *testing.T, g *githubtest.GitHub) *githubactions.System {
	t.Helper()
	s, err := githubactions.New(config(t, g.Start(t)))
	require.NoError(t, err)
	return s
}

func request() systems.WorkflowRequest {
	return systems.WorkflowRequest{Workflow: "deploy", Values: `{"version": "1.4"}`}
}

func dispatch(t *testing.T, s *githubactions.System) (systems.WorkflowRun, error) {
	t.Helper()
	plan, err := s.Plan(request())
	require.NoError(t, err)
	return s.Dispatch(t.Context(), request(), plan.Covers, key)
}

func TestPlan(t *testing.T) {
	t.Parallel()
	s := open(t, &githubtest.GitHub{})
	plan, err := s.Plan(request())
	require.NoError(t, err)
	require.Regexp(t, "^[0-9a-f]{24}$", plan.Covers)
	plan.Covers = ""
	require.Equal(t, systems.WorkflowPlan{
		Line: "dispatch deploy.yml of acme/shop at main", Inputs: []string{"version = 1.4", "tocsin_key = the key of this step"}, Keyed: true,
	}, plan)
	for _, r := range []systems.WorkflowRequest{
		{Workflow: "deploy"},
		{Workflow: "deploy", Values: `{"version": "main"}`},
		{Workflow: "deploy", Values: `{"version": "1.4", "tocsin_key": "mine"}`},
	} {
		_, err := s.Plan(r)
		require.Equal(t, incident.Invalid, incident.KindOf(err), "%v", err)
	}
	_, err = s.Plan(systems.WorkflowRequest{Workflow: "destroy"})
	require.Equal(t, incident.NotFound, incident.KindOf(err))
	require.ErrorContains(t, err, `no workflow "destroy" for shop: there are deploy`)
}

func TestDispatchSaysWhichRunItBecame(t *testing.T) {
	t.Parallel()
	g := &githubtest.GitHub{Polls: 1, Conclusion: "failure"}
	s := open(t, g)
	run, err := dispatch(t, s)
	require.NoError(t, err)
	require.Equal(t, systems.WorkflowRun{ID: 1001}, run)
	run, err = s.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, systems.WorkflowRun{ID: 1001, Number: 1, State: "in_progress"}, run)
	run, err = s.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, systems.WorkflowRun{ID: 1001, Number: 1, State: "completed", Conclusion: "failure"}, run)
	jobs, err := s.FailedJobs(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, []systems.WorkflowJob{{Name: "deploy (eu)", Conclusion: "failure", Step: "Roll out with token=" + githubtest.Token}}, jobs)
	state, err := s.State(t.Context(), request())
	require.NoError(t, err)
	require.Equal(t, "active", state)
	_, err = s.Run(t.Context(), 7)
	require.Equal(t, incident.NotFound, incident.KindOf(err))
}

func TestOlderServers(t *testing.T) {
	t.Parallel()
	for _, age := range []githubtest.Age{githubtest.Silent, githubtest.Rejects} {
		g := &githubtest.GitHub{Age: age}
		run, err := dispatch(t, open(t, g))
		require.NoError(t, err)
		require.Zero(t, run.ID)
		require.Equal(t, 1, g.Dispatched())
	}
}

func TestWhatBefallsADispatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		github     *githubtest.GitHub
		kind       incident.Kind
		dispatched int
	}{
		{&githubtest.GitHub{Fates: []githubtest.Fate{githubtest.AnswerLost}}, incident.Unavailable, 1},
		{&githubtest.GitHub{Fates: []githubtest.Fate{githubtest.CallLost}}, incident.Unavailable, 0},
		{&githubtest.GitHub{Fates: []githubtest.Fate{githubtest.Fails}}, incident.Unavailable, 1},
		{&githubtest.GitHub{Fates: []githubtest.Fate{githubtest.Refused}}, incident.Refused, 0},
		{&githubtest.GitHub{Age: githubtest.Cautious}, incident.Forbidden, 0},
	} {
		g := test.github
		_, err := dispatch(t, open(t, g))
		require.Equal(t, test.kind, incident.KindOf(err), "%v", err)
		require.Equal(t, test.dispatched, g.Dispatched())
		channeltest.NoSecret(t, err, githubtest.Token, "127.0.0.1")
	}
}

func TestNothingIsDispatchedWhereNobodyListens(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	s, err := githubactions.New(config(t, closed.URL))
	require.NoError(t, err)
	_, err = dispatch(t, s)
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.ErrorContains(t, err, "nothing was dispatched")
}

// TestADispatchIsNotRepeatedByItself: Go's client repeats a request
// when a connection breaks that was used before, if it may.
func TestADispatchIsNotRepeatedByItself(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"state":"active"}`))
			return
		}
		posts.Add(1)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}))
	t.Cleanup(server.Close)
	s, err := githubactions.New(config(t, server.URL))
	require.NoError(t, err)
	_, err = s.State(t.Context(), request())
	require.NoError(t, err)
	_, err = dispatch(t, s)
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.EqualValues(t, 1, posts.Load())
}

func TestFindRun(t *testing.T) {
	t.Parallel()
	g := &githubtest.GitHub{}
	s := open(t, g)
	since := time.Now()
	g.Add("Deploy 1.4 ("+key+")", since.Add(-time.Hour))
	for n := range 60 {
		g.Add("Deploy 1.4 ("+key+strconv.Itoa(n)+")", since)
		g.Add("Deploy 1.4 (X"+key+")", since)
	}
	found, err := s.FindRun(t.Context(), request(), key, since)
	require.NoError(t, err)
	require.Nil(t, found, "neither what is older nor a longer key")
	g.Add("Deploy 1.4 ("+key+"/undo), not ("+key+")", since)
	for range 70 {
		g.Add("Deploy", since)
	}
	found, err = s.FindRun(t.Context(), request(), key, since)
	require.NoError(t, err)
	require.Equal(t, 122, found.Number)
	for range 200 {
		g.Add("Deploy", since)
	}
	_, err = s.FindRun(t.Context(), request(), key, since)
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "there may be one further back: %v", err)
}

func TestAnotherPlanIsRefused(t *testing.T) {
	t.Parallel()
	g := &githubtest.GitHub{}
	url := g.Start(t)
	s, err := githubactions.New(config(t, url))
	require.NoError(t, err)
	plan, err := s.Plan(request())
	require.NoError(t, err)
	for name, change := range map[string]func(c *githubactions.Config){
		"address":    func(c *githubactions.Config) { c.URL = url + "/api" },
		"repository": func(c *githubactions.Config) { c.Repository = "acme/shop2" },
		"file":       func(c *githubactions.Config) { c.Workflows[0].File = "destroy.yml" },
		"ref":        func(c *githubactions.Config) { c.Workflows[0].Ref = "test" },
		"key":        func(c *githubactions.Config) { c.Workflows[0].KeyInput = "" },
	} {
		c := config(t, url)
		change(&c)
		other, err := githubactions.New(c)
		require.NoError(t, err)
		_, err = other.Dispatch(t.Context(), request(), plan.Covers, key)
		require.Equal(t, incident.Conflict, incident.KindOf(err), name)
	}
	require.Zero(t, g.Dispatched())
}

func TestBadConfigurations(t *testing.T) {
	t.Parallel()
	many := make([]values.Config, 25)
	for n := range many {
		many[n] = values.Config{Name: "a" + strconv.Itoa(n), Type: "name"}
	}
	for want, change := range map[string]func(c *githubactions.Config){
		"correct url: ":                          func(c *githubactions.Config) { c.URL = "ftp://x" },
		"correct repository: it is no OWNER/":    func(c *githubactions.Config) { c.Repository = "acme/../x" },
		"name its token_file":                    func(c *githubactions.Config) { c.TokenFile = "" },
		"token_file names a file that cannot":    func(c *githubactions.Config) { c.TokenFile = "/nowhere" },
		"ca_file names a file that cannot":       func(c *githubactions.Config) { c.CAFile = "/nowhere" },
		"list its workflows":                     func(c *githubactions.Config) { c.Workflows = nil },
		"workflows[0]: it has no name":           func(c *githubactions.Config) { c.Workflows[0].Name = "" },
		"workflows[0]: its file is no name":      func(c *githubactions.Config) { c.Workflows[0].File = "../x.yml" },
		"workflows[0]: its ref is no branch":     func(c *githubactions.Config) { c.Workflows[0].Ref = "-x" },
		"its key_input is no name of an input":   func(c *githubactions.Config) { c.Workflows[0].KeyInput = "a b" },
		"its key_input is one of its inputs":     func(c *githubactions.Config) { c.Workflows[0].KeyInput = "version" },
		"it has more than 25 inputs":             func(c *githubactions.Config) { c.Workflows[0].Inputs = many },
		"say that it changes something":          func(c *githubactions.Config) { c.Workflows[0].Changes = false },
		`its value "version" is any text`:        func(c *githubactions.Config) { c.Workflows[0].Inputs[0].Match = "" },
		"workflows[1]: there is a deploy before": func(c *githubactions.Config) { c.Workflows = append(c.Workflows, c.Workflows[0]) },
	} {
		c := config(t, "")
		change(&c)
		_, err := githubactions.New(c)
		require.ErrorContains(t, err, want)
		require.Equal(t, incident.Invalid, incident.KindOf(err), want)
	}
	c := config(t, "")
	c.Workflows[0].Inputs = many[:24]
	_, err := githubactions.New(c)
	require.NoError(t, err)
}
