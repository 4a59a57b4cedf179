package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/store"
)

const diskOrder = `{"matchers": ["host=\"db1\""], "until": "2026-03-01T04:00:00Z", "reason": "the disk is being replaced"}`

func TestSilences(t *testing.T) {
	w := newWorld(t)
	var made, got client.Silence
	w.do("alice", "POST", "/v1/silences", diskOrder).want(201, &made)
	require.Equal(t, "alice", made.Owner)
	require.Equal(t, "alice", made.By)
	require.Equal(t, client.SilenceState("active"), made.State)
	require.Equal(t, night, made.From)
	require.Equal(t, `host="db1"`, made.Scope)
	w.do("alice", "GET", "/v1/silences/"+made.Id, "").want(200, &got)
	require.Equal(t, made, got)

	var list client.SilenceList
	w.do("alice", "GET", "/v1/silences?owner=me&kind=silence", "").want(200, &list)
	require.Len(t, list.Silences, 1)
	w.do("alice", "GET", "/v1/silences?owner=bob", "").want(200, &list)
	require.Empty(t, list.Silences)

	w.clock.Move(time.Minute)
	w.do("alice", "DELETE", "/v1/silences/"+made.Id, "").want(200, &got)
	require.Equal(t, client.SilenceState("over"), got.State)
	require.Equal(t, night.Add(time.Minute), got.EndedAt)
	w.do("alice", "GET", "/v1/silences", "").want(200, &list)
	require.Empty(t, list.Silences)
	w.do("alice", "GET", "/v1/silences?all=true", "").want(200, &list)
	require.Len(t, list.Silences, 1)
}

func TestMaintenanceRecurs(t *testing.T) {
	w := newWorld(t)
	var made client.Silence
	w.do("alice", "POST", "/v1/silences", `{"kind": "maintenance", "service": "search", "owner": "bob", "reason": "weekly reindex",
		"from": "2026-03-01T00:00:00Z", "until": "2026-12-01T00:00:00Z", "zone": "Europe/Berlin",
		"recurring": [{"days": ["sunday"], "from": "04:00", "until": "06:00"}]}`).want(201, &made)
	require.Equal(t, client.SilenceState("resting"), made.State, "it is 03:00 in Berlin")
	w.clock.Move(time.Hour)
	w.do("alice", "GET", "/v1/silences/"+made.Id, "").want(200, &made)
	require.Equal(t, client.SilenceState("active"), made.State)
}

func TestSilencesRefuse(t *testing.T) {
	w := newWorld(t)
	for body, field := range map[string]string{
		`{"matchers": ["host=\"db1\""], "until": "2026-03-01T04:00:00Z"}`:                                             "reason",
		`{"until": "2026-03-01T04:00:00Z", "reason": "r"}`:                                                            "matchers",
		`{"service": "x", "until": "2026-03-01T04:00:00Z", "reason": "r"}`:                                            "service",
		`{"service": "search", "until": "2026-02-01T04:00:00Z", "reason": "r"}`:                                       "until",
		`{"service": "search", "until": "2027-03-01T04:00:00Z", "reason": "r"}`:                                       "until",
		`{"service": "search", "reason": "r"}`:                                                                        "until",
		`{"when": "labels.host.matches('((a{99}){99})')", "until": "2026-03-01T04:00:00Z", "reason": "r"}`:            "when",
		`{"service": "search", "owner": "zoe", "until": "2026-03-01T04:00:00Z", "reason": "r"}`:                       "owner",
		`{"service": "search", "until": "2026-03-01T04:00:00Z", "reason": "r", "recurring": [{"days": ["someday"]}]}`: "recurring[0].days[0]",
		`{"service": "search", "until": "2026-03-01T04:00:00Z", "reason": "r", "kind": "holiday"}`:                    "kind",
	} {
		require.Equal(t, field, w.do("alice", "POST", "/v1/silences", body).problem(400, "invalid").Field, body)
	}
	w.do("alertmanager", "POST", "/v1/silences", diskOrder).problem(403, "forbidden")
	w.do("alice", "GET", "/v1/silences/s-9", "").problem(404, "not-found")
	w.do("alice", "DELETE", "/v1/silences/s-9", "").problem(404, "not-found")
}

func TestSilencePreview(t *testing.T) {
	w := newWorld(t)
	heard := func(host string, status alerts.Status) alerts.Alert {
		return alerts.Alert{
			Status: status, Fingerprint: host + string(status), StartsAt: night, Labels: map[string]string{"alertname": "DiskFull", "host": host},
		}
	}
	_, err := w.config.Duty.(*store.Store).Claim(t.Context(), []store.Claim{{
		Service: "search", Key: "k", Title: "t", At: night,
		Alerts: []alerts.Alert{heard("db1", alerts.Firing), heard("db2", alerts.Firing), heard("db1", alerts.Resolved)},
	}})
	require.NoError(t, err)
	var got client.SilencePreview
	w.do("alice", "POST", "/v1/silences/preview", `{"matchers": ["host=\"db1\""], "until": "2026-03-01T04:00:00Z"}`).want(200, &got)
	require.Len(t, got.Firing, 1)
	require.Len(t, got.Seen, 1)
	require.Zero(t, got.More)
	require.Equal(t, "DiskFull", got.Firing[0].Alert)
	require.Equal(t, "search", got.Firing[0].Service)
	var list client.SilenceList
	w.do("alice", "GET", "/v1/silences", "").want(200, &list)
	require.Empty(t, list.Silences, "nothing is silenced")
	w.do("alertmanager", "POST", "/v1/silences/preview", `{"matchers": ["host=\"db1\""], "until": "2026-03-01T04:00:00Z"}`).problem(403, "forbidden")
	w.do("alertmanager", "GET", "/v1/silences?owner=me", "").problem(400, "invalid")
}
