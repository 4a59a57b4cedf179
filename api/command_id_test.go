package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/incident"
)

// sendWith gives a command under a key and returns the id that its incident
// applies once.
func (w *world) sendWith(as, key, path, body string) string {
	w.t.Helper()
	w.do(as, "POST", "/v1/incidents/INC-1/"+path, body, header("Idempotency-Key", key)).want(200)
	sent := w.commands.Sent()
	id := sent[len(sent)-1].Header.ID
	require.LessOrEqual(w.t, len(id), 200)
	return id
}

func TestAKeyIsThatOfOneCallerAndOneCommand(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "bob", api.ScopeRespond)
	note := w.sendWith("alice", "1", "notes", `{"text":"t"}`)
	require.Equal(t, note, w.sendWith("alice", "1", "notes", `{"text":"t"}`), "a repetition is the same command")
	for name, other := range map[string]string{
		"another key":     w.sendWith("alice", "2", "notes", `{"text":"t"}`),
		"another person":  w.sendWith("bob", "1", "notes", `{"text":"t"}`),
		"a machine":       w.sendWith("alertmanager", "1", "notes", `{"text":"t"}`),
		"another command": w.sendWith("alice", "1", "resolve", `{"fix":"f"}`),
	} {
		require.NotEqual(t, note, other, name)
	}
}

func TestADeclarationIsThatOfOneCaller(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "bob", api.ScopeRespond)
	for _, who := range []string{"alice", "bob", "alice"} {
		w.do(who, "POST", "/v1/incidents", `{"title":"t","service":"checkout"}`, header("Idempotency-Key", "1")).want(201)
	}
	made := w.intake.Declarations()
	require.NotEqual(t, made[0].ID, made[1].ID)
	require.Equal(t, made[0].ID, made[2].ID)
}

// Whoever sees a page's key must not be able to use up the tap of its link.
func TestNoTokenUsesUpWhatALinkWillSend(t *testing.T) {
	w := newWorld(t)
	w.do("", "POST", w.link(), "").want(200)
	tap := w.commands.Sent()[0].Header.ID
	for _, key := range []string{tap, pageKey, "link-" + api.HashToken(pageKey+" alice")} {
		require.NotEqual(t, tap, w.sendWith("alice", key, "acknowledge", `{"page":"`+pageKey+`"}`))
		require.NotEqual(t, tap, w.sendWith("alertmanager", key, "notes", `{"text":"t"}`))
	}
	require.Equal(t, incident.Acknowledge{Page: pageKey}, w.commands.Sent()[0].Args)
}
