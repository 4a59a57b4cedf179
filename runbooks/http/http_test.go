package http_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/integrations/httpsystem"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/http"
	"github.com/tocsinhq/tocsin/systems"
)

// caches is a system over real HTTP that keeps caches full or empty.
type caches struct {
	say runbooktest.Say
	// answers befall what changes something, one after the other; none is 202.
	answers []int
	// looks is how often a cache that is purged still looks full.
	looks int

	mu    sync.Mutex
	state map[string]string
	done  map[string]bool
}

// What befalls a request, beside statuses.
const (
	lost = -1 // it is obeyed, and no answer comes
	dead = -2 // it is not, and no answer comes
)

func (c *caches) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := strings.Split(r.URL.Path, "/")[2]
	if r.Method == http.MethodGet {
		c.look(w, name)
		return
	}
	body, _ := io.ReadAll(r.Body)
	key := r.Header.Get("Idempotency-Key")
	c.say("calls %s %s %s, key %s", r.Method, r.URL.Path, body, key)
	status := http.StatusAccepted
	if len(c.answers) > 0 {
		status, c.answers = c.answers[0], c.answers[1:]
	}
	if status == lost || status < 300 && status > 0 {
		c.obey(r.Method, name, key)
	}
	if status < 0 {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
		return
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"detail":"as it is"}`)
}

func (c *caches) look(w io.Writer, name string) {
	state := c.state[name]
	if state == "empty" && c.looks > 0 {
		c.looks--
		state = "full"
	}
	secret := ""
	if name == "secret" {
		secret = `,"password":"hun\"ter2","size":"3"`
	}
	_, _ = fmt.Fprintf(w, `{"state":%q%s}`, state, secret)
}

func (c *caches) obey(method, name, key string) {
	switch {
	case c.done[key]:
		c.say("  it is done already")
	case method == http.MethodDelete:
		c.state[name] = "empty"
	default:
		c.state[name] = "full"
	}
	c.done[key] = true
}

func config(url string, keys bool) httpsystem.Config {
	return httpsystem.Config{Name: "cache", URL: url, HonoursKeys: keys, Calls: []httpsystem.Call{
		{Method: "GET", Path: "/caches/{cache}"},
		{
			Method: "DELETE", Path: "/caches/{cache}", Body: map[string]any{"for": "{incident}"},
			Verify: &httpsystem.Verify{Path: "/caches/{cache}", Holds: `"empty"`},
			Undo:   &httpsystem.Undo{Method: "PUT", Path: "/caches/{cache}"},
		},
		{Method: "POST", Path: "/caches/{cache}/warm", TakesBody: true},
	}}
}

var planned = regexp.MustCompile(`\(plan [0-9a-f]{24}\)`)

// play runs a runbook against the system, over real sockets.
func play(t *testing.T, b runbook.Runbook, c *caches, keys bool, s runbooktest.Script) []string {
	t.Helper()
	c.state, c.done = map[string]string{"users": "full"}, map[string]bool{}
	server := httptest.NewServer(c)
	defer server.Close()
	system, err := httpsystem.New(config(server.URL, keys))
	require.NoError(t, err)
	s.Activities = func(say runbooktest.Say) []any {
		c.say = say
		return []any{&activities.HTTP{Systems: map[string]activities.HTTPSystem{"cache": system}}}
	}
	got := runbooktest.Play(t, b, s)
	for n := range got {
		got[n] = planned.ReplaceAllString(got[n], "(plan)")
	}
	return got
}

const asked = `
00:00 started alice started http-call with method=DELETE path=/caches/users system=cache within=2m
00:00 asks approve http-call-1-1: Delete /caches/users?
00:00   delete /caches/users: DELETE /caches/users at cache with {"for":"INC-1"} (plan); undone by: PUT /caches/users at cache (plan)
00:12 answered bob: approve
00:12 calls DELETE /caches/users {"for":"INC-1"}, key INC-1/runbook/http-call/1/step-1
`

const done = `
00:12 step delete /caches/users: done (DELETE /caches/users at cache with {"for":"INC-1"} (plan))
00:12 note cache answered 202 with 21 bytes
00:12 keeps DELETE /caches/users at cache:
00:12   {"detail":"as it is"}
00:12 output DELETE /caches/users at cache: 1 line, 21 bytes (output http-call-1-1)
`

func yes(then ...runbooktest.Answer) []runbooktest.Answer {
	return append([]runbooktest.Answer{{After: 12 * time.Second, By: "bob", Choice: "approve"}}, then...)
}

func says(choice string) runbooktest.Answer {
	return runbooktest.Answer{After: time.Minute, By: "carol", Choice: choice}
}

func TestCall(t *testing.T) {
	for name, test := range map[string]struct {
		system *caches
		keys   bool
		script runbooktest.Script
		want   string
	}{
		"dry run": {script: runbooktest.Script{DryRun: true}, want: `
