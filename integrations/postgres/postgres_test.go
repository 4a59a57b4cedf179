package postgres_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/postgres"
	"github.com/tocsinhq/tocsin/integrations/values"
	"github.com/tocsinhq/tocsin/store/storetest"
	"github.com/tocsinhq/tocsin/systems"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

func whole(n int64) *postgres.Rows { return &postgres.Rows{Exactly: &n} }

// statements are what may be done to the orders of the tests.
func statements() []postgres.Statement {
	id := values.Config{Name: "id", Type: "integer"}
	state := values.Config{Name: "state", Type: "text", OneOf: []string{"open", "stuck", "it's; DROP TABLE orders"}}
	return []postgres.Statement{
		{Name: "state-of", SQL: "SELECT state FROM orders WHERE id = $1", Bind: []values.Config{id}},
		{Name: "all", SQL: "SELECT id, state, note\nFROM orders ORDER BY id"},
		{Name: "many", SQL: "SELECT generate_series(1, 1000000000) n, 'row'"},
		{Name: "wide", SQL: "SELECT repeat('ü', 1000), E'a\\nb', NULL"},
		{Name: "huge", SQL: "SELECT repeat('x', 100000000)"},
		{Name: "slow", SQL: "SELECT pg_sleep(60)"},
		{Name: "sneaky", SQL: "UPDATE orders SET state = 'gone'"},
		{Name: "sneaky-function", SQL: "SELECT nextval('numbers')"},
		{Name: "wrong", SQL: "SELECT nothing FROM nowhere"},
		{Name: "two", SQL: "SELECT 1; DROP TABLE orders"},
		{
			Name: "set-state", SQL: "UPDATE orders SET state = $2 WHERE id = $1", Bind: []values.Config{id, state}, Changes: true, Rows: whole(1),
			Expects: []postgres.Check{{Statement: "state-of", Is: "stuck"}}, Done: &postgres.Check{Statement: "state-of", Is: "open"}, Undo: "stick",
		},
		{Name: "stick", SQL: "UPDATE orders SET state = 'stuck' WHERE id = $1", Bind: []values.Config{id}, Changes: true, Rows: whole(1)},
		{Name: "free-all", SQL: "UPDATE orders SET state = 'open'", Changes: true, Rows: &postgres.Rows{Min: 1, Max: 2}},
		{Name: "change-slowly", SQL: "SELECT pg_sleep(60)", Changes: true, Rows: whole(1)},
		{Name: "defer", SQL: "INSERT INTO later VALUES (1), (1)", Changes: true, Rows: whole(2)},
		{Name: "number", SQL: "SELECT nextval('numbers') FROM orders WHERE state = 'stuck'", Changes: true, Immediate: true, Rows: whole(1)},
		{Name: "lock", SQL: "UPDATE orders SET note = 'x' WHERE id = $1", Bind: []values.Config{id}, Changes: true, Rows: whole(1)},
		{Name: "who", SQL: "INSERT INTO notes SELECT current_setting('application_name')", Changes: true, Rows: whole(1)},
		{Name: "twice", SQL: "DELETE FROM orders; DELETE FROM orders", Changes: true, Rows: whole(3)},
	}
}

const schema = `
CREATE TABLE orders (id int PRIMARY KEY, state text NOT NULL, note text);
INSERT INTO orders VALUES (1, 'stuck', NULL), (2, 'stuck', 'late'), (3, 'open', '');
CREATE TABLE later (id int, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE notes (text text);
CREATE SEQUENCE numbers;`

// database is an empty database with the orders in it, and the system that
// works on it.
type database struct {
	*sql.DB
	dsn string
}

func create(t *testing.T) database {
	t.Helper()
	dsn := storetest.Postgres(t)
	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.ExecContext(t.Context(), schema)
	require.NoError(t, err)
	return database{db, dsn}
}

