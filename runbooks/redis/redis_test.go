package redis_test

import (
	"context"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/redis"
	"github.com/tocsinhq/tocsin/integrations/redis/redistest"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/redis"
	"github.com/tocsinhq/tocsin/systems"
)

// sessions is a real Redis, of which answers get lost.
type sessions struct {
	*redis.System
	keys *client.Client
	say  runbooktest.Say
	// fates befall the deletions, one after the other; meanwhile says what
	// somebody sets before each.
	fates     []fate
	meanwhile int
}

type fate int

const (
	arrives    fate = iota
	answerLost      // it is done, and nobody hears of it
	callLost        // it never arrives
	away            // nothing can be sent
)

func (s *sessions) Delete(ctx context.Context, keys systems.RedisKeys, progress func(int)) (systems.RedisSwept, error) {
	s.say("deletes %s, at most %d", keys.Prefix, keys.Most)
	what := arrives
	if len(s.fates) > 0 {
		what, s.fates = s.fates[0], s.fates[1:]
	}
	lost := incident.Errorf(incident.Unavailable, "sessions cannot be reached: the connection was closed")
	switch what {
	case callLost:
		return systems.RedisSwept{}, lost
	case away:
		return systems.RedisSwept{}, incident.Errorf(incident.Permanent, "sessions cannot be reached: connection refused; nothing was deleted")
	}
	for n := range s.meanwhile {
		s.keys.Set(ctx, "cache:new:"+strconv.Itoa(n), "x", 0)
	}
	swept, err := s.System.Delete(ctx, keys, progress)
	if what == answerLost {
		return systems.RedisSwept{}, lost
	}
	return swept, err
}

var planned = regexp.MustCompile(`\(plan [0-9a-f]{24}\)`)

const (
	call  = `unlink the keys of sessions that begin with cache:, at most 380 in one pass, 100000 a second (plan)`
	asked = `
00:00 started alice started redis-invalidate with prefix=cache: system=sessions
00:00 asks approve redis-invalidate-1-1: Invalidate cache: at sessions?
00:00   invalidate cache: at sessions: ` + call + `; touching 255 of 262 keys; nothing undoes it
00:12 answered bob: approve
`
	done = `
00:12 deletes cache:, at most 380
00:12 step invalidate cache: at sessions: done (` + call + `)
00:12 note deleted 255 keys; 0 are there that were set meanwhile
00:12 ended done: invalidate cache: at sessions
`
)

func TestInvalidate(t *testing.T) {
	t.Parallel()
	yes := []runbooktest.Answer{{After: 12 * time.Second, By: "bob", Choice: "approve"}}
	for name, test := range map[string]struct {
		fates     []fate
		meanwhile int
		script    runbooktest.Script
		want      string
		left      int
	}{
		"dry run": {script: runbooktest.Script{DryRun: true}, left: 262, want: `
00:00 started alice started a dry run of redis-invalidate with prefix=cache: system=sessions
00:00 note would ask for approval, for at most 15 min: Invalidate cache: at sessions?
00:00 note would call: ` + call + `; touching 255 of 262 keys; nothing undoes it
00:00 ended done: dry run: nothing was changed
`},
		"done": {script: runbooktest.Script{Answers: yes}, left: 7, want: asked + done},
		"its answer is lost": {fates: []fate{answerLost}, script: runbooktest.Script{Answers: yes}, left: 7, want: asked + `
00:12 deletes cache:, at most 380
00:13 step invalidate cache: at sessions: done (` + call + `)
00:13 ended done: invalidate cache: at sessions
`},
		"it does not arrive": {fates: []fate{callLost}, script: runbooktest.Script{Answers: yes}, left: 7, want: asked + `
00:12 deletes cache:, at most 380
00:13 deletes cache:, at most 380
00:13 step invalidate cache: at sessions: done (` + call + `)
00:13 note deleted 255 keys; 0 are there that were set meanwhile
00:13 ended done: invalidate cache: at sessions
`},
		"Redis is away": {fates: []fate{away}, script: runbooktest.Script{Answers: yes}, left: 262, want: asked + `
00:12 deletes cache:, at most 380
00:12 step invalidate cache: at sessions: failed: sessions cannot be reached: connection refused; nothing was deleted
00:12 ended failed: invalidate cache: at sessions: sessions cannot be reached: connection refused; nothing was deleted
`},
		"more are there than were approved": {meanwhile: 200, script: runbooktest.Script{Answers: yes}, left: 262 + 200 - 380, want: asked + `
00:12 deletes cache:, at most 380
00:12 step invalidate cache: at sessions: done (` + call + `)
00:12 ended failed: it stopped after 380 keys: there are more than were approved, of which some are left; still stands: invalidate cache: at sessions
`},
		"more than the limit": {script: runbooktest.Script{Params: map[string]string{"prefix": "big:"}}, left: 262, want: `
00:00 started alice started redis-invalidate with prefix=big: system=sessions
00:00 ended refused: more than 4 keys begin with big:, and the limit is 4
`},
		"none": {script: runbooktest.Script{Params: map[string]string{"prefix": "cache:none:"}}, left: 262, want: `
00:00 started alice started redis-invalidate with prefix=cache:none: system=sessions
00:00 note no key of sessions begins with cache:none:: there is nothing to delete
00:00 ended done
`},
		"not allowed": {script: runbooktest.Script{Params: map[string]string{"prefix": "other:"}}, left: 262, want: `
00:00 started alice started redis-invalidate with prefix=other: system=sessions
00:00 ended failed: how many keys of sessions begin with other: cannot be read: the systems file allows prefixes of sessions that begin with cache:, big: only
`},
		"no prefix": {script: runbooktest.Script{Params: map[string]string{"prefix": "a b"}}, left: 262, want: `
00:00 started alice started redis-invalidate
00:00 ended failed: the parameters do not fit: prefix must match [!-~]{2,256}
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := 5000
			if strings.HasPrefix(test.script.Params["prefix"], "big:") {
				limit = 4
			}
			s := create(t, limit)
			s.fates, s.meanwhile = test.fates, test.meanwhile
			script := test.script
			script.Params = map[string]string{"system": "sessions", "prefix": "cache:"}
			maps.Copy(script.Params, test.script.Params)
			script.Activities = func(say runbooktest.Say) []any {
				s.say = say
				return []any{&activities.Redis{Systems: map[string]activities.RedisSystem{"sessions": s}}}
			}
			got := runbooktest.Play(t, books.Invalidate(), script)
			for n := range got {
				got[n] = planned.ReplaceAllString(got[n], "(plan)")
			}
			require.Equal(t, lines(test.want), got)
			left, err := s.keys.DBSize(t.Context()).Result()
			require.NoError(t, err)
			require.EqualValues(t, test.left, left)
		})
	}
}

// create starts a Redis with 255 keys of the cache and 7 others.
func create(t *testing.T, limit int) *sessions {
	t.Helper()
	addr := redistest.Start(t)
	s, err := redis.New(redis.Config{Name: "sessions", Addr: addr, Prefixes: []string{"cache:", "big:"}, MaxKeys: limit, KeysPerSecond: 100_000})
	require.NoError(t, err)
	c := redistest.Client(t, addr)
	for prefix, n := range map[string]int{"cache:": 255, "big:": 5, "other:": 2} {
		for i := range n {
			require.NoError(t, c.Set(t.Context(), prefix+strconv.Itoa(i), "x", 0).Err())
		}
	}
	return &sessions{System: s, keys: c}
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
