package bench_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/bench"
)

// good is a report with which nothing is wrong.
func good() bench.Report {
	return bench.Report{
		Ways:   []bench.Way{{Name: "burst", Floor: bench.Volley{Sent: 9, Latency: bench.Figures{N: 9, P50: 2}}, Tocsin: bench.Volley{Sent: 9}}},
		Storms: []bench.Storm{{How: "posts", Alerts: 100, Kept: 100, Incidents: 1, Pages: 1}},
		Crowd:  &bench.Crowd{Incidents: 30, Messages: 7}, OnCall: &bench.OnCall{PerSecond: 200_000},
		Open: &bench.Open{Incidents: 20}, Whole: &bench.Whole{Events: 120},
		Aims: []bench.Aim{{What: "burst p50, times the floor", Got: 2, Limit: 3}},
	}
}

func TestFailed(t *testing.T) {
	for want, spoil := range map[string]func(r *bench.Report){
		"":                                     func(*bench.Report) {},
		"2 burst: pages lost":                  func(r *bench.Report) { r.Ways[0].Tocsin.Lost = 2 },
		"1 burst: pages doubled":               func(r *bench.Report) { r.Ways[0].Tocsin.Doubled = 1 },
		"1 storm in posts: incidents too many": func(r *bench.Report) { r.Storms[0].Incidents = 2 },
		"-1 storm in posts: pages too many":    func(r *bench.Report) { r.Storms[0].Pages = 0 },
		"2 crowd: incidents that nobody was told of": func(r *bench.Report) { r.Crowd.Lost = 2 },
		"3 open incidents: pages lost":               func(r *bench.Report) { r.Open.Lost = 3 },
		"4 starts that were not eager":               func(r *bench.Report) { r.Counts.NonEager = 4 },
		"5 failed workflow tasks":                    func(r *bench.Report) { r.Counts.FailedTasks = 5 },
	} {
		r := good()
		spoil(&r)
		if want == "" {
			require.NoError(t, r.Failed())
			continue
		}
		require.EqualError(t, r.Failed(), want)
	}
}

func TestMissedAimIsSaidAndIsNoFailure(t *testing.T) {
	r := good()
	r.Aims[0].Got = 3.2
	require.NoError(t, r.Failed())
	require.False(t, r.Aims[0].Met())
	var out bytes.Buffer
	require.NoError(t, r.Print(&out))
	require.Regexp(t, `aim: burst p50, times the floor +3\.2 +at most 3 +MISSED`, out.String())
}

func TestPrintOfAnEmptyReport(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, (&bench.Report{}).Print(&out))
	require.Contains(t, out.String(), "alert to page")
}

func TestUnknownMeasure(t *testing.T) {
	_, err := bench.Run(t.Context(), bench.Config{Only: []string{"speed"}})
	require.ErrorContains(t, err, `there is no measure "speed"; there are [open single burst sustained storm crowd on-call steps whole]`)
}

func TestPrintOfTheMemory(t *testing.T) {
	r := good()
	r.Open.Memory = []bench.Memory{{Process: "worker", Before: 150.4, With: 260, Settled: 201, Files: 120, Peak: 270.6}}
	var out bytes.Buffer
	require.NoError(t, r.Print(&out))
	require.Regexp(t, `memory of each process, MB +before +with 20 open +after collecting +of it the program, shared +peak\nworker +150 +260 +201 +120 +271\n`, out.String())
}

func processes(list []bench.Memory) []string {
	var out []string
	for _, m := range list {
		out = append(out, m.Process)
	}
	return out
}

// The small run tries the bench itself, with everything that it starts: its
// figures mean nothing, but all that it counts must be there.
func TestQuick(t *testing.T) {
	r, err := bench.Run(t.Context(), bench.Config{Quick: true})
	require.NoError(t, err)
	require.NoError(t, r.Failed())
	require.Len(t, r.Ways, 3)
	for _, w := range r.Ways {
		require.Equal(t, w.Floor.Sent, w.Floor.Latency.N, w.Name)
		require.Equal(t, w.Tocsin.Sent, w.Tocsin.Latency.N, w.Name)
		require.Positive(t, w.Tocsin.Latency.P50, w.Name)
		require.LessOrEqual(t, w.Tocsin.Latency.P50, w.Tocsin.Latency.Last, w.Name)
		require.Equal(t, 1, w.Events["WorkflowExecutionStarted"], w.Name)
	}
	require.Equal(t, r.Open.Incidents, r.Open.Lateness.N)
	require.Equal(t, []string{"Temporal", "API with intake", "worker", "sandbox and bench"}, processes(r.Open.Memory))
	require.Len(t, r.Storms, 2)
	require.Positive(t, r.Storms[1].Events)
	require.Less(t, r.Crowd.Messages, r.Crowd.Incidents)
	require.Positive(t, r.OnCall.PerSecond)
	require.Nil(t, r.Whole, "the whole incident takes too long for a small run")
	_, err = json.Marshal(r)
	require.NoError(t, err)
	require.NoError(t, r.Print(t.Output()))
}
