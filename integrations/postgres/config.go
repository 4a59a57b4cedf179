// Package postgres makes the statements that the systems file has for a
// PostgreSQL database. No text of a statement comes from anywhere else; what a
// run brings is bound, as values of the types that the file gives.
package postgres

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/secret"
	"github.com/tocsinhq/tocsin/integrations/values"
)

// Config says which database it is, and what may be done there.
type Config struct {
	// Name is what runbooks call it.
	Name string `yaml:"name"`
	// DSNFile holds its address: postgres://USER:PASSWORD@HOST/NAME.
	DSNFile string `yaml:"dsn_file"`
	// StatementTimeout and LockTimeout are the database's own limits for one
	// statement; zero is 3 seconds and 1 second, at most 10 minutes.
	StatementTimeout time.Duration `yaml:"statement_timeout"`
	LockTimeout      time.Duration `yaml:"lock_timeout"`
	// MaxRows is how many rows a reading brings; zero is 20, at most 100.
	MaxRows    int         `yaml:"max_rows"`
	Statements []Statement `yaml:"statements"`
}

// Statement is one statement that may be made, with $1, $2 for what is bound.
type Statement struct {
	Name string `yaml:"name"`
	SQL  string `yaml:"sql"`
	// Bind are the values of $1, $2 and so on.
	Bind []values.Config `yaml:"bind"`
	// Changes says that it changes something; without it, its transaction is
	// read-only.
	Changes bool `yaml:"changes"`
	// Immediate says that what it does stays even when its transaction is
	// rolled back, as with pg_terminate_backend.
	Immediate bool `yaml:"immediate"`
	// Rows is how many it must touch, or bring, to be committed.
	Rows *Rows `yaml:"rows"`
	// Expects must hold before it is made, Done holds once it was made.
	Expects []Check `yaml:"expects"`
	Done    *Check  `yaml:"done"`
	// Undo names the statement that takes it back, with the same values.
	Undo string `yaml:"undo"`
}

// Rows is how many rows are expected: exactly so many, or from Min to Max.
type Rows struct {
	Exactly *int64 `yaml:"exactly"`
	Min     int64  `yaml:"min"`
	Max     int64  `yaml:"max"`
}

// Check is what another statement, which only reads, should answer.
type Check struct {
	Statement string `yaml:"statement"`
	Is        string `yaml:"is"`
}

const (
	defaultStatement = 3 * time.Second
	defaultLock      = time.Second
	// quick is the longest a statement may take without being a slow one.
	quick       = defaultStatement
	maxTimeout  = 10 * time.Minute
	defaultRows = 20
	maxRows     = 100
	// maxShown is the longest text of a statement that changes something: an
	// approval shows it whole, with what is bound.
	maxShown = 350
)

// System is one database. It is safe for concurrent use. It keeps no
// connection: each piece of work has one of its own.
type System struct {
	config     Config
	address    pq.Config
	statements map[string]statement
}

// New returns the configured database. It fails with Invalid, saying what to
// correct.
func New(config Config) (*System, error) {
	config.StatementTimeout = cmp.Or(config.StatementTimeout, defaultStatement)
	config.LockTimeout = cmp.Or(config.LockTimeout, defaultLock)
	config.MaxRows = cmp.Or(config.MaxRows, defaultRows)
	dsn, err := secret.Read("dsn_file", config.DSNFile)
	if err != nil {
		return nil, err
	}
	address, err := pq.NewConfig(dsn)
	switch {
	case dsn == "" || err != nil: // the error may quote a password
		return nil, incident.Errorf(incident.Invalid, "dsn_file must name a file that holds an address such as postgres://USER:PASSWORD@HOST/NAME")
	case outside(config.StatementTimeout) || outside(config.LockTimeout):
		return nil, incident.Errorf(incident.Invalid, "correct statement_timeout and lock_timeout: from 1ms to 10m")
	case config.MaxRows < 1 || config.MaxRows > maxRows:
		return nil, incident.Errorf(incident.Invalid, "correct max_rows: from 1 to %d", maxRows)
	case len(config.Statements) == 0:
		return nil, incident.Errorf(incident.Invalid, "list its statements: no others are made")
	}
	s := &System{config: config, address: address, statements: map[string]statement{}}
	for n, one := range config.Statements {
		compiled, err := compile(one)
		if err != nil {
			return nil, fmt.Errorf("correct statements[%d]: %w", n, err)
		}
		if _, twice := s.statements[one.Name]; twice {
			return nil, incident.Errorf(incident.Invalid, "correct statements[%d]: there is a %s before it", n, one.Name)
		}
		s.statements[one.Name] = compiled
	}
	return s, s.agree()
}

func outside(d time.Duration) bool { return d < time.Millisecond || d > maxTimeout }

// agree returns an Invalid error when a statement names another that is not
// there or does not fit.
func (s *System) agree() error {
	for _, name := range slices.Sorted(maps.Keys(s.statements)) {
		one := s.statements[name]
		checks := one.Expects
		if one.Done != nil {
			checks = append(slices.Clone(checks), *one.Done)
		}
		for _, c := range checks {
			other, there := s.statements[c.Statement]
			if !there || other.Changes || !one.takes.Covers(other.takes) {
				return incident.Errorf(incident.Invalid, "correct %s: %q is no statement that only reads and takes the same values", name, c.Statement)
			}
		}
		if one.Undo == "" {
			continue
		}
		if other, there := s.statements[one.Undo]; !there || !other.Changes || !one.takes.Covers(other.takes) {
			return incident.Errorf(incident.Invalid, "correct %s: its undo %q is no statement that changes something and takes the same values", name, one.Undo)
		} else if len(one.shown)+len(other.shown) > maxShown {
			return incident.Errorf(incident.Invalid, "correct %s: with its undo it is longer than %d bytes, which no approval shows whole", name, maxShown)
		}
	}
	return nil
}

// listed names what there is.
func (s *System) listed() string {
	return strings.Join(slices.Sorted(maps.Keys(s.statements)), ", ")
}
