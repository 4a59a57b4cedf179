package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/incident"
)

func TestEveryAnswerToACommandCarriesItsKey(t *testing.T) {
	w := newWorld(t)
	got := w.do("alice", "POST", "/v1/incidents/INC-1/close", "", header("Idempotency-Key", "mine")).want(200)
	require.Equal(t, "mine", got.header.Get("Idempotency-Key"))

	w.commands.Answer(incident.Outcome{}, errDown)
	lost := w.do("alice", "POST", "/v1/incidents/INC-1/close", "")
	lost.problem(503, "unavailable")
	key := lost.header.Get("Idempotency-Key")
	require.NotEmpty(t, key, "what the server made is needed to repeat the command")
	w.commands.Answer(incident.Outcome{}, nil)
	w.do("alice", "POST", "/v1/incidents/INC-1/close", "", header("Idempotency-Key", key)).want(200)
	sent := w.commands.Sent()
	require.Equal(t, sent[1].Header.ID, sent[2].Header.ID)

	declared := w.do("alice", "POST", "/v1/incidents", `{"title":"t","service":"checkout"}`).want(201)
	require.NotEmpty(t, declared.header.Get("Idempotency-Key"))
	require.Empty(t, w.do("alice", "GET", "/v1/me", "").header.Get("Idempotency-Key"))
}

func TestWhatToDoWhenSomethingIsAway(t *testing.T) {
	w := newWorld(t)
	w.grant("machine", "deployer", api.ScopeAlerts)
	w.commands.Answer(incident.Outcome{}, errDown)
	w.intake.Fail(errDown)
	for _, who := range []string{"alice", "grace", "alertmanager"} {
		w.do(who, "GET", "/v1/me", "").want(200) // the token is known from now on
	}
	w.store.Fail(errDown)
	w.clock.Move(time.Hour)
	const firing = `{"status":"firing","labels":{"a":"b"}}`
	for name, tc := range map[string]struct{ as, method, path, body, says string }{
		"a command":     {"alice", "POST", "/v1/incidents/INC-1/close", "", "repeat it with the same Idempotency-Key"},
		"a declaration": {"alice", "POST", "/v1/incidents", `{"title":"t","service":"checkout"}`, "repeat it with the same Idempotency-Key"},
		"reading":       {"alice", "GET", "/v1/incidents", "", "cannot be read"},
		"an alert":      {"alertmanager", "POST", "/v1/alerts/generic", firing, "send the same again"},
		"another write": {"grace", "DELETE", "/v1/tokens/token-of-grace", "", "look before"},
		"not let in":    {"deployer", "POST", "/v1/alerts/generic", firing, "nothing was done"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			got := w.do(tc.as, tc.method, tc.path, tc.body)
			require.Contains(t, got.problem(503, "unavailable").Detail, tc.says)
			require.NotContains(t, string(got.body), "db-7")
			require.Equal(t, "5", got.header.Get("Retry-After"))
		})
	}
	w.t = t
	require.Contains(t, string(w.do("", "POST", w.link(), "").want(503).body), "do it again")
}

func TestWithoutACatalogTheAnswerSaysSo(t *testing.T) {
	w := newWorld(t)
	_, err := w.store.SaveCatalog(t.Context(), nil, 1, "")
	require.NoError(t, err)
	for _, tc := range [][4]string{
		{"alice", "GET", "/v1/oncall", ""},
		{"alice", "POST", "/v1/incidents", `{"title":"t","service":"checkout"}`},
		{"alertmanager", "POST", "/v1/alerts/generic", `{"status":"firing","labels":{"a":"b"}}`},
	} {
		require.Contains(t, w.do(tc[0], tc[1], tc[2], tc[3]).problem(503, "unavailable").Detail, "no catalog yet")
	}
	require.Empty(t, w.intake.Deliveries())
}