func (d database) system(t *testing.T, dsn string, change func(c *postgres.Config)) *postgres.System {
	t.Helper()
	config := postgres.Config{Name: "orders", DSNFile: file(t, dsn), Statements: statements()}
	if change != nil {
		change(&config)
	}
	s, err := postgres.New(config)
	require.NoError(t, err)
	return s
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dsn")
	require.NoError(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
	return path
}

func (d database) one(t *testing.T, query string) string {
	t.Helper()
	var out string
	require.NoError(t, d.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&out))
	return out
}

// change plans a statement and makes it.
func change(t *testing.T, s *postgres.System, name, values string) (systems.SQLChange, error) {
	t.Helper()
	r := systems.SQLRequest{Statement: name, Values: values}
	plan, err := s.Plan(r)
	require.NoError(t, err)
	return s.Change(t.Context(), r, plan.Covers, "INC-1/step-1")
}

func TestQuery(t *testing.T) {
	t.Parallel()
	d := create(t)
	s := d.system(t, d.dsn, nil)
	got, err := s.Query(t.Context(), systems.SQLRequest{Statement: "all"})
	require.NoError(t, err)
	require.Equal(t, systems.SQLRows{
		Columns: []string{"id", "state", "note"}, Rows: [][]string{{"1", "stuck", "NULL"}, {"2", "stuck", "late"}, {"3", "open", ""}},
	}, got)
	got, err = s.Query(t.Context(), systems.SQLRequest{Statement: "state-of", Values: `{"id": 3}`})
	require.NoError(t, err)
	require.Equal(t, [][]string{{"open"}}, got.Rows)
	got, err = s.Query(t.Context(), systems.SQLRequest{Statement: "state-of", Values: `{"id": 4}`})
	require.NoError(t, err)
	require.Empty(t, got.Rows)
}

func TestWhatAQueryBringsIsBounded(t *testing.T) {
	t.Parallel()
	d := create(t)
	s := d.system(t, d.dsn, nil)
	start := time.Now()
	got, err := s.Query(t.Context(), systems.SQLRequest{Statement: "many"})
	require.NoError(t, err)
	require.Len(t, got.Rows, 20)
	require.True(t, got.More)
	require.Less(t, time.Since(start), 10*time.Second, "a thousand million rows are not waited for")
	got, err = s.Query(t.Context(), systems.SQLRequest{Statement: "wide"})
	require.NoError(t, err)
	require.True(t, got.Cut)
	require.Equal(t, []string{strings.Repeat("ü", 500) + "…", "a b", "NULL"}, got.Rows[0])
	_, err = s.Query(t.Context(), systems.SQLRequest{Statement: "huge"})
	require.Equal(t, incident.Permanent, incident.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "more than 16 MiB")
}

func TestAReadingChangesNothing(t *testing.T) {
	t.Parallel()
	d := create(t)
	s := d.system(t, d.dsn, nil)
	for _, name := range []string{"sneaky", "sneaky-function"} {
		_, err := s.Query(t.Context(), systems.SQLRequest{Statement: name})
		require.Equal(t, incident.Forbidden, incident.KindOf(err), "%s: %v", name, err)
	}
	_, err := s.Query(t.Context(), systems.SQLRequest{Statement: "two"})
	require.Equal(t, incident.Permanent, incident.KindOf(err), "it is one statement: %v", err)
	_, err = s.Query(t.Context(), systems.SQLRequest{Statement: "stick", Values: `{"id": 1}`})
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	_, err = s.Change(t.Context(), systems.SQLRequest{Statement: "all"}, "", "")
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	require.Equal(t, "3", d.one(t, "SELECT count(*) FROM orders WHERE state <> 'gone'"))
}