00:00 started alice started a dry run of http-call with method=DELETE path=/caches/users system=cache within=2m
00:00 note would ask for approval, for at most 15 min: Delete /caches/users?
00:00 note would call: DELETE /caches/users at cache with {"for":"INC-1"} (plan); undone by: PUT /caches/users at cache (plan)
00:00 note would wait, for at most 2 min, until whether at cache GET /caches/users answers with "empty" is yes
00:00 ended done: dry run: nothing was changed
`},
		"done": {script: runbooktest.Script{Answers: yes()}, want: asked + done + `
00:12 ended done: delete /caches/users
`},
		"it takes a while": {system: &caches{looks: 3}, script: runbooktest.Script{Answers: yes()}, want: asked + done + `
00:19 ended done: delete /caches/users
`},
		"it takes no effect, and is undone": {system: &caches{looks: 1000}, script: runbooktest.Script{Answers: yes(says("undo"))}, want: asked + done + `
02:12 asks http-call-1-2: Whether at cache GET /caches/users answers with "empty" is still no, not yes, after 2 min. Undo delete /caches/users? [keep undo]
02:12   undo delete /caches/users: PUT /caches/users at cache (plan)
03:12 answered carol: undo
03:12 calls PUT /caches/users , key INC-1/runbook/http-call/1/step-1/undo
03:12 step undo delete /caches/users: done (PUT /caches/users at cache (plan))
03:12 ended failed: whether at cache GET /caches/users answers with "empty" is still no, not yes, after 2 min; undone: delete /caches/users
`},
		"refused by a person": {script: runbooktest.Script{Answers: []runbooktest.Answer{says("refuse")}}, want: `
00:00 started alice started http-call with method=DELETE path=/caches/users system=cache within=2m
00:00 asks approve http-call-1-1: Delete /caches/users?
00:00   delete /caches/users: DELETE /caches/users at cache with {"for":"INC-1"} (plan); undone by: PUT /caches/users at cache (plan)
01:00 answered carol: refuse
01:00 ended refused: by carol
`},
		"refused by the system": {system: &caches{answers: []int{409}}, script: runbooktest.Script{Answers: yes()}, want: asked + `
00:12 step delete /caches/users: failed: cache answered 409 Conflict: as it is
00:12 ended failed: delete /caches/users: cache answered 409 Conflict: as it is
`},
		"the answer is lost, and a person looks": {
			system: &caches{answers: []int{lost}}, script: runbooktest.Script{Answers: yes(says("it happened"))},
			want: asked + `
00:12 asks http-call-1-2: Nobody can tell whether this happened: DELETE /caches/users at cache with {"for":"INC-1"} (plan) (cache cannot be reached: the connection was closed). Look, and say. [try again it happened it did not]
01:12 answered carol: it happened
01:12 step delete /caches/users: done (DELETE /caches/users at cache with {"for":"INC-1"} (plan))
01:12 ended done: delete /caches/users
`,
		},
		"the answer is lost, with keys": {
			system: &caches{answers: []int{lost}}, keys: true, script: runbooktest.Script{Answers: yes()},
			want: asked + `
