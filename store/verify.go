package store

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Code is one that was sent to a contact method, to see whether its person
// reads it.
type Code struct {
	ID      string
	Person  string
	Contact string
	// Mark is that of the contact method to which it went.
	Mark string
	// Hash is what is kept of the code.
	Hash string
	Sent time.Time
}

// The bounds of codes.
const (
	// CodeLife is how long a code can be sent back.
	CodeLife = 10 * time.Minute
	// CodeTries is how often a code can be guessed.
	CodeTries = 5
	// CodesAnHour is how many are sent to one contact method.
	CodesAnHour = 3
	// CodesAnHourOfPerson is how many are sent to all those of one person,
	// also to those that came and went: a text costs money.
	CodesAnHourOfPerson = 10
)

type codeRow struct {
	ID      string `db:"id"`
	Person  string `db:"person"`
	Contact string `db:"contact"`
	Mark    string `db:"mark"`
	Hash    string `db:"hash"`
	Tries   int    `db:"tries"`
	Sent    stamp  `db:"sent_at"`
}

// KeepCode notes a code before it is sent. It is Refused when too many were
// sent to this contact method, or to this person, within the hour; the error
// says when the next one may be.
func (s *Store) KeepCode(ctx context.Context, c Code) error {
	return s.write(ctx, "keep a code", func(tx *sqlx.Tx) error {
		if err := alone(ctx, tx); err != nil {
			return err
		}
		var sent []codeRow
		err := tx.SelectContext(ctx, &sent, tx.Rebind(`
			SELECT contact, sent_at FROM verifications WHERE person = ? AND sent_at > ? ORDER BY sent_at`),
			c.Person, stampOf(c.Sent.Add(-time.Hour)))
		if err == nil {
			err = enough(sent, c.Contact)
		}
		if err != nil {
			return err
		}
		_, err = tx.NamedExecContext(ctx, `
			INSERT INTO verifications (id, person, contact, mark, hash, tries, sent_at)
			VALUES (:id, :person, :contact, :mark, :hash, 0, :sent_at)`, codeRow{
			ID: c.ID, Person: c.Person, Contact: c.Contact, Mark: c.Mark, Hash: c.Hash, Sent: stampOf(c.Sent),
		})
		return err
	})
}

// enough refuses one more code for a contact method after those that were sent
// to its person within the hour.
func enough(sent []codeRow, contact string) error {
	there := slices.DeleteFunc(slices.Clone(sent), func(r codeRow) bool { return r.Contact != contact })
	for _, bound := range []struct {
		sent []codeRow
		most int
	}{{there, CodesAnHour}, {sent, CodesAnHourOfPerson}} {
		if beyond := len(bound.sent) - bound.most; beyond >= 0 {
			again := bound.sent[beyond].Sent.Time().Add(time.Hour)
			return incident.Errorf(incident.Refused, "%d codes were sent within the hour: ask again after %s",
				bound.most, again.Format("15:04 MST"))
		}
	}
	return nil
}

// alone makes every other transaction that asks for it wait for the end of
// this one.
func alone(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE counters SET overlay = overlay WHERE id = 1`)
	return err
}

// LastCode returns the last code that was sent to a contact method and can
// still be sent back at a moment, or NotFound: only the last one counts.
func (s *Store) LastCode(ctx context.Context, person, contact string, at time.Time) (Code, error) {
	row, err := get[codeRow](ctx, s, `
		SELECT id, person, contact, mark, hash, tries, sent_at FROM verifications
		WHERE person = $1 AND contact = $2 AND verified_at IS NULL ORDER BY sent_at DESC, id LIMIT 1`, person, contact)
	if err == nil && (!at.Before(row.Sent.Time().Add(CodeLife)) || row.Tries >= CodeTries) {
		return Code{}, incident.Errorf(incident.NotFound, "the last code has run out: ask for a new one")
	}
	return Code{
		ID: row.ID, Person: row.Person, Contact: row.Contact, Mark: row.Mark, Hash: row.Hash, Sent: row.Sent.Time(),
	}, failed(err, "look for a code")
}

// Verify counts a try at a code, and marks the contact method as verified when
// the hash is that of the code. It is NotFound when the code has run out, and
// Invalid when it is another one.
func (s *Store) Verify(ctx context.Context, id, hash string, at time.Time) error {
	right := false
	err := s.change(ctx, "verify a contact method", func(tx *sqlx.Tx) error {
		var kept string
		err := tx.GetContext(ctx, &kept, tx.Rebind(`
			UPDATE verifications SET tries = tries + 1
			WHERE id = ? AND tries < ? AND sent_at > ? AND verified_at IS NULL RETURNING hash`),
			id, CodeTries, stampOf(at.Add(-CodeLife)))
		if err != nil {
			return err
		}
		right = subtle.ConstantTimeCompare([]byte(kept), []byte(hash)) == 1
		if !right {
			return nil
		}
		_, err = tx.ExecContext(ctx, tx.Rebind(`UPDATE verifications SET verified_at = ? WHERE id = ?`), stampOf(at), id)
		return err
	})
	switch {
	case incident.KindOf(err) == incident.NotFound:
		return incident.Errorf(incident.NotFound, "the code has run out: ask for a new one")
	case err == nil && !right:
		return incident.Errorf(incident.Invalid, "that is not the code that was sent last")
	}
	return err
}

type verifiedRow struct {
	Person  string `db:"person"`
	Contact string `db:"contact"`
	Mark    string `db:"mark"`
}

func (s *Store) readVerified(ctx context.Context, o *catalog.Overlay) error {
	rows, err := list[verifiedRow](ctx, s, `SELECT person, contact, mark FROM verifications WHERE verified_at IS NOT NULL`)
	for _, row := range rows {
		o.Verified = append(o.Verified, catalog.Verified(row))
	}
	return failed(err, "read what is verified")
}
