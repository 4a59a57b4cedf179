package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

type servedRow struct {
	Name  string `db:"name"`
	Queue string `db:"queue"`
	Doc   string `db:"doc"`
	Heard stamp  `db:"heard_at"`
}

const servedColumns = `name, queue, doc, heard_at`

// maxServed bounds the runbooks of other repositories that are listed.
const maxServed = 2000

func (r servedRow) served() activities.ServedRunbook {
	return activities.ServedRunbook{Name: r.Name, Queue: r.Queue, Spec: r.Doc, Heard: r.Heard.Time()}
}

// KeepServed notes which runbooks a task queue serves, but those that another
// one serves which was heard of at a time or later. It returns, by name, the
// queue that each belongs to now.
func (s *Store) KeepServed(ctx context.Context, list []activities.ServedRunbook, lately time.Time) (map[string]string, error) {
	var by map[string]string
	err := s.write(ctx, "keep which runbooks are served", func(tx *sqlx.Tx) error {
		of := map[string]string{}
		for _, r := range list {
			queue, err := keepServed(ctx, tx, r, lately)
			if err != nil {
				return err
			}
			of[r.Name] = queue
		}
		by = of
		return nil
	})
	if err != nil {
		return nil, err // by may still be written
	}
	return by, nil
}

func keepServed(ctx context.Context, tx *sqlx.Tx, r activities.ServedRunbook, lately time.Time) (queue string, err error) {
	_, err = tx.ExecContext(ctx, tx.Rebind(`
		INSERT INTO served_runbooks (`+servedColumns+`) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET queue = excluded.queue, doc = excluded.doc, heard_at = excluded.heard_at
		WHERE served_runbooks.queue = excluded.queue OR served_runbooks.heard_at < ?`),
		r.Name, r.Queue, incident.Plain(r.Spec), stampOf(r.Heard), stampOf(lately))
	if err != nil {
		return "", err
	}
	err = tx.GetContext(ctx, &queue, tx.Rebind(`SELECT queue FROM served_runbooks WHERE name = ?`), r.Name)
	return queue, err
}

// Served lists the runbooks of other repositories that were heard of at a time
// or later, by name.
func (s *Store) Served(ctx context.Context, since time.Time) ([]activities.ServedRunbook, error) {
	rows, err := list[servedRow](ctx, s, `
		SELECT `+servedColumns+` FROM served_runbooks WHERE heard_at >= ? ORDER BY name LIMIT ?`, stampOf(since), maxServed)
	return each(rows, servedRow.served), failed(err, "list which runbooks are served")
}
