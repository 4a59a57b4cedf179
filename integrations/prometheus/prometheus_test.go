package prometheus_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/prometheus"
)

const token = "a-secret-metrics-token"

var _ activities.Metrics = (*prometheus.Metrics)(nil)

// server answers every query with one body and keeps the last form.
func server(t *testing.T, status int, body string) (url string, asked func() *http.Request) {
	t.Helper()
	var last *http.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		last = r
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/prom", func() *http.Request { return last }
}

func vector(samples string) string {
	return `{"status":"success","data":{"resultType":"vector","result":[` + samples + `]}}`
}

func TestQuery(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 4, 5, 500e6, time.UTC)
	tests := map[string]struct {
		body string
		want incident.Measurement
	}{
		"one series": {
			vector(`{"metric":{"job":"shop"},"value":[1795316645.5,"0.25"]}`),
			incident.Measurement{Value: 0.25, At: at, Found: true},
		},
		"zero is a value": {
			vector(`{"metric":{},"value":[1795316645.5,"0"]}`), incident.Measurement{At: at, Found: true},
		},
		"scalar": {
			`{"status":"success","data":{"resultType":"scalar","result":[1795316645.5,"7"]}}`,
			incident.Measurement{Value: 7, At: at, Found: true},
		},
		"no series":   {vector(``), incident.Measurement{}},
		"not a value": {vector(`{"metric":{},"value":[1795316645.5,"NaN"]}`), incident.Measurement{}},
		"infinite":    {vector(`{"metric":{},"value":[1795316645.5,"+Inf"]}`), incident.Measurement{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			url, asked := server(t, 200, tt.body)
			metrics, err := prometheus.New(prometheus.Config{URL: url, Token: token, Timeout: 3 * time.Second})
			require.NoError(t, err)
			got, err := metrics.Query(t.Context(), `sum(rate(errors[5m]))`)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			require.Equal(t, "/prom/api/v1/query", asked().URL.Path)
			require.Equal(t, "sum(rate(errors[5m]))", asked().Form.Get("query"))
			require.Equal(t, "3s", asked().Form.Get("timeout"))
			require.Empty(t, asked().Form.Get("time"), "the server's own present is what counts")
			require.Equal(t, "Bearer "+token, asked().Header.Get("Authorization"))
		})
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		kind   incident.Kind
		says   string
	}{
		"several series": {
			200, vector(`{"metric":{"a":"1"},"value":[1,"1"]},{"metric":{"a":"2"},"value":[1,"2"]}`),
			incident.Invalid, "2 series and must give one: aggregate it",
		},
		"a range": {
			200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`,
			incident.Invalid, "gives a matrix",
		},
		"no expression": {
			400, `{"status":"error","errorType":"bad_data","error":"1:5: parse error: unexpected end of input"}`,
			incident.Invalid, "correct the query: 1:5: parse error",
		},
		"no execution": {
			422, `{"status":"error","errorType":"execution","error":"many-to-many matching not allowed"}`,
			incident.Invalid, "many-to-many",
		},
		"the server's time is over": {
			503, `{"status":"error","errorType":"timeout","error":"query timed out"}`,
			incident.Unavailable, "query timed out",
		},
		"error in a success": {
			200, `{"status":"error","errorType":"internal","error":"x"}`, incident.Unavailable, "cannot be understood",
		},
		"another shape": {200, `{"status":"success","data":[]}`, incident.Unavailable, "cannot be understood"},
		"broken":        {200, `{`, incident.Unavailable, "cannot be understood"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			url, _ := server(t, tt.status, tt.body)
			metrics, err := prometheus.New(prometheus.Config{URL: url})
			require.NoError(t, err)
			got, err := metrics.Query(t.Context(), "up")
			require.Equal(t, tt.kind, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, tt.says)
			require.Zero(t, got)
		})
	}
}

func TestFailures(t *testing.T) {
	channeltest.Failures(t, true, func(ctx context.Context, t *testing.T, base string) error {
		metrics, err := prometheus.New(prometheus.Config{URL: base, Token: token})
		require.NoError(t, err)
		_, err = metrics.Query(ctx, "up")
		channeltest.NoSecret(t, err, base, token)
		return err
	})
}

func TestWarningsAreLogged(t *testing.T) {
	url, _ := server(t, 200, `{"status":"success","warnings":["half of the data is away"],"data":{"resultType":"vector","result":[]}}`)
	var log bytes.Buffer
	metrics, err := prometheus.New(prometheus.Config{URL: url, Token: token, Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	_, err = metrics.Query(t.Context(), "up")
	require.NoError(t, err)
	require.Contains(t, log.String(), "half of the data is away")
	require.NotContains(t, log.String(), token)
}

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	_, err := prometheus.New(prometheus.Config{URL: "prometheus:9090"})
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	require.ErrorContains(t, err, "TOCSIN_PROMETHEUS_URL")
}
