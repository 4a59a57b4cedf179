package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
)

func TestRoutesAreExplained(t *testing.T) {
	w := newWorld(t)
	var got client.RouteTest
	w.do("alice", "POST", "/v1/routes/test", `{"alerts": [
		{"status": "firing", "labels": {"alertname": "PaymentsErrorRatioHigh", "service": "payments", "severity": "critical"}},
		{"status": "firing", "labels": {"alertname": "Odd", "severity": "info"}}]}`).want(200, &got)
	require.Equal(t, night, got.At)
	require.Len(t, got.Decisions, 2)
	first, second := got.Decisions[0], got.Decisions[1]
	require.Equal(t, "PaymentsErrorRatioHigh", first.Alert)
	require.Equal(t, "payments", first.Service)
	require.NotEmpty(t, first.Paged)
	require.Equal(t, "service", first.Steps[len(first.Steps)-1].Kind)
	require.True(t, second.CatchAll)
	require.Empty(t, second.Paged, "an info pages nobody")
	require.Empty(t, w.intake.Deliveries(), "nothing is taken")
}

func TestRoutesAreExplainedForAlertmanager(t *testing.T) {
	w := newWorld(t)
	var got client.RouteTest
	w.do("alice", "POST", "/v1/routes/test", `{"version": "4", "groupLabels": {"alertname": "A"}, "alerts": [
		{"status": "firing", "labels": {"alertname": "A", "service": "search"}, "annotations": {}}]}`).want(200, &got)
	require.Equal(t, "search", got.Decisions[0].Service)
}

func TestRouteTestRefuses(t *testing.T) {
	w := newWorld(t)
	p := w.do("alice", "POST", "/v1/routes/test", `{"status": "burning", "labels": {"a": "b"}}`).problem(400, "invalid")
	require.Equal(t, "status", p.Field)
	w.do("", "POST", "/v1/routes/test", `{}`).problem(401, "unauthenticated")
}
