package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// beforeOnCall is the last migration of the release before schedules could be
// changed by people.
const beforeOnCall = 5

// wroteBefore is what that release writes, and still does while processes of
// both run.
func wroteBefore(t *testing.T, s *store.Store, number, name string) {
	t.Helper()
	i, at := someIncident(number), noon().UTC().Format("2006-01-02 15:04:05.000000+00:00")
	i.Holder = "ana"
	doc, err := json.Marshal(i)
	require.NoError(t, err)
	c := firing(name)
	alert, err := json.Marshal(c.Alerts[0])
	require.NoError(t, err)
	for _, row := range []struct {
		statement string
		args      []any
	}{
		{`INSERT INTO claims (number, service, team, key, title, storm, recurs, at, started_at, listed, more, truncated)
			VALUES (?, ?, '', ?, 'T', 0, '', ?, ?, 1, 0, 0)`, []any{number, c.Service, c.Key, at, at}},
		{`INSERT INTO claim_keys (service, key, number, at, reason) VALUES (?, ?, ?, ?, '')`, []any{c.Service, c.Key, number, at}},
		{`INSERT INTO facts (service, key, fingerprint, number, status, starts_at, count, first_seen, last_seen, listed, alert)
			VALUES (?, ?, ?, ?, 'firing', ?, 1, ?, ?, 1, ?)`, []any{c.Service, c.Key, c.Alerts[0].Fingerprint, number, at, at, at, string(alert)}},
		{
			`INSERT INTO incidents (number, n, phase, service, team, key, severity, urgency, holder, commander, title, opened_at, updated_at,
			gone_reason, revision, doc) VALUES (?, 1, 'triaging', ?, '', ?, '', 'urgent', 'ana', '', 'T', ?, ?, '', 1, ?)`,
			[]any{number, c.Service, c.Key, at, at, string(doc)},
		},
		{`INSERT INTO timeline (incident, epoch, sequence, kind, actor_kind, actor, role, source, text, highlight, redacted_by, redacted_reason)
			VALUES (?, 'run', 1, 'opened', 'tocsin', '', '', '', 'T', 0, '', '')`, []any{number}},
		{`INSERT INTO pages (key, incident, summons, person, contact, kind, reason, due_at, state, error)
			VALUES (?, ?, 's', 'ana', 'phone', 'push', 'r', ?, 'sent', '')`, []any{number + "/p", number, at}},
		{`INSERT INTO attempts (key, at, incident, what, error) VALUES (?, ?, ?, 'page', '')`, []any{number + "/p", at, number}},
		{
			`INSERT INTO tokens (id, hash, kind, owner, scopes, name, created_at) VALUES (?, ?, 'machine', 'm', 'alerts', '', ?)`,
			[]any{number, hash(number), at},
		},
	} {
		require.NoError(t, s.Exec(t.Context(), row.statement, row.args...))
	}
}

func TestWhatThePreviousReleaseWroteGoesOn(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		s, err := store.Open(ctx, dsn)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		require.NoError(t, s.MigrateTo(ctx, beforeOnCall))
		wroteBefore(t, s, "INC-900", "before")
		require.NoError(t, s.Migrate(ctx))
		wroteBefore(t, s, "INC-901", "beside")
		for number, name := range map[string]string{"INC-900": "before", "INC-901": "beside"} {
			got := claim(t, s, firing(name))
			require.Equal(t, number, got.Number)
			require.Empty(t, got.News, "it is known")
			pages, _, err := s.Pages(ctx, store.PageFilter{Incident: number, Open: true})
			require.NoError(t, err)
			require.Len(t, pages, 1)
			attempts, err := s.Attempts(ctx, number)
			require.NoError(t, err)
			require.Len(t, attempts, 1)
			lines, _, err := s.Timeline(ctx, number, store.TimelineFilter{})
			require.NoError(t, err)
			require.Len(t, lines, 1)
			token, err := s.TokenByHash(ctx, hash(number))
			require.NoError(t, err)
			require.True(t, token.Valid(time.Now()))
			record(t, s, someIncident(number))
		}
		numbers, err := s.OpenOf(ctx, []string{"checkout"}, []string{"ana", someIncident("").Holder})
		require.NoError(t, err)
		require.Len(t, numbers, 2)
		list, err := s.Suppressing(ctx)
		require.NoError(t, err)
		require.Empty(t, list)
		i, err := s.Incident(ctx, "INC-900")
		require.NoError(t, err)
		require.NotEqual(t, incident.Closed, i.Phase)
	})
}
