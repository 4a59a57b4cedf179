// Package githubtest stands in for the part of GitHub that dispatches workflows
// and runs them. What it is asked and what it answers is held to GitHub's
// published description of its API; no real GitHub was there to compare it with.
package githubtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What the stand-in knows.
const (
	Token      = "ghp_0123456789abcdefghij0123456789abcdef"
	Repository = "acme/shop"
	File       = "deploy.yml"
	KeyInput   = "tocsin_key"
)

// Fate is what befalls a dispatch.
type Fate int

// The fates of dispatches.
const (
	Arrives    Fate = iota
	AnswerLost      // it is dispatched, and nobody hears of it
	CallLost        // it is not, and nobody hears of it
	Fails           // it is answered with 500, and was dispatched
	Refused         // its inputs are none that the workflow takes
)

// Age is what a server knows of the answer with details of the run.
type Age int

// The ages of servers.
const (
	New      Age = iota // it answers with the run's id
	Silent              // it takes no notice of what it does not know
	Rejects             // it refuses what it does not know
	Cautious            // it is new, and refuses every token
)

// GitHub is a stand-in.
type GitHub struct {
	Age Age
	// Fates befall the dispatches, one after the other.
	Fates []Fate
	// Lag is how many looks at the list it takes until a run is in it.
	Lag int
	// Polls is how often a run is still under way when it is looked at, and
	// Conclusion how it ends: "success" when it is empty.
	Polls      int
	Conclusion string
	// State is that of the workflow: "active" when it is empty.
	State string
	// Mute is a workflow that does not show its key.
	Mute bool
	// Say is told of each dispatch that arrives.
	Say func(format string, args ...any)

	t        testing.TB
	contract *contract
	examples map[string]map[string]any
	mu       sync.Mutex
	runs     []*run
}

type run struct {
	id, number, polls, hidden int
	title                     string
	created                   time.Time
}

// Start starts it on loopback, for as long as the test takes.
func (g *GitHub) Start(t testing.TB) (url string) {
	t.Helper()
	description := "api.github.com"
	if g.Age == Silent || g.Age == Rejects {
		description = "ghes-3.19"
	}
	var err error
	g.contract, err = load(description)
	require.NoError(t, err)
	data, err := testdata.ReadFile("testdata/examples.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &g.examples))
	g.t = t
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return server.URL
}

// Dispatched is how often the workflow was dispatched.
func (g *GitHub) Dispatched() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.runs)
}

// Add puts a run there that somebody else dispatched.
func (g *GitHub) Add(title string, created time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(title, created)
}

func (g *GitHub) add(title string, created time.Time) *run {
	n := len(g.runs) + 1
	r := &run{id: 1000 + n, number: n, polls: g.Polls, hidden: g.Lag, title: title, created: created}
	g.runs = append(g.runs, r)
	return r
}