func TestPlan(t *testing.T) {
	t.Parallel()
	s := database{}.system(t, "postgres://me:secret@db.example.org/orders", nil)
	plan, err := s.Plan(systems.SQLRequest{Statement: "set-state", Values: `{"id": 17, "state": "it's; DROP TABLE orders"}`})
	require.NoError(t, err)
	require.NotEmpty(t, plan.Covers)
	plan.Covers = ""
	require.Equal(t, systems.SQLPlan{
		Text: "UPDATE orders SET state = $2 WHERE id = $1", Binds: []string{"id = 17", `state = "it's; DROP TABLE orders"`},
		Changes: true, Rows: "exactly 1 row", Undo: "stick",
		Expects: []systems.SQLCheck{{Statement: "state-of", Is: "stuck"}}, Done: &systems.SQLCheck{Statement: "state-of", Is: "open"},
	}, plan)
	_, err = s.Plan(systems.SQLRequest{Statement: "state-of", With: "set-state", Values: `{"id": 17, "state": "open"}`})
	require.NoError(t, err, "what it does not take is left out")
}

func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	s := database{}.system(t, "postgres://db.example.org/orders", nil)
	for values, want := range map[string]string{
		``:                                      "id is required",
		`{"id": 1}`:                             "state is required",
		`{"id": "1; DROP", "state": "open"}`:    "id must be a whole number",
		`{"id": 1.5, "state": "open"}`:          "id must be a whole number",
		`{"id": 1, "state": "closed"}`:          "state must be one of",
		`{"id": 1, "state": "open", "more": 2}`: "1 more are given",
		`{"id": null, "state": "open"}`:         "neither text nor a number",
		`{"id": [1], "state": "open"}`:          "neither text nor a number",
		`{"id": 1, "state": "open"} {}`:         "no JSON object",
		`id=1`:                                  "no JSON object",
	} {
		_, err := s.Plan(systems.SQLRequest{Statement: "set-state", Values: values})
		require.Equal(t, incident.Invalid, incident.KindOf(err), values)
		require.ErrorContains(t, err, want, values)
	}
	_, err := s.Plan(systems.SQLRequest{Statement: "DROP TABLE orders"})
	require.Equal(t, incident.NotFound, incident.KindOf(err))
	require.ErrorContains(t, err, "there are all, ")
}

func TestChange(t *testing.T) {
	t.Parallel()
	d := create(t)
	s := d.system(t, d.dsn, nil)
	got, err := change(t, s, "set-state", `{"id": 1, "state": "it's; DROP TABLE orders"}`)
	require.NoError(t, err)
	require.Equal(t, systems.SQLChange{Rows: 1}, got)
	require.Equal(t, "it's; DROP TABLE orders", d.one(t, "SELECT state FROM orders WHERE id = 1"))
	_, err = change(t, s, "who", "")
	require.NoError(t, err)
	require.Equal(t, "tocsin INC-1/step-1", d.one(t, "SELECT text FROM notes"))
}

// TestWhatWouldTouchOtherRowsIsRolledBack and everything else after which
// nothing was changed.
func TestNothingWasChanged(t *testing.T) {
	t.Parallel()
	d := create(t)
	short := func(c *postgres.Config) { c.StatementTimeout = 200 * time.Millisecond }
	for name, test := range map[string]struct {
		statement, values string
		config            func(c *postgres.Config)
		kind              incident.Kind
		says              string
	}{
		"no row":                       {"stick", `{"id": 9}`, nil, incident.Refused, "it would touch 0, not exactly 1 row: it was rolled back"},
		"too many":                     {"free-all", "", nil, incident.Refused, "it would touch 3, not 1 to 2 rows: it was rolled back"},
		"two statements":               {"twice", "", nil, incident.Permanent, "(42601)"},
		"too slow":                     {"change-slowly", "", short, incident.Refused, "statement_timeout"},
		"what the commit finds out":    {"defer", "", nil, incident.Permanent, "(23505)"},
		"what it does at once, to two": {"number", "", nil, incident.Unavailable, "it touched 2, not exactly 1 row: what it does at once is done all the same"},
	} {
		_, err := change(t, d.system(t, d.dsn, test.config), test.statement, test.values)
		require.Equal(t, test.kind, incident.KindOf(err), "%s: %v", name, err)
		require.ErrorContains(t, err, test.says, name)
		require.NotContains(t, err.Error(), "Key (", "details may quote rows")
	}
	require.Equal(t, "2", d.one(t, "SELECT count(*) FROM orders WHERE state = 'stuck'"))
	require.Equal(t, "0", d.one(t, "SELECT count(*) FROM later"))
}

