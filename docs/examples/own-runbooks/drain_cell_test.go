package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

func TestEveryRunbookCanBeServed(t *testing.T) { runbooktest.Registered(t, all()) }

// balancer is a stand-in over a real socket; it says what it is told to do.
func balancer(t *testing.T, weights map[string]int, say runbooktest.Say) *Balancer {
	t.Helper()
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		cell := strings.TrimPrefix(r.URL.Path, "/cells/")
		weight, known := weights[cell]
		switch {
		case r.Header.Get("Authorization") != "Bearer secret":
			w.WriteHeader(http.StatusUnauthorized)
			return
		case !known:
			w.WriteHeader(http.StatusNotFound)
			return
		case r.Method == http.MethodPut:
			var o Order
			if json.NewDecoder(r.Body).Decode(&o) != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			say("the balancer is told to %s", o)
			weight, weights[cell] = o.Weight, o.Weight
		}
		_ = json.NewEncoder(w).Encode(Order{Cell: cell, Weight: weight})
	}))
	t.Cleanup(server.Close)
	return &Balancer{URL: server.URL, Token: "secret"}
}

// script is a world with two cells.
func script(t *testing.T, weights map[string]int) runbooktest.Script {
	t.Helper()
	return runbooktest.Script{
		Params:     map[string]string{"cell": "eu-1"},
		Activities: func(say runbooktest.Say) []any { return []any{balancer(t, weights, say)} },
	}
}

func lines(text string) []string { return strings.Split(strings.Trim(text, "\n"), "\n") }

func TestACellThatIsDrainedAndDoesNotHelpIsTakenBack(t *testing.T) {
	weights := map[string]int{"eu-1": 40, "eu-2": 60}
	s := script(t, weights)
	s.Params["check"] = "error_ratio"
	s.Samples = []float64{0.3}
	s.Answers = []runbooktest.Answer{{After: time.Minute, By: "bob", Choice: "approve"}, {After: time.Minute, By: "bob", Choice: "undo"}}
	require.Equal(t, lines(`
00:00 started alice started acme-drain-cell with below=0.05 cell=eu-1 check=error_ratio settle=2m
00:00 asks approve acme-drain-cell-1-1: Drain eu-1?
00:00   drain eu-1: give eu-1 the weight 0; provided that the weight of eu-1 is 40; undone by: give eu-1 the weight 40
01:00 answered bob: approve
01:00 the balancer is told to give eu-1 the weight 0
01:00 step drain eu-1: done (give eu-1 the weight 0)
02:00 measures error_ratio: 0.3
02:30 measures error_ratio: 0.3
03:00 measures error_ratio: 0.3
03:00 note checked the metric: worse (0.3, 0.3, 0.3; healthy below 0.05)
03:00 asks acme-drain-cell-1-2: The metric did not recover. Undo drain eu-1? [keep undo]
03:00   undo drain eu-1: give eu-1 the weight 40
04:00 answered bob: undo
04:00 the balancer is told to give eu-1 the weight 40
04:00 step undo drain eu-1: done (give eu-1 the weight 40)
04:00 ended failed: the metric did not recover; undone: drain eu-1
`), runbooktest.Play(t, drainCell(), s))
	require.Equal(t, map[string]int{"eu-1": 40, "eu-2": 60}, weights)
}

func TestADryRunChangesNothing(t *testing.T) {
	weights := map[string]int{"eu-1": 40}
	s := script(t, weights)
	s.DryRun = true
	require.Equal(t, lines(`
00:00 started alice started a dry run of acme-drain-cell with below=0.05 cell=eu-1 settle=2m
00:00 note would ask for approval, for at most 15 min: Drain eu-1?
00:00 note would call: give eu-1 the weight 0; provided that the weight of eu-1 is 40; undone by: give eu-1 the weight 40
00:00 ended done: dry run: nothing was changed
`), runbooktest.Play(t, drainCell(), s))
	require.Equal(t, 40, weights["eu-1"])
}

func TestACellThatIsNotThereIsNotDrained(t *testing.T) {
	require.Equal(t, lines(`
00:00 started alice started acme-drain-cell with below=0.05 cell=eu-1 settle=2m
00:00 ended failed: the weight of eu-1 cannot be read: the balancer refuses it: 404 Not Found
`), runbooktest.Play(t, drainCell(), script(t, map[string]int{})))
}
