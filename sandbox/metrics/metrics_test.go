package metrics_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
	"github.com/tocsinhq/tocsin/sandbox/metrics"
)

const ratio = `shop_http_error_ratio{service="payments"}`

type source struct {
	*metrics.Server
	url string
	bad atomic.Bool
}

func newSource(t *testing.T, dir string) *source {
	t.Helper()
	s := &source{}
	server, err := metrics.New(metrics.Config{Dir: dir, Services: func() []metrics.Health {
		return []metrics.Health{{Service: "payments", Revision: "r42", Bad: s.bad.Load()}, {Service: "search", Revision: "r7"}}
	}})
	require.NoError(t, err)
	s.Server, s.url = server, wiretest.Serve(t, server)
	return s
}

func (s *source) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	if strings.HasPrefix(body, "{") {
		return wiretest.Call(t, method, s.url+path, body)
	}
	return wiretest.Call(t, method, s.url+path, body, wiretest.Form)
}

// ask returns the texts of the values that an instant query finds.
func (s *source) ask(t *testing.T, query string) []string {
	t.Helper()
	status, body := s.call(t, http.MethodGet, "/prometheus/api/v1/query?query="+url.QueryEscape(query), "")
	require.Equal(t, http.StatusOK, status, body)
	var answer struct {
		Status string
		Data   struct {
			ResultType string
			Result     []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	require.Equal(t, "success", answer.Status)
	require.Equal(t, "vector", answer.Data.ResultType)
	values := []string{}
	for _, one := range answer.Data.Result {
		values = append(values, one.Value[1].(string))
	}
	return values
}

func TestABadDeploymentShows(t *testing.T) {
	s := newSource(t, "")
	require.Equal(t, []string{"0.002"}, s.ask(t, ratio))
	s.bad.Store(true)
	require.Equal(t, []string{"0.31"}, s.ask(t, ratio))
	require.Equal(t, []string{"0.002"}, s.ask(t, `shop_http_error_ratio{service="search"}`))
}

func TestSelectors(t *testing.T) {
	s := newSource(t, "")
	tests := []struct {
		query string
		want  int
	}{
		{`shop_http_error_ratio`, 2},
		{`shop_http_error_ratio{}`, 2},
		{` shop_http_error_ratio { service = "payments" , } `, 1},
		{`shop_http_error_ratio{service!="payments"}`, 1},
		{`{__name__="shop_deployment_info",service=~"pay.*"}`, 1},
		{`shop_deployment_info{service="payments",revision!~"r4."}`, 0},
		{`shop_http_error_ratio{service="nothing"}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) { require.Len(t, s.ask(t, tt.query), tt.want) })
	}
}

func TestBadQueriesAreRefused(t *testing.T) {
	s := newSource(t, "")
	for _, query := range []string{
		"", "{}", "rate(x[5m])", "x > 1", `x{a="b"`, `x{a}`, `x{a="b" c="d"}`, `x{a=~"("}`, `x{a="\q"}`,
	} {
		status, body := s.call(t, http.MethodPost, "/prometheus/api/v1/query", "query="+url.QueryEscape(query))
		require.Equal(t, http.StatusBadRequest, status, query)
		require.Contains(t, body, `"errorType":"bad_data"`)
	}
	status, _ := s.call(t, http.MethodGet, "/prometheus/api/v1/query?query=x&time=noon", "")
	require.Equal(t, http.StatusBadRequest, status)
}

func TestRangeQueries(t *testing.T) {
	s := newSource(t, "")
	path := "/prometheus/api/v1/query_range?query=" + url.QueryEscape(ratio)
	status, body := s.call(t, http.MethodGet, path+"&start=1000&end=1060&step=15", "")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, `"values":[[1000,"0.002"],[1015,"0.002"],[1030,"0.002"],[1045,"0.002"],[1060,"0.002"]]`)
	for _, bad := range []string{
		"&end=1&step=1", "&start=1&step=1", "&start=1&end=2", "&start=1&end=2&step=0", "&start=2&end=1&step=1", "&start=0&end=1e9&step=1",
	} {
		status, body = s.call(t, http.MethodGet, path+bad, "")
		require.Equal(t, http.StatusBadRequest, status, bad)
		require.Contains(t, body, "bad_data")
	}
	status, _ = s.call(t, http.MethodGet, "/prometheus/api/v1/query_range?query=x(&start=1&end=2&step=15s", "")
	require.Equal(t, http.StatusBadRequest, status)
}

func TestSeriesCanBeSetByHand(t *testing.T) {
	s := newSource(t, t.TempDir())
	status, body := s.call(t, http.MethodPost, "/metrics/api/series", `{"name":"shop_http_error_ratio","labels":{"service":"payments"},"value":0.9}`)
	require.Equal(t, http.StatusNoContent, status, body)
	require.Equal(t, []string{"0.9"}, s.ask(t, ratio))

	_, _ = s.call(t, http.MethodPost, "/metrics/api/series", `{"name":"shop_http_error_ratio","labels":{"service":"payments"},"value":"NaN"}`)
	require.Equal(t, []string{"NaN"}, s.ask(t, ratio))
	_, body = s.call(t, http.MethodGet, "/metrics/api/series", "")
	require.Contains(t, body, `"value":"NaN"`)

	_, _ = s.call(t, http.MethodPost, "/metrics/api/series", `{"name":"shop_http_error_ratio","labels":{"service":"payments"},"absent":true}`)
	require.Empty(t, s.ask(t, ratio))
	_, _ = s.call(t, http.MethodDelete, "/metrics/api/series", `{"name":"shop_http_error_ratio","labels":{"service":"payments"}}`)
	require.Equal(t, []string{"0.002"}, s.ask(t, ratio))

	for _, bad := range []string{`{"name":"9x"}`, `{"name":"x","labels":{"a-b":"c"}}`, `{"name":"x","value":"much"}`, `{"name":"x","unit":"s"}`} {
		status, _ = s.call(t, http.MethodPost, "/metrics/api/series", bad)
		require.Equal(t, http.StatusBadRequest, status, bad)
	}
}

func TestExpositionIsPrometheus(t *testing.T) {
	s := newSource(t, "")
	require.NoError(t, s.Set(metrics.Series{Name: "odd", Labels: map[string]string{"text": "a \"b\"\n\\c"}, Value: 7}))
	status, body := s.call(t, http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusOK, status)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	require.NoError(t, err, body)
	require.Len(t, families["shop_http_error_ratio"].GetMetric(), 2)
	require.Equal(t, "a \"b\"\n\\c", families["odd"].GetMetric()[0].GetLabel()[0].GetValue())
}

func TestFaults(t *testing.T) {
	s := newSource(t, "")
	require.NoError(t, s.Faults.Add("query", fault.Status(503)))
	status, _ := s.call(t, http.MethodGet, "/prometheus/api/v1/query?query=x", "")
	require.Equal(t, http.StatusServiceUnavailable, status)
	status, _ = s.call(t, http.MethodPost, "/metrics/_faults", `{"op":"scrape","status":500}`)
	require.Equal(t, http.StatusCreated, status)
	status, _ = s.call(t, http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusInternalServerError, status)
}

func TestPage(t *testing.T) {
	s := newSource(t, "")
	form := "series=" + url.QueryEscape(ratio)
	status, body := s.call(t, http.MethodPost, "/metrics-page", form+"&value=0.5")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "by hand")
	require.Equal(t, []string{"0.5"}, s.ask(t, ratio))
	_, body = s.call(t, http.MethodPost, "/metrics-page", form)
	require.NotContains(t, body, "by hand</span>")
	status, _ = s.call(t, http.MethodPost, "/metrics-page", form+"&value=lots")
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = s.call(t, http.MethodPost, "/metrics-page", "series=x&value=1")
	require.Equal(t, http.StatusNotFound, status)
}

func TestHandSetSeriesSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	s := newSource(t, dir)
	require.NoError(t, s.Set(metrics.Series{Name: "shop_http_error_ratio", Labels: map[string]string{"service": "payments"}, Value: 0.7}))
	require.Equal(t, []string{"0.7"}, newSource(t, dir).ask(t, ratio))
}

func FuzzQueries(f *testing.F) {
	for _, seed := range []string{ratio, `x{a="b",c!~"d.*"}`, `{__name__=~"shop.*"}`, `x{a="\""}`, `rate(x[5m])`} {
		f.Add(seed)
	}
	server, err := metrics.New(metrics.Config{})
	require.NoError(f, err)
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, query string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/prometheus/api/v1/query?query="+url.QueryEscape(query), nil)
		server.ServeHTTP(w, r)
		require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, w.Code)
	})
}
