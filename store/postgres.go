package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	// connections bounds the pool of one process.
	connections = 16
	// connecting bounds how long a connection takes to be made.
	connecting = 5 * time.Second
	// answering bounds the wait for any part of an answer: a connection whose
	// server hangs, or cannot be reached any more, leaves the pool then. It is
	// longer than any statement of a migration should take.
	answering = 30 * time.Second
)

func openPostgres(dsn string) (*Store, error) {
	config, err := pq.NewConfig(dsn)
	if err != nil {
		// The cause would quote the password.
		return nil, incident.Errorf(incident.Invalid,
			"the database's address cannot be read: write postgres://USER:PASSWORD@HOST/NAME and escape special characters in the password")
	}
	// One round trip a statement instead of two.
	config.BinaryParameters = true
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connecting
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "the database's address does not fit together")
	}
	connector.Dialer(dialer{})
	db := sqlx.NewDb(sql.OpenDB(patient{connector}), Postgres)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return &Store{dialect: Postgres, db: db, w: db}, nil
}

// patient makes connections whose transactions end when their process hangs:
// one that holds the counters would hold up every intake. It is a statement
// and not a start-up parameter, which poolers between refuse.
type patient struct {
	driver.Connector
}

// Connect opens a connection and sets it up.
func (p patient) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	execer, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(errors.New("the PostgreSQL driver cannot run statements"), conn.Close())
	}
	const setUp = `SET idle_in_transaction_session_timeout = '10s'`
	if _, err := execer.ExecContext(ctx, setUp, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("set up a connection: %w", err), conn.Close())
	}
	return conn, nil
}
