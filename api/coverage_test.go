package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/coverage"
)

func TestCoverage(t *testing.T) {
	w := newWorld(t)
	var report coverage.Report
	w.do("alice", "GET", "/v1/coverage", "").want(200, &report)
	require.True(t, report.Complete())
	require.Equal(t, 14*24*time.Hour, report.Until.Sub(report.From))
	require.NotEmpty(t, report.Services)

	w = newWorld(t, func(c *api.Config) { c.Channels = []string{"webhook"} })
	w.do("alice", "GET", "/v1/coverage?days=3&service=payments", "").want(200, &report)
	require.Equal(t, 3*24*time.Hour, report.Until.Sub(report.From))
	require.Len(t, report.Services, 1)
	require.False(t, report.Complete())
	last := report.Services[0].Gaps[len(report.Services[0].Gaps)-1]
	require.Equal(t, coverage.Unreachable, last.Kind)
	require.Equal(t, "bob", last.Person)
	require.Regexp(t, "^is reached only by push and email.*, which is not configured$", last.Why)

	w.do("alice", "GET", "/v1/coverage?service=nowhere", "").problem(404, "not-found")
	w.do("alice", "GET", "/v1/coverage?days=0", "").problem(400, "invalid")
	w.do("alice", "GET", "/v1/coverage?days=91", "").problem(400, "invalid")
	w.do("", "GET", "/v1/coverage", "").problem(401, "unauthenticated")
}

func TestCoverageIsMeasured(t *testing.T) {
	for _, test := range []struct {
		channels      []string
		minutes, next string
	}{
		{[]string{}, "20160", "0"}, {nil, "0", "+Inf"},
	} {
		w := newWorld(t, func(c *api.Config) { c.Channels = test.channels })
		w.grant("machine", "monitoring-scripts", api.ScopeMetrics)
		got := string(w.do("monitoring-scripts", "GET", "/metrics", "").want(200).body)
		require.Contains(t, got, `tocsin_coverage_gap_minutes{service="payments"} `+test.minutes+"\n")
		require.Contains(t, got, `tocsin_coverage_next_gap_seconds{service="payments"} `+test.next+"\n")
	}
}
