package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// Change makes a statement that changes something in a transaction of its own,
// provided that the plan is still what covers identifies, and commits it when it
// touched as many rows as it must. It fails with Unavailable when nobody knows
// whether it was committed; after any other kind nothing was changed.
func (s *System) Change(ctx context.Context, r systems.SQLRequest, covers, key string) (systems.SQLChange, error) {
	a, err := s.find(r)
	switch {
	case err != nil:
		return systems.SQLChange{}, err
	case !a.Changes:
		return systems.SQLChange{}, incident.Errorf(incident.Invalid, "%s changes nothing, says the systems file", r.Statement)
	case covers != s.covers(a):
		return systems.SQLChange{}, incident.Errorf(incident.Conflict, "the systems file says something else of this statement than when it was planned")
	}
	l, err := s.open(ctx)
	if err != nil {
		return systems.SQLChange{}, s.unchanged(ctx, err)
	}
	defer l.close()
	who := identity(ctx, l)
	tx, err := s.begin(ctx, l, false, application(key))
	if err != nil {
		return systems.SQLChange{}, s.unchanged(ctx, err)
	}
	defer func() { _ = tx.Rollback() }()
	touched, err := s.touch(ctx, tx, a)
	if err != nil {
		return systems.SQLChange{}, err
	}
	m := mark{server: who}
	if err := tx.QueryRowContext(ctx, `SELECT txid_current()`).Scan(&m.xid); err != nil {
		return systems.SQLChange{}, s.touchFailed(ctx, a, err)
	}
	return s.commit(ctx, tx, m, touched)
}

// touch makes the statement and holds what it touched to what is expected.
func (s *System) touch(ctx context.Context, tx *sql.Tx, a asked) (int64, error) {
	statement, err := tx.PrepareContext(ctx, a.SQL)
	if err != nil {
		return 0, s.unchanged(ctx, err)
	}
	defer func() { _ = statement.Close() }()
	result, err := statement.ExecContext(ctx, a.args()...)
	if err != nil {
		return 0, s.touchFailed(ctx, a, err)
	}
	touched, err := result.RowsAffected()
	if err != nil {
		return 0, s.touchFailed(ctx, a, err)
	}
	if a.Rows.holds(touched) {
		return touched, nil
	}
	if a.Immediate && touched > 0 {
		return 0, incident.Errorf(incident.Unavailable, "it touched %d, not %s: what it does at once is done all the same", touched, a.Rows)
	}
	return 0, incident.Errorf(incident.Refused, "it would touch %d, not %s: it was rolled back", touched, a.Rows)
}

// touchFailed is a failure after the statement was sent. Without a commit
// nothing of it stays, but for what is done at once.
func (s *System) touchFailed(ctx context.Context, a asked, err error) error {
	if a.Immediate {
		return incident.Errorf(incident.Unavailable, "%w: some of what it does at once may be done", s.failure(ctx, err))
	}
	return s.unchanged(ctx, err)
}

// mark is what tells later whether a transaction was committed.
type mark struct {
	xid    int64
	server string
}

// identity is of which server the transaction ids are: those of another one, or
// of one that took over, say nothing. It is empty where that may not be read.
func identity(ctx context.Context, l *line) string {
	var server string
	err := l.conn.QueryRowContext(ctx, `SELECT (SELECT system_identifier FROM pg_control_system()) || '/' ||
		(SELECT timeline_id FROM pg_control_checkpoint())`).Scan(&server)
	if err != nil {
		return ""
	}
	return server
}

func (s *System) commit(ctx context.Context, tx *sql.Tx, m mark, touched int64) (systems.SQLChange, error) {
	err := tx.Commit()
	if err == nil {
		return systems.SQLChange{Rows: touched}, nil
	}
	if definite(err) {
		return systems.SQLChange{}, s.unchanged(ctx, err)
	}
	committed, known := s.resolve(ctx, m)
	switch {
	case !known:
		return systems.SQLChange{}, incident.Errorf(incident.Unavailable, "the answer to its commit was lost: %w", s.failure(ctx, err))
	case !committed:
		return systems.SQLChange{}, s.unchanged(ctx, errRolledBack)
	}
	return systems.SQLChange{Rows: touched, Resolved: true}, nil
}

// definite reports whether the database said that a commit did not happen. What
// it says of its own end says nothing of the commit.
func definite(err error) bool {
	failed, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return errors.Is(err, pq.ErrInFailedTransaction)
	}
	class := string(failed.Code)[:min(2, len(failed.Code))]
	return !failed.Fatal() && !strings.Contains("08 57 58 XX", class)
}

// resolve asks the database on another connection what became of a transaction,
// for as long as it is under way.
func (s *System) resolve(ctx context.Context, m mark) (committed, known bool) {
	if m.server == "" {
		return false, false
	}
	asking, cancel := context.WithTimeout(ctx, slack)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		switch s.statusOf(asking, m) {
		case "committed":
			return true, true
		case "aborted":
			return false, true
		}
		select {
		case <-again.C:
		case <-asking.Done():
			return false, false
		}
	}
}

func (s *System) statusOf(ctx context.Context, m mark) string {
	l, err := s.open(ctx)
	if err != nil {
		return ""
	}
	defer l.close()
	var status sql.NullString
	if identity(ctx, l) != m.server || l.conn.QueryRowContext(ctx, `SELECT txid_status($1)`, m.xid).Scan(&status) != nil {
		return ""
	}
	return status.String
}
