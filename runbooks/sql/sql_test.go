package sql_test

import (
	"context"
	"database/sql"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/postgres"
	"github.com/tocsinhq/tocsin/integrations/values"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/sql"
	"github.com/tocsinhq/tocsin/store/storetest"
	"github.com/tocsinhq/tocsin/systems"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

// orders is a real database, of which answers to changes get lost.
type orders struct {
	*postgres.System
	db  *sql.DB
	say runbooktest.Say
	// fates befall the changes, one after the other.
	fates []fate
}

type fate int

const (
	arrives    fate = iota
	answerLost      // it is committed, and nobody hears of it
	callLost        // it never arrives
	blocked         // somebody else changes the row first
)

func (o *orders) Change(ctx context.Context, r systems.SQLRequest, covers, key string) (systems.SQLChange, error) {
	o.say("makes %s, key %s", r.Statement, key)
	what := arrives
	if len(o.fates) > 0 {
		what, o.fates = o.fates[0], o.fates[1:]
	}
	unknown := incident.Errorf(incident.Unavailable, "the answer to its commit was lost")
	switch what {
	case callLost:
		return systems.SQLChange{}, unknown
	case blocked:
		_, _ = o.db.ExecContext(ctx, "UPDATE orders SET state = 'paid' WHERE id = 1")
	}
	did, err := o.System.Change(ctx, r, covers, key)
	if what == answerLost {
		return systems.SQLChange{}, unknown
	}
	return did, err
}

func exactly(n int64) *postgres.Rows { return &postgres.Rows{Exactly: &n} }

func statements() []postgres.Statement {
	id := []values.Config{{Name: "id", Type: "integer"}}
	return []postgres.Statement{
		{Name: "state", SQL: "SELECT state FROM orders WHERE id = $1", Bind: id},
		{Name: "all", SQL: "SELECT id, state FROM orders ORDER BY id"},
		{Name: "url", SQL: "SELECT 'amqp://bob:hunter2@mq'"},
		{Name: "none", SQL: "SELECT id FROM orders WHERE id = 0"},
		{Name: "secrets", SQL: "SELECT id, 'hunter2' AS api_token, 'amqp://bob:hunter2@mq' AS url FROM orders WHERE id = 1"},
		{Name: "states", SQL: "SELECT state FROM orders"},
		{
			Name: "release", SQL: "UPDATE orders SET state = 'open' WHERE id = $1 AND state = 'stuck'", Bind: id, Changes: true, Rows: exactly(1),
			Expects: []postgres.Check{{Statement: "state", Is: "stuck"}}, Done: &postgres.Check{Statement: "state", Is: "open"}, Undo: "hold",
		},
		{
			Name: "hold", SQL: "UPDATE orders SET state = 'stuck' WHERE id = $1", Bind: id, Changes: true, Rows: exactly(1),
			Done: &postgres.Check{Statement: "state", Is: "stuck"},
		},
		{Name: "count-up", SQL: "UPDATE orders SET tries = tries + 1 WHERE id = $1", Bind: id, Changes: true, Rows: exactly(1)},
		{
			Name: "claims", SQL: "UPDATE orders SET tries = 0 WHERE id = $1", Bind: id, Changes: true, Rows: exactly(1),
			Done: &postgres.Check{Statement: "states", Is: "open"},
		},
		{
			Name: "guarded", SQL: "UPDATE orders SET tries = 8 WHERE id = $1", Bind: id, Changes: true, Rows: exactly(1),
			Expects: []postgres.Check{{Statement: "url", Is: "[redacted]"}},
		},
		{
			Name: "pretends", SQL: "UPDATE orders SET tries = 9 WHERE id = $1", Bind: id, Changes: true, Rows: exactly(1),
			Done: &postgres.Check{Statement: "state", Is: "open"}, Undo: "count-up",
		},
	}
}

func create(t *testing.T, fates []fate) *orders {
	t.Helper()
	dsn := storetest.Postgres(t)
	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.ExecContext(t.Context(), `CREATE TABLE orders (id int PRIMARY KEY, state text, tries int DEFAULT 0);
		INSERT INTO orders VALUES (1, 'stuck'), (2, 'open')`)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "dsn")
	require.NoError(t, os.WriteFile(path, []byte(dsn), 0o600))
	s, err := postgres.New(postgres.Config{Name: "orders", DSNFile: path, Statements: statements()})
	require.NoError(t, err)
	return &orders{System: s, db: db, fates: fates}
}

