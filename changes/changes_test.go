package changes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func deployed(id, service string, before time.Duration, lines int) changes.Change {
	return changes.Change{ID: id, Source: "generic", Kind: changes.Deployment, Service: service, Version: "1.42", Author: "alice", At: noon.Add(-before), Lines: lines}
}

func TestSuspectsAreRankedAndSayWhy(t *testing.T) {
	scene := changes.Scene{Began: noon, Service: "checkout", Affected: []string{"cart"}, DependsOn: []string{"payments"}}
	got := changes.Suspects([]changes.Change{
		deployed("old", "checkout", 25*time.Hour, 0),
		deployed("elsewhere", "search", time.Minute, 0),
		deployed("later", "checkout", -3*time.Minute, 0),
		deployed("dependency", "payments", 4*time.Minute, 0),
		deployed("hours ago", "checkout", 3*time.Hour, 0),
		deployed("small", "checkout", 4*time.Minute, 3),
		deployed("large", "checkout", 4*time.Minute, 20_000),
		deployed("affected", "cart", 4*time.Minute, 0),
		deployed("crossed", "checkout", -time.Minute, 0),
	}, scene, 6)
	var ids []string
	for _, s := range got {
		ids = append(ids, s.ID)
		require.Greater(t, s.Score, 0.0)
		require.LessOrEqual(t, s.Score, 1.0)
	}
	require.Equal(t, []string{"large", "crossed", "small", "affected", "dependency", "hours ago"}, ids)
	require.Equal(t, "checkout 1.42 (deployment by alice): 4 min before it began, the same service, 20000 lines", got[0].String())
	require.Equal(t, []string{"as it began", "the same service"}, got[1].Reasons)
	require.Equal(t, []string{"4 min before it began", "checkout depends on it"}, got[4].Reasons)
}

func TestNothingIsSuspectWhereNothingWasChanged(t *testing.T) {
	require.Empty(t, changes.Suspects(nil, changes.Scene{Began: noon, Service: "checkout"}, 3))
}

// One is affected and what the first depends on, too: its changes are looked for once.
func TestAServiceOfASceneIsNamedOnce(t *testing.T) {
	scene := changes.Scene{Began: noon, Service: "shop", Affected: []string{"db", "shop"}, DependsOn: []string{"db", "cache"}}
	require.ElementsMatch(t, []string{"shop", "db", "cache"}, scene.Services())
}

func TestAChangeIsChecked(t *testing.T) {
	for name, test := range map[string]struct {
		change func(c *changes.Change)
		want   string
	}{
		"no id":        {func(c *changes.Change) { c.ID = "" }, "id: it is missing"},
		"no service":   {func(c *changes.Change) { c.Service = "" }, "service: it is missing"},
		"long":         {func(c *changes.Change) { c.Title = strings.Repeat("x", 501) }, "title: it is longer than 500 characters"},
		"control":      {func(c *changes.Change) { c.Author = "a\x1b[31m" }, "author: it holds characters that are not printable"},
		"turned round": {func(c *changes.Change) { c.Version = "1.42\u202e) by alice" }, "version: it holds characters that are not printable"},
		"kind":         {func(c *changes.Change) { c.Kind = "party" }, "kind: it is not one of deployment, configuration, flag, push, other"},
		"no time":      {func(c *changes.Change) { c.At = time.Time{} }, "at: say when it took effect"},
		"the future":   {func(c *changes.Change) { c.At = noon.Add(time.Hour) }, "at: it has not taken effect yet"},
		"lines":        {func(c *changes.Change) { c.Lines = -1 }, "lines: it is less than none"},
		"link":         {func(c *changes.Change) { c.Link = "javascript:alert(1)" }, "link: it is no http or https address"},
		"undo":         {func(c *changes.Change) { c.Undo = changes.Undo{Params: map[string]string{"a": "b"}} }, "undo: it has parameters, and no runbook"},
		"undo's name":  {func(c *changes.Change) { c.Undo.Runbook = "Roll back" }, "undo: it is no runbook's name with at most 20 parameters"},
		"undo's size": {
			func(c *changes.Change) {
				c.Undo = changes.Undo{Runbook: "rollback", Params: map[string]string{"a": strings.Repeat("x", 501)}}
			},
			"undo: a parameter is too long",
		},
		"an undo that cannot be started": {
			func(c *changes.Change) {
				c.Undo.Params = map[string]string{"a": strings.Repeat("x", 500), "b": strings.Repeat("x", 499)}
			},
			"undo: no run can be started so: params: 1001 characters are more than 1000",
		},
		"an undo of too long a name": {
			func(c *changes.Change) { c.Undo.Runbook = strings.Repeat("x", 301) },
			"undo: no run can be started so: name: 301 characters are more than 240; link to the rest",
		},
		"what a terminal obeys": {
			func(c *changes.Change) { c.Undo.Params = map[string]string{"target": "checkout\x1b[2J"} },
			"undo: a parameter holds characters that are not printable",
		},
		"an undo that is no UTF-8": {
			func(c *changes.Change) { c.Undo.Params = map[string]string{"target\xff": "checkout"} },
			"undo: a parameter holds characters that are not printable",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := deployed("1", "checkout", time.Minute, 0)
			c.Link, c.Undo = "https://ci.example.org/1", changes.Undo{Runbook: "rollback", Params: map[string]string{"target": "checkout"}}
			require.NoError(t, c.Check(noon))
			require.True(t, c.Undo.Known())
			test.change(&c)
			err := c.Check(noon)
			require.Equal(t, incident.Invalid, incident.KindOf(err))
			require.EqualError(t, err, test.want)
		})
	}
}

func TestAChangeInAFewWords(t *testing.T) {
	require.Equal(t, "checkout: retries on (flag)", changes.Change{Service: "checkout", Kind: changes.Flag, Title: "retries on"}.String())
	require.Equal(t, "checkout (push)", changes.Change{Service: "checkout", Kind: changes.Push}.String())
}

// A joiner is a part of many emoji, as of gitmoji's "technologist", and of words
// in Persian and Hindi: what a commit is called keeps no deployment from being a
// suspect.
func TestAJoinedEmojiKeepsNoChangeFromBeingReported(t *testing.T) {
	now := time.Now()
	for _, title := range []string{"\U0001F9D1\u200D\U0001F4BB faster builds", "\u0645\u06CC\u200C\u0631\u0648\u062F"} {
		require.NoError(t, changes.Change{ID: "1", Source: "ci", Service: "payments", Kind: changes.Deployment, At: now, Title: title}.Check(now), "%q", title)
	}
}
