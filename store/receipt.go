package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
)

// Delivered is the receipt that says that a message reached its device.
const Delivered = "delivered"

// Receipt is what a provider says later of a message that it took.
type Receipt struct {
	// Reference is what the provider calls the message.
	Reference string
	// State is Delivered, or in the provider's words why not.
	State string
	At    time.Time
}

// Receipt notes a receipt in the ledger and returns the attempts that it is
// about: several, where pages went out as one message. It is an incident.NotFound when no attempt has that reference, which
// may still come: the ledger is written after the hand-over. What was
// delivered once stays so, and a repeat changes nothing.
func (s *Store) Receipt(ctx context.Context, r Receipt) ([]activities.Attempt, error) {
	var rows []attemptRow
	err := s.write(ctx, "note a receipt", func(tx *sqlx.Tx) error {
		rows = nil
		err := tx.SelectContext(ctx, &rows, `
			SELECT `+attemptColumns+` FROM attempts WHERE reference = $1 AND reference <> '' ORDER BY key`, r.Reference)
		if err == nil && len(rows) == 0 {
			err = sql.ErrNoRows
		}
		for n := range rows {
			if err == nil && rows[n].Receipt != Delivered && rows[n].Receipt != r.State {
				err = stampReceipt(ctx, tx, &rows[n], r)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return each(rows, attemptRow.attempt), nil
}

func stampReceipt(ctx context.Context, tx *sqlx.Tx, row *attemptRow, r Receipt) error {
	row.Receipt, row.Receipted = r.State, stampOf(r.At)
	// Another one may have come since the row was read.
	_, err := tx.ExecContext(ctx, `
		UPDATE attempts SET receipt = $1, receipt_at = $2 WHERE key = $3 AND at = $4 AND receipt <> $5`,
		row.Receipt, row.Receipted, row.Key, row.At, Delivered)
	return err
}