var planned = regexp.MustCompile(`\(plan [0-9a-f]{24}\)`)

// play runs a runbook on the real database.
func play(t *testing.T, b runbook.Runbook, o *orders, s runbooktest.Script) []string {
	t.Helper()
	s.Activities = func(say runbooktest.Say) []any {
		o.say = say
		return []any{&activities.SQL{Systems: map[string]activities.SQLSystem{"orders": o}}}
	}
	got := runbooktest.Play(t, b, s)
	for n := range got {
		got[n] = planned.ReplaceAllString(got[n], "(plan)")
	}
	return got
}

const (
	release = `at orders: UPDATE orders SET state = 'open' WHERE id = $1 AND state = 'stuck'; $1 id = 1; touching exactly 1 row, else rolled back (plan)`
	hold    = `at orders: UPDATE orders SET state = 'stuck' WHERE id = $1; $1 id = 1; touching exactly 1 row, else rolled back (plan)`
	countUp = `at orders: UPDATE orders SET tries = tries + 1 WHERE id = $1; $1 id = 1; touching exactly 1 row, else rolled back (plan)`

	asked = `
00:00 started alice started sql-statement with database=orders statement=release values="{\"id\": 1}"
00:00 asks approve sql-statement-1-1: Release at orders?
00:00   release at orders: ` + release + `; provided that state at orders is stuck; undone by: ` + hold + `
00:12 answered bob: approve
`
	counting = `
00:00 started alice started sql-statement with database=orders statement=count-up values="{\"id\": 1}"
00:00 asks approve sql-statement-1-1: Count-up at orders?
00:00   count-up at orders: ` + countUp + `; nothing undoes it
00:12 answered bob: approve
00:12 makes count-up, key INC-1/runbook/sql-statement/1/step-1
`
)

func says(choice string) runbooktest.Answer {
	return runbooktest.Answer{After: time.Minute, By: "carol", Choice: choice}
}

func yes(then ...runbooktest.Answer) []runbooktest.Answer {
	return append([]runbooktest.Answer{{After: 12 * time.Second, By: "bob", Choice: "approve"}}, then...)
}