00:13 calls DELETE /caches/users {"for":"INC-1"}, key INC-1/runbook/http-call/1/step-1
00:13   it is done already
00:13 step delete /caches/users: done (DELETE /caches/users at cache with {"for":"INC-1"} (plan))
00:13 note cache answered 202 with 21 bytes
00:13 keeps DELETE /caches/users at cache:
00:13   {"detail":"as it is"}
00:13 output DELETE /caches/users at cache: 1 line, 21 bytes (output http-call-1-1)
00:13 ended done: delete /caches/users
`,
		},
		"the system is away for a while, with keys": {
			system: &caches{answers: []int{dead, 503, 429}}, keys: true, script: runbooktest.Script{Answers: yes()},
			want: asked + `
00:13 calls DELETE /caches/users {"for":"INC-1"}, key INC-1/runbook/http-call/1/step-1
00:15 calls DELETE /caches/users {"for":"INC-1"}, key INC-1/runbook/http-call/1/step-1
00:19 calls DELETE /caches/users {"for":"INC-1"}, key INC-1/runbook/http-call/1/step-1
00:19 step delete /caches/users: done (DELETE /caches/users at cache with {"for":"INC-1"} (plan))
00:19 note cache answered 202 with 21 bytes
00:19 keeps DELETE /caches/users at cache:
00:19   {"detail":"as it is"}
00:19 output DELETE /caches/users at cache: 1 line, 21 bytes (output http-call-1-1)
00:19 ended done: delete /caches/users
`,
		},
		// The second try is refused; of the first nobody knows.
		"a refusal after a lost answer is unknown": {
			system: &caches{answers: []int{lost, 403, 202}}, keys: true, script: runbooktest.Script{Answers: yes()},
			want: asked + `
00:13 calls DELETE /caches/users {"for":"INC-1"}, key INC-1/runbook/http-call/1/step-1
00:15 calls DELETE /caches/users {"for":"INC-1"}, key INC-1/runbook/http-call/1/step-1
00:15   it is done already
00:15 step delete /caches/users: done (DELETE /caches/users at cache with {"for":"INC-1"} (plan))
00:15 note cache answered 202 with 21 bytes
00:15 keeps DELETE /caches/users at cache:
00:15   {"detail":"as it is"}
00:15 output DELETE /caches/users at cache: 1 line, 21 bytes (output http-call-1-1)
00:15 ended done: delete /caches/users
`,
		},
		"a body that somebody gives": {
			script: runbooktest.Script{
				Params: map[string]string{"method": "POST", "path": "/caches/users/warm", "body": `{"deep": true}`}, Answers: yes(),
			},
			want: `
00:00 started alice started http-call with body="{\"deep\": true}" method=POST path=/caches/users/warm system=cache within=2m
00:00 asks approve http-call-1-1: Post /caches/users/warm?
00:00   post /caches/users/warm: POST /caches/users/warm at cache with {"deep": true} (plan); nothing undoes it
00:12 answered bob: approve
00:12 calls POST /caches/users/warm {"deep": true}, key INC-1/runbook/http-call/1/step-1
00:12 step post /caches/users/warm: done (POST /caches/users/warm at cache with {"deep": true} (plan))
00:12 note cache answered 202 with 21 bytes
00:12 keeps POST /caches/users/warm at cache:
00:12   {"detail":"as it is"}
00:12 output POST /caches/users/warm at cache: 1 line, 21 bytes (output http-call-1-1)
00:12 ended done: post /caches/users/warm
`,
		},
		"what the file does not allow": {
			script: runbooktest.Script{Params: map[string]string{"path": "/admins/users"}},
			want: `
00:00 started alice started http-call with method=DELETE path=/admins/users system=cache within=2m
00:00 ended failed: what the systems file says of DELETE /admins/users at cache cannot be read: the systems file allows no such DELETE of cache: list it among its calls
`,
		},
		"no such system": {
			script: runbooktest.Script{Params: map[string]string{"system": "cash"}},
			want: `
