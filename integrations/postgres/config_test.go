package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/postgres"
	"github.com/tocsinhq/tocsin/integrations/values"
)

func TestBadConfigurations(t *testing.T) {
	t.Parallel()
	one := func(s postgres.Statement) func(*postgres.Config) {
		return func(c *postgres.Config) { c.Statements = append(c.Statements, s) }
	}
	binding := func(b values.Config) func(*postgres.Config) {
		return one(postgres.Statement{Name: "x", SQL: "SELECT $1", Bind: []values.Config{b}})
	}
	low := 1.0
	for want, change := range map[string]func(c *postgres.Config){
		"dsn_file must name a file":                                    func(c *postgres.Config) { c.DSNFile = "" },
		"dsn_file names a file that cannot be read":                    func(c *postgres.Config) { c.DSNFile = "/nowhere" },
		"that holds an address such as":                                func(c *postgres.Config) { c.DSNFile = file(t, "postgres://me:hunter2@[::1/x") },
		"correct statement_timeout":                                    func(c *postgres.Config) { c.StatementTimeout = time.Hour },
		"and lock_timeout":                                             func(c *postgres.Config) { c.LockTimeout = -time.Second },
		"correct max_rows: from 1 to 100":                              func(c *postgres.Config) { c.MaxRows = 101 },
		"list its statements":                                          func(c *postgres.Config) { c.Statements = nil },
		"there is a all before it":                                     one(postgres.Statement{Name: "all", SQL: "SELECT 1"}),
		"its name is not lower-case words":                             one(postgres.Statement{Name: "X", SQL: "SELECT 1"}),
		"its sql is none that fits into a transaction":                 one(postgres.Statement{Name: "x", SQL: " (\n commit"}),
		"statements[19]: its sql is none":                              one(postgres.Statement{Name: "x"}),
		"its sql holds a comment":                                      one(postgres.Statement{Name: "x", SQL: "SELECT 1 -- one"}),
		"does not say how many rows it must touch":                     one(postgres.Statement{Name: "x", SQL: "DELETE FROM x", Changes: true}),
		"there is nothing to expect, count or undo":                    one(postgres.Statement{Name: "x", SQL: "SELECT 1", Undo: "all"}),
		"neither exactly so many nor from min to max":                  one(postgres.Statement{Name: "x", SQL: "DELETE FROM x", Changes: true, Rows: &postgres.Rows{Min: 3, Max: 2}}),
		"its sql is longer than 350 bytes":                             one(postgres.Statement{Name: "x", SQL: "DELETE FROM x WHERE a = '" + strings.Repeat("a", 350) + "'", Changes: true, Rows: whole(1)}),
		"its sql has $2 and binds 1 values":                            one(postgres.Statement{Name: "x", SQL: "SELECT $2", Bind: []values.Config{{Name: "a", Type: "integer"}}}),
		"it binds 1 values and its sql uses 0":                         one(postgres.Statement{Name: "x", SQL: "SELECT 1", Bind: []values.Config{{Name: "a", Type: "integer"}}}),
		`its value "A" has a name`:                                     binding(values.Config{Name: "A", Type: "integer"}),
		"is of none of the types text, name, integer, number, boolean": binding(values.Config{Name: "a", Type: "date"}),
		"is any text":                                                  binding(values.Config{Name: "a", Type: "text"}),
		"has a match that is no regular expression":                    binding(values.Config{Name: "a", Type: "text", Match: "("}),
		"lists what it may be, and is no text":                         binding(values.Config{Name: "a", Type: "integer", OneOf: []string{"1"}}),
		"has bounds, and is no number":                                 binding(values.Config{Name: "a", Type: "name", Min: &low}),
		`correct x: "stick" is no statement that only reads`:           one(postgres.Statement{Name: "x", SQL: "DELETE FROM x", Changes: true, Rows: whole(1), Done: &postgres.Check{Statement: "stick"}}),
		`correct x: "state-of" is no statement that only reads and takes the same values`:              one(postgres.Statement{Name: "x", SQL: "DELETE FROM x", Changes: true, Rows: whole(1), Expects: []postgres.Check{{Statement: "state-of"}}}),
		`correct x: its undo "all" is no statement that changes something and takes the same values`:   one(postgres.Statement{Name: "x", SQL: "DELETE FROM x", Changes: true, Rows: whole(1), Undo: "all"}),
		`correct x: its undo "nope" is no statement that changes something and takes the same values`:  one(postgres.Statement{Name: "x", SQL: "DELETE FROM x", Changes: true, Rows: whole(1), Undo: "nope"}),
		`correct x: its undo "stick" is no statement that changes something and takes the same values`: one(postgres.Statement{Name: "x", SQL: "DELETE FROM x", Changes: true, Rows: whole(1), Undo: "stick"}),
		"correct x: with its undo it is longer than 350 bytes": func(c *postgres.Config) {
			c.Statements = append(c.Statements,
				postgres.Statement{Name: "x", SQL: "DELETE FROM x WHERE a = '" + strings.Repeat("a", 200) + "'", Changes: true, Rows: whole(1), Undo: "y"},
				postgres.Statement{Name: "y", SQL: "DELETE FROM y WHERE a = '" + strings.Repeat("a", 200) + "'", Changes: true, Rows: whole(1)})
		},
	} {
		config := postgres.Config{Name: "orders", DSNFile: file(t, "postgres://me:hunter2@db.example.org/orders"), Statements: statements()}
		change(&config)
		_, err := postgres.New(config)
		require.Equal(t, incident.Invalid, incident.KindOf(err), want)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