// ServeHTTP answers as GitHub does.
func (g *GitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if err := g.contract.request(r, body); err != nil {
		g.t.Errorf("no request of GitHub's API: %s", err)
	}
	status, answer := g.answer(r, body)
	if status == 0 {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	var data []byte
	if answer != nil {
		data, _ = json.Marshal(answer)
	}
	if err := g.contract.answer(r, status, w.Header(), data); err != nil {
		g.t.Errorf("no answer of GitHub's API to %s %s: %s", r.Method, r.URL.Path, err)
	}
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

func refusal(status int, format string, args ...any) (int, any) {
	return status, map[string]string{"message": fmt.Sprintf(format, args...), "documentation_url": "https://docs.github.com/rest", "status": fmt.Sprint(status)}
}

func (g *GitHub) answer(r *http.Request, body []byte) (int, any) {
	path, mine := strings.CutPrefix(r.URL.Path, "/repos/"+Repository+"/actions")
	var id int
	switch {
	case r.Header.Get("Authorization") != "Bearer "+Token || g.Age == Cautious:
		return refusal(http.StatusUnauthorized, "Bad credentials")
	case !mine:
		return refusal(http.StatusNotFound, "Not Found")
	case path == "/workflows/"+File:
		return http.StatusOK, g.example("workflow", map[string]any{"path": ".github/workflows/" + File, "state": either(g.State, "active")})
	case path == "/workflows/"+File+"/dispatches":
		return g.dispatch(body)
	case path == "/workflows/"+File+"/runs":
		return http.StatusOK, g.list(r)
	}
	if _, err := fmt.Sscanf(path, "/runs/%d", &id); err != nil || id <= 1000 || id > 1000+len(g.runs) {
		return refusal(http.StatusNotFound, "Not Found")
	}
	found := g.runs[id-1001]
	if strings.HasSuffix(path, "/jobs") {
		return http.StatusOK, g.jobs(found)
	}
	found.polls--
	return http.StatusOK, g.described(found)
}

func either(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (g *GitHub) dispatch(body []byte) (int, any) {
	var asked struct {
		Ref     string            `json:"ref"`
		Inputs  map[string]string `json:"inputs"`
		Details *bool             `json:"return_run_details"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return refusal(http.StatusBadRequest, "Problems parsing JSON")
	}
	if g.Age == Rejects && asked.Details != nil {
		return refusal(http.StatusUnprocessableEntity, `Invalid request. "return_run_details" is not a permitted key.`)
	}
	fate := Arrives
	if len(g.Fates) > 0 {
		fate, g.Fates = g.Fates[0], g.Fates[1:]
	}
	switch fate {
	case CallLost:
		return 0, nil
	case Refused:
		return refusal(http.StatusUnprocessableEntity, `Unexpected inputs provided: ["version"], %s`, Token)
	}
	title := "Deploy " + asked.Inputs["version"]
	if !g.Mute {
		title += " (" + asked.Inputs[KeyInput] + ")"
	}
	made := g.add(title, time.Now())
	if g.Say != nil {
		g.Say("dispatches %s at %s, key %s", asked.Inputs["version"], asked.Ref, asked.Inputs[KeyInput])
	}
	switch {
	case fate == AnswerLost:
		return 0, nil
	case fate == Fails:
		return refusal(http.StatusInternalServerError, "Server Error")
	case asked.Details != nil && *asked.Details && g.Age == New:
		url := fmt.Sprintf("https://api.github.com/repos/%s/actions/runs/%d", Repository, made.id)
		return http.StatusOK, map[string]any{"workflow_run_id": made.id, "run_url": url, "html_url": url}
	}
	return http.StatusNoContent, nil
}

// list is a page of the runs that are to be seen, the newest first.
func (g *GitHub) list(r *http.Request) any {
	var page, size int
	_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
	_, _ = fmt.Sscan(r.URL.Query().Get("per_page"), &size)
	seen := []any{}
	for _, one := range slices.Backward(g.runs) {
		if one.hidden > 0 {
			one.hidden--
			continue
		}
		seen = append(seen, g.described(one))
	}
	first := min(len(seen), (page-1)*size)
	return map[string]any{"total_count": len(seen), "workflow_runs": seen[first:min(len(seen), first+size)]}
}

func (g *GitHub) described(r *run) any {
	state, conclusion := "in_progress", any(nil)
	if r.polls < 0 {
		state, conclusion = "completed", either(g.Conclusion, "success")
	}
	return g.example("run", map[string]any{
		"id": r.id, "run_number": r.number, "display_title": r.title, "event": "workflow_dispatch",
		"status": state, "conclusion": conclusion, "created_at": r.created.UTC().Format(time.RFC3339),
	})
}

func (g *GitHub) jobs(r *run) any {
	job := func(name, conclusion, step string) any {
		return g.example("job", map[string]any{"created_at": r.created.UTC().Format(time.RFC3339), "run_id": r.id, "name": name, "status": "completed", "conclusion": conclusion, "steps": []any{
			map[string]any{"name": "Set up job", "status": "completed", "conclusion": "success", "number": 1},
			map[string]any{"name": step, "status": "completed", "conclusion": conclusion, "number": 2},
		}})
	}
	all := []any{job("build", "success", "Build"), job("deploy (eu)", either(g.Conclusion, "success"), "Roll out with token="+Token)}
	return map[string]any{"total_count": len(all), "jobs": all}
}

// example is one of GitHub's own, with something else in it.
func (g *GitHub) example(name string, with map[string]any) any {
	out := maps.Clone(g.examples[name])
	maps.Copy(out, with)
	return out
}
