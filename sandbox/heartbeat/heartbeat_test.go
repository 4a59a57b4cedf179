package heartbeat_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/heartbeat"
	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
)

func start(t *testing.T, config heartbeat.Config) (*heartbeat.Server, string) {
	t.Helper()
	s := heartbeat.New(config)
	return s, wiretest.Serve(t, s)
}

func call(t *testing.T, method, url string) (int, string) {
	t.Helper()
	return wiretest.Call(t, method, url, "whatever")
}

func TestBeatsAreSeen(t *testing.T) {
	s, url := start(t, heartbeat.Config{Key: "secret", After: time.Nanosecond})
	_, page := call(t, http.MethodGet, url+"/heartbeat/")
	require.Contains(t, page, "No beat yet")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		status, _ := call(t, method, url+s.Path())
		require.Equal(t, http.StatusOK, status)
	}
	status, _ := call(t, http.MethodGet, url+"/heartbeat/ping/guess")
	require.Equal(t, http.StatusNotFound, status)
	require.Len(t, s.Beats(), 2)
	_, page = call(t, http.MethodGet, url+"/heartbeat/")
	require.Contains(t, page, s.Beats()[1].Format("2006-01-02 15:04:05 MST"))
	_, list := call(t, http.MethodGet, url+"/heartbeat/api/beats")
	require.Contains(t, list, s.Beats()[0].Format("2006-01-02T15:04:05.999999999"))
}

func TestOnlyTheLastBeatsAreKept(t *testing.T) {
	s, url := start(t, heartbeat.Config{})
	for range 105 {
		call(t, http.MethodGet, url+s.Path())
	}
	require.Len(t, s.Beats(), 100)
	_, page := call(t, http.MethodGet, url+"/heartbeat/")
	require.Contains(t, page, "Beating")
}

func TestFaults(t *testing.T) {
	s, url := start(t, heartbeat.Config{})
	require.NoError(t, s.Faults.Add("beat", fault.Fault{Status: http.StatusServiceUnavailable}))
	status, _ := call(t, http.MethodGet, url+s.Path())
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Empty(t, s.Beats())
}
