package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

const (
	// slack is what connecting, and what committing, may take beside the
	// statement itself.
	slack = 2 * time.Second
	// maxAnswer bounds what the database may send on one connection.
	maxAnswer = 16 << 20
)

// line is one connection for one piece of work.
type line struct {
	db   *sql.DB
	conn *sql.Conn
}

// open connects. Whatever is done on the connection ends within the time of one
// statement and twice the slack, also when the database falls silent.
func (s *System) open(ctx context.Context) (*line, error) {
	connector, err := pq.NewConnectorConfig(s.address)
	if err != nil {
		return nil, err
	}
	connector.Dialer(dialer{until: time.Now().Add(s.config.StatementTimeout + 2*slack)})
	l := &line{db: sql.OpenDB(connector)}
	l.db.SetMaxOpenConns(1)
	connecting, cancel := context.WithTimeout(ctx, slack)
	defer cancel()
	if l.conn, err = l.db.Conn(connecting); err != nil {
		return nil, errors.Join(err, l.db.Close())
	}
	return l, nil
}

func (l *line) close() {
	_ = l.conn.Close()
	_ = l.db.Close()
}

// begin starts a transaction with the limits of the file. It is not bound to a
// context: one that ends must not roll back while a commit is under way.
func (s *System) begin(ctx context.Context, l *line, readOnly bool, as string) (*sql.Tx, error) {
	tx, err := l.conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: readOnly})
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
		set_config('idle_in_transaction_session_timeout', $3, true), set_config('application_name', $4, true)`,
		milliseconds(s.config.StatementTimeout), milliseconds(s.config.LockTimeout),
		milliseconds(s.config.StatementTimeout+2*slack), as)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// application is what the database shows of a connection: 63 bytes at most.
func application(key string) string { return fmt.Sprintf("tocsin %.56s", key) }

// dialer makes connections that end at a time, and after so many bytes.
type dialer struct{ until time.Time }

// Dial is not called: the driver prefers DialContext.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is not called: the driver prefers DialContext.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext connects.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	b := &bounded{Conn: conn, until: d.until}
	b.left.Store(maxAnswer)
	return b, b.SetDeadline(time.Time{})
}

type bounded struct {
	net.Conn
	until time.Time
	left  atomic.Int64
}

var errTooMuch = errors.New("more was answered than is taken")

// Read reads until the bound is reached.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if b.left.Add(-int64(n)) < 0 {
		return 0, errTooMuch
	}
	return n, err
}

// SetDeadline sets an earlier deadline than the connection's own, or that one.
func (b *bounded) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(b.until) {
		t = b.until
	}
	return b.Conn.SetDeadline(t)
}