00:00 started alice started http-call with method=DELETE path=/caches/users system=cash within=2m
00:00 ended failed: what the systems file says of DELETE /caches/users at cash cannot be read: there is no http system "cash": there are cache
`,
		},
		"a path that is none": {
			script: runbooktest.Script{Params: map[string]string{"path": "caches?x"}},
			want: `
00:00 started alice started http-call
00:00 ended failed: the parameters do not fit: path must match (/[^/?#]+)+
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			script := test.script
			script.Params = map[string]string{"system": "cache", "method": "DELETE", "path": "/caches/users"}
			maps.Copy(script.Params, test.script.Params)
			require.Equal(t, lines(test.want), play(t, books.Call(), cmp.Or(test.system, &caches{}), test.keys, script))
		})
	}
}

func TestRead(t *testing.T) {
	for name, test := range map[string]struct {
		params map[string]string
		want   string
	}{
		"an answer": {map[string]string{"path": "/caches/users"}, `
00:00 started alice started http-read with method=GET path=/caches/users system=cache
00:00 note cache answered 200 with 16 bytes
00:00 keeps GET /caches/users at cache:
00:00   {"state":"full"}
00:00 output GET /caches/users at cache: 1 line, 16 bytes (output http-read-1-1)
00:00 ended done
`},
		"an answer with a secret": {map[string]string{"path": "/caches/secret"}, `
00:00 started alice started http-read with method=GET path=/caches/secret system=cache
00:00 note cache answered 200 with 46 bytes, 1 removed that looked like secrets
00:00 keeps GET /caches/secret at cache:
00:00   {"state":"","password":[redacted],"size":"3"}
00:00 output GET /caches/secret at cache: 1 line, 45 bytes (output http-read-1-1)
00:00 ended done
`},
		"what the file does not allow": {map[string]string{"path": "/caches"}, `
00:00 started alice started http-read with method=GET path=/caches system=cache
00:00 ended failed: what the systems file says of GET /caches at cache cannot be read: the systems file allows no such GET of cache: list it among its calls
`},
		"no reading": {map[string]string{"path": "/caches/users", "method": "DELETE"}, `
00:00 started alice started http-read
00:00 ended failed: the parameters do not fit: method must be one of GET, HEAD
`},
	} {
		t.Run(name, func(t *testing.T) {
			params := map[string]string{"system": "cache"}
			maps.Copy(params, test.params)
			require.Equal(t, lines(test.want), play(t, books.Read(), &caches{}, false, runbooktest.Script{Params: params}))
		})
	}
}

// patient is a system of which the file says that it may take a minute.
type patient struct {
	t *testing.T
	// room is how long the last reading might have taken.
	room *time.Duration
}

func (patient) Plan(systems.HTTPRequest) (systems.HTTPPlan, error) {
	return systems.HTTPPlan{Line: "POST /x", Slow: true, Keyed: true, Covers: "c", Verify: "GET /x answers with y"}, nil
}

func (p patient) Send(ctx context.Context, _ systems.HTTPRequest, covers, _ string) (systems.HTTPAnswer, error) {
	if covers == "" {
		until, bounded := ctx.Deadline()
		require.True(p.t, bounded)
		*p.room = time.Until(until)
	}
	return systems.HTTPAnswer{Status: http.StatusOK, Holds: true}, nil
}

func TestASlowSystemIsReadAndVerifiedInItsTime(t *testing.T) {
	for name, book := range map[string]runbook.Runbook{"verified": books.Call(), "read": books.Read()} {
		t.Run(name, func(t *testing.T) {
			var room time.Duration
			runbooktest.Play(t, book, runbooktest.Script{
				Params: map[string]string{"system": "cache", "path": "/x"}, Answers: yes(),
				Activities: func(runbooktest.Say) []any {
					return []any{&activities.HTTP{Systems: map[string]activities.HTTPSystem{"cache": patient{t, &room}}}}
				},
			})
			require.Greater(t, room, 10*time.Minute, "the longest timeout that the file can have")
		})
	}
}

func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			all = append(all, line)
		}
	}
	return all
}
