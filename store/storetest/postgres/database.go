package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	_ "github.com/lib/pq" // the driver that the store uses, under the name "postgres"
)

// CreateDatabase makes an empty database that nobody else uses and returns its
// connection string.
func (c *Cluster) CreateDatabase(ctx context.Context) (string, error) {
	name := "tocsin_" + strings.ToLower(rand.Text())
	// template0 cannot be connected to, so that concurrent copies never clash.
	if err := c.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", fmt.Errorf("create a test database: %w", err)
	}
	c.mu.Lock()
	c.databases = append(c.databases, name)
	c.mu.Unlock()
	return withDatabase(c.dsn, name)
}

func (c *Cluster) dropDatabases() error {
	var errs []error
	for _, name := range c.databases {
		if err := c.exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			errs = append(errs, fmt.Errorf("drop a test database: %w", err))
		}
	}
	return errors.Join(errs...)
}

func (c *Cluster) ping(ctx context.Context) error {
	return c.exec(ctx, "SELECT 1")
}

// exec runs one statement in the maintenance database on a connection of its
// own: a pool would only hold connections that Kill breaks.
func (c *Cluster) exec(ctx context.Context, statement string) error {
	db, err := sql.Open("postgres", c.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// socketDSN is the address of a server whose Unix socket is in dir.
func socketDSN(dir string) string {
	query := url.Values{"host": {dir}, "sslmode": {"disable"}}
	return "postgres://postgres@/postgres?" + query.Encode()
}

// withDatabase returns dsn with another database name; dsn is a URL or a list
// of key=value pairs, of which the last one counts.
func withDatabase(dsn, name string) (string, error) {
	if !strings.Contains(dsn, "://") {
		return dsn + " dbname=" + name, nil
	}
	address, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("%s is not a URL", EnvDSN) // the cause would quote the password
	}
	address.Path = "/" + name
	return address.String(), nil
}