func TestAnotherPlanIsRefused(t *testing.T) {
	t.Parallel()
	d := create(t)
	r := systems.SQLRequest{Statement: "set-state", Values: `{"id": 3, "state": "stuck"}`}
	plan, err := d.system(t, d.dsn, nil).Plan(r)
	require.NoError(t, err)
	for name, change := range map[string]func(c *postgres.Config){
		"statement": func(c *postgres.Config) { c.Statements[10].SQL += " AND state = 'open'" },
		"expects":   func(c *postgres.Config) { c.Statements[10].Expects[0].Is = "open" },
		"done":      func(c *postgres.Config) { c.Statements[10].Done.Is = "stuck" },
		"what a check asks": func(c *postgres.Config) {
			c.Statements[0].SQL = "SELECT 'stuck' FROM orders WHERE id = $1"
		},
	} {
		_, err = d.system(t, d.dsn, change).Change(t.Context(), r, plan.Covers, "key")
		require.Equal(t, incident.Conflict, incident.KindOf(err), name)
	}
	other := systems.SQLRequest{Statement: "set-state", Values: `{"id": 2, "state": "open"}`}
	_, err = d.system(t, d.dsn, nil).Change(t.Context(), other, plan.Covers, "key")
	require.Equal(t, incident.Conflict, incident.KindOf(err), "other values were not approved")
	require.Equal(t, "open", d.one(t, "SELECT state FROM orders WHERE id = 3"))
}

func TestALockThatIsHeldIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	d := create(t)
	tx, err := d.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	_, err = tx.ExecContext(t.Context(), "UPDATE orders SET note = 'mine' WHERE id = 1")
	require.NoError(t, err)
	s := d.system(t, d.dsn, func(c *postgres.Config) { c.LockTimeout = 100 * time.Millisecond })
	_, err = change(t, s, "lock", `{"id": 1}`)
	require.Equal(t, incident.Conflict, incident.KindOf(err), "%v", err)
}