func TestStatement(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before string
		fates  []fate
		script runbooktest.Script
		want   string
		// state and tries are those of the first order afterwards.
		state string
		tries int
	}{
		"dry run": {script: runbooktest.Script{DryRun: true}, state: "stuck", want: `
00:00 started alice started a dry run of sql-statement with database=orders statement=release values="{\"id\": 1}"
00:00 note would ask for approval, for at most 15 min: Release at orders?
00:00 note would call: ` + release + `; provided that state at orders is stuck; undone by: ` + hold + `
00:00 note would wait, for at most 1 min, until state at orders is open
00:00 ended done: dry run: nothing was changed
`},
		"done": {script: runbooktest.Script{Answers: yes()}, state: "open", want: asked + `
00:12 makes release, key INC-1/runbook/sql-statement/1/step-1
00:12 step release at orders: done (` + release + `)
00:12 note release at orders touched 1
00:12 ended done: release at orders
`},
		"the world has moved": {before: "UPDATE orders SET state = 'paid'", script: runbooktest.Script{Answers: yes()}, state: "paid", want: asked + `
00:12 step release at orders: failed: the world has moved: state at orders is paid, not stuck
00:12 ended failed: release at orders: the world has moved: state at orders is paid, not stuck
`},
		"it moves at the last moment": {fates: []fate{blocked}, script: runbooktest.Script{Answers: yes()}, state: "paid", want: asked + `
00:12 makes release, key INC-1/runbook/sql-statement/1/step-1
00:12 step release at orders: failed: it would touch 0, not exactly 1 row: it was rolled back
00:12 ended failed: release at orders: it would touch 0, not exactly 1 row: it was rolled back
`},
		"its answer is lost": {fates: []fate{answerLost}, script: runbooktest.Script{Answers: yes()}, state: "open", want: asked + `
00:12 makes release, key INC-1/runbook/sql-statement/1/step-1
00:13 step release at orders: done (` + release + `)
00:13 ended done: release at orders
`},
		"it does not arrive": {fates: []fate{callLost}, script: runbooktest.Script{Answers: yes()}, state: "open", want: asked + `
00:12 makes release, key INC-1/runbook/sql-statement/1/step-1
00:13 makes release, key INC-1/runbook/sql-statement/1/step-1
00:13 step release at orders: done (` + release + `)
00:13 note release at orders touched 1
00:13 ended done: release at orders
`},
		"without a check a person looks": {
			fates:  []fate{answerLost},
			script: runbooktest.Script{Params: map[string]string{"statement": "count-up"}, Answers: yes(says("it happened"))},
			state:  "stuck", tries: 1, want: counting + `
00:12 asks sql-statement-1-2: Nobody can tell whether this happened: ` + countUp + ` (the answer to its commit was lost). Look, and say. [try again it happened it did not]
01:12 answered carol: it happened
01:12 step count-up at orders: done (` + countUp + `)
01:12 ended done: count-up at orders
`,
		},
		"what it should bring about does not come, and it is undone": {
			script: runbooktest.Script{Params: map[string]string{"statement": "pretends"}, Answers: yes(says("undo"))},
			state:  "stuck", tries: 10, want: strings.NewReplacer("PRETENDS", "at orders: UPDATE orders SET tries = 9 WHERE id = $1; $1 id = 1; touching exactly 1 row, else rolled back (plan)", "COUNTUP", countUp).Replace(`
00:00 started alice started sql-statement with database=orders statement=pretends values="{\"id\": 1}"
00:00 asks approve sql-statement-1-1: Pretends at orders?
00:00   pretends at orders: PRETENDS; undone by: COUNTUP
00:12 answered bob: approve
00:12 makes pretends, key INC-1/runbook/sql-statement/1/step-1
00:12 step pretends at orders: done (PRETENDS)
00:12 note pretends at orders touched 1
01:12 asks sql-statement-1-2: State at orders is still stuck, not open, after 1 min. Undo pretends at orders? [keep undo]
01:12   undo pretends at orders: COUNTUP
02:12 answered carol: undo
02:12 makes count-up, key INC-1/runbook/sql-statement/1/step-1/undo
02:12 step undo pretends at orders: done (COUNTUP)
02:12 ended failed: state at orders is still stuck, not open, after 1 min; undone: pretends at orders
`),
		},
		"a check that brings two rows is none": {
			script: runbooktest.Script{Params: map[string]string{"statement": "claims"}, Answers: yes()}, state: "stuck",
			want: strings.ReplaceAll(`
00:00 started alice started sql-statement with database=orders statement=claims values="{\"id\": 1}"
00:00 asks approve sql-statement-1-1: Claims at orders?
00:00   claims at orders: at orders: UPDATE orders SET tries = 0 WHERE id = $1; $1 id = 1; touching exactly 1 row, else rolled back (plan); nothing undoes it
00:12 answered bob: approve
00:12 step claims at orders: failed: WHY
00:12 ended failed: claims at orders: WHY
`, "WHY", "states at orders cannot be read: it brings more than one row, or more than is taken of one"),
		},
		"a check that brings a secret is none": {
			script: runbooktest.Script{Params: map[string]string{"statement": "guarded"}, Answers: yes()}, state: "stuck",
			want: strings.ReplaceAll(`
00:00 started alice started sql-statement with database=orders statement=guarded values="{\"id\": 1}"
00:00 asks approve sql-statement-1-1: Guarded at orders?
00:00   guarded at orders: at orders: UPDATE orders SET tries = 8 WHERE id = $1; $1 id = 1; touching exactly 1 row, else rolled back (plan); provided that url at orders is [redacted]; nothing undoes it
00:12 answered bob: approve
00:12 step guarded at orders: failed: WHY
00:12 ended failed: guarded at orders: WHY
`, "WHY", "url at orders cannot be read: it brings what looks like a secret"),
		},
		"refused": {script: runbooktest.Script{Answers: []runbooktest.Answer{says("refuse")}}, state: "stuck", want: strings.Replace(asked, "00:12 answered bob: approve", "01:00 answered carol: refuse", 1) + `
01:00 ended refused: by carol
`},
		"a statement that only reads": {script: runbooktest.Script{Params: map[string]string{"statement": "state"}}, state: "stuck", want: `
00:00 started alice started sql-statement with database=orders statement=state values="{\"id\": 1}"
00:00 ended failed: state changes nothing: use sql-query
`},
		"values that do not fit": {script: runbooktest.Script{Params: map[string]string{"values": `{"id": "1 OR 1=1"}`}}, state: "stuck", want: `
00:00 started alice started sql-statement with database=orders statement=release values="{\"id\": \"1 OR 1=1\"}"
00:00 ended failed: what the systems file says of release at orders cannot be read: the values do not fit: id must be a whole number, such as 3
`},
		"no such statement": {script: runbooktest.Script{Params: map[string]string{"statement": "drop"}}, state: "stuck", want: `
00:00 started alice started sql-statement with database=orders statement=drop values="{\"id\": 1}"
00:00 ended failed: what the systems file says of drop at orders cannot be read: the systems file has no statement "drop" for orders: there are all, claims, count-up, guarded, hold, none, pretends, release, secrets, state, states, url
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := create(t, test.fates)
			if test.before != "" {
				_, err := o.db.ExecContext(t.Context(), test.before)
				require.NoError(t, err)
			}
			script := test.script
			script.Params = map[string]string{"database": "orders", "statement": "release", "values": `{"id": 1}`}
			maps.Copy(script.Params, test.script.Params)
			require.Equal(t, lines(test.want), play(t, books.Statement(), o, script))
			var state string
			var tries int
			require.NoError(t, o.db.QueryRowContext(t.Context(), "SELECT state, tries FROM orders WHERE id = 1").Scan(&state, &tries))
			require.Equal(t, test.state, state)
			require.Equal(t, test.tries, tries)
		})
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]string{
		"all": `
00:00 started alice started sql-query with database=orders statement=all
00:00 note all at orders: 2 rows
00:00 keeps all at orders:
00:00   id | state
00:00   1 | stuck
00:00   2 | open
00:00 output all at orders: 3 lines, 29 bytes (output sql-query-1-1)
00:00 ended done
`,
		"none": `
00:00 started alice started sql-query with database=orders statement=none
00:00 note none at orders: 0 rows
00:00 ended done
`,
		"secrets": `
00:00 started alice started sql-query with database=orders statement=secrets
00:00 note secrets at orders: 1 row, 2 removed that looked like secrets
00:00 keeps secrets at orders:
00:00   id | api_token | url
00:00   1 | [redacted] | amqp://bob:[redacted]@mq
00:00 output secrets at orders: 2 lines, 62 bytes (output sql-query-1-1)
00:00 ended done
`,
		"release": `
00:00 started alice started sql-query with database=orders statement=release
00:00 ended failed: what the systems file says of release at orders cannot be read: the values do not fit: id is required (id)
`,
	} {
		got := play(t, books.Query(), create(t, nil), runbooktest.Script{Params: map[string]string{"database": "orders", "statement": statement}})
		require.Equal(t, lines(want), got)
	}
	got := play(t, books.Query(), create(t, nil), runbooktest.Script{Params: map[string]string{"database": "orders", "statement": "release", "values": `{"id": 1}`}})
	require.Equal(t, "00:00 ended failed: release changes something: use sql-statement", got[1])
}

func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			all = append(all, line)
		}
	}
	return all
}