func TestDatabasesThatDoNotLetIn(t *testing.T) {
	t.Parallel()
	d := create(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	_, err = d.ExecContext(t.Context(), "CREATE ROLE "+d.role()+" LOGIN")
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = d.ExecContext(context.WithoutCancel(t.Context()), "DROP ROLE "+d.role()) })
	for name, test := range map[string]struct {
		dsn    string
		read   incident.Kind
		change incident.Kind
		says   string
	}{
		"nobody listens":   {"postgres://me:hunter2@" + closed.Addr().String() + "/orders?sslmode=disable", incident.Unavailable, incident.Permanent, "connection refused"},
		"no such database": {with(t, d.dsn, func(u *url.URL) { u.Path = "/nowhere" }), incident.NotFound, incident.NotFound, "is not there"},
		"no such user":     {with(t, d.dsn, func(u *url.URL) { u.User = url.UserPassword("nobody", "hunter2") }), incident.Forbidden, incident.Forbidden, "refuses the sign-in"},
		"no right to":      {with(t, d.dsn, func(u *url.URL) { u.User = url.User(d.role()) }), incident.Forbidden, incident.Forbidden, "permission denied for table orders"},
	} {
		s := d.system(t, test.dsn, nil)
		_, err := s.Query(t.Context(), systems.SQLRequest{Statement: "all"})
		require.Equal(t, test.read, incident.KindOf(err), "%s: %v", name, err)
		require.ErrorContains(t, err, test.says, name)
		_, err = change(t, s, "stick", `{"id": 3}`)
		require.Equal(t, test.change, incident.KindOf(err), "%s: %v", name, err)
		for _, secret := range []string{"hunter2", "127.0.0.1", "nobody"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

// role is a role's name of the test's own.
func (d database) role() string {
	u, _ := url.Parse(d.dsn)
	return "role_" + strings.TrimPrefix(u.Path, "/")
}

func with(t *testing.T, dsn string, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	change(u)
	return u.String()
}

// relay stands between the system and the real database, and loses what
// follows on a commit.
type relay struct {
	to     string
	listen net.Listener
	// atCommit says what becomes of the commit, and of all that comes after.
	atCommit fate
	lost     atomic.Bool
	wg       sync.WaitGroup
}

type fate int

const (
	passed    fate = iota
	committed      // the database gets it, and its answer is lost
	rolled         // it never arrives
	silent         // it arrives, and nothing is heard any more
	vanished       // it arrives, and the database is gone afterwards
)

func relayed(t *testing.T, d database, f fate) (dsn string) {
	t.Helper()
	u, err := url.Parse(d.dsn)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{to: filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"), listen: l, atCommit: f}
	if u.Query().Get("port") != "" || u.Port() != "" {
		t.Skip("NOT TESTED: the lent PostgreSQL listens elsewhere than the tests' own")
	}
	r.wg.Go(r.serve)
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		r.wg.Wait()
	})
	return fmt.Sprintf("postgres://%s@%s%s?sslmode=disable", u.User.Username(), l.Addr(), u.Path)
}

func (r *relay) serve() {
	for {
		client, err := r.listen.Accept()
		if err != nil {
			return
		}
		if r.lost.Load() && (r.atCommit == vanished || r.atCommit == silent) {
			_ = client.Close()
			continue
		}
		r.wg.Go(func() { r.pass(client) })
	}
}

func (r *relay) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("unix", r.to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var deaf atomic.Bool
	r.wg.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err == nil && !deaf.Load() {
				_, err = client.Write(buf[:n])
			}
			if err != nil {
				if !deaf.Load() || r.atCommit != silent {
					_ = client.Close()
				}
				return
			}
		}
	})
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		commits := r.atCommit != passed && bytes.Contains(buf[:n], []byte("COMMIT\x00"))
		if commits {
			deaf.Store(true)
			r.lost.Store(true)
		}
		if !commits || r.atCommit != rolled {
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
		if commits && r.atCommit != silent {
			// What was sent is still read before the end is.
			return
		}
	}
}

// TestALostAnswerToACommitIsAskedAbout: the database knows what became of a
// transaction.
func TestALostAnswerToACommit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fate   fate
		kind   incident.Kind
		result systems.SQLChange
		state  string
	}{
		"nothing is lost":           {passed, "", systems.SQLChange{Rows: 1}, "open"},
		"it was committed":          {committed, "", systems.SQLChange{Rows: 1, Resolved: true}, "open"},
		"it never arrived":          {rolled, incident.Permanent, systems.SQLChange{}, "stuck"},
		"the database is gone":      {vanished, incident.Unavailable, systems.SQLChange{}, "open"},
		"nothing is heard any more": {silent, incident.Unavailable, systems.SQLChange{}, "open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := create(t)
			s := d.system(t, relayed(t, d, test.fate), func(c *postgres.Config) { c.StatementTimeout = 500 * time.Millisecond })
			got, err := change(t, s, "set-state", `{"id": 1, "state": "open"}`)
			require.Equal(t, test.kind, incident.KindOf(err), "%v", err)
			require.Equal(t, test.result, got)
			require.Eventually(t, func() bool {
				return d.one(t, "SELECT state FROM orders WHERE id = 1") == test.state
			}, 5*time.Second, 10*time.Millisecond)
		})
	}
}
