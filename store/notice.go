package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// Notice is what a person is told outside every incident, such as that a swap
// was offered. The key says what it is about: nobody is told twice.
type Notice struct {
	Key    string
	Person string
	Title  string
	Body   string
	// Due is when to tell them.
	Due time.Time
	// Tries counts the times at which nothing took it.
	Tries int
}

type noticeRow struct {
	Key    string `db:"key"`
	Person string `db:"person"`
	Title  string `db:"title"`
	Body   string `db:"body"`
	Due    stamp  `db:"due_at"`
	Tries  int    `db:"tries"`
}

// noticeKept is for how long one remembers that somebody was told.
const noticeKept = 30 * 24 * time.Hour

// AddNotices keeps what people are to be told, each key once.
func (s *Store) AddNotices(ctx context.Context, list ...Notice) error {
	if len(list) == 0 {
		return nil
	}
	return s.write(ctx, "add notices", func(tx *sqlx.Tx) error { return addNotices(ctx, tx, list...) })
}

func addNotices(ctx context.Context, tx *sqlx.Tx, list ...Notice) error {
	rows := make([]noticeRow, len(list))
	for i, n := range list {
		rows[i] = noticeRow{Key: n.Key, Person: n.Person, Title: n.Title, Body: n.Body, Due: stampOf(n.Due)}
	}
	return insert(ctx, tx, `
		INSERT INTO notices (key, person, title, body, due_at, tries)
		VALUES (:key, :person, :title, :body, :due_at, 0) ON CONFLICT DO NOTHING`, rows)
}

// DueNotices returns at most limit of what people are to be told at a moment,
// the oldest first.
func (s *Store) DueNotices(ctx context.Context, at time.Time, limit int) ([]Notice, error) {
	rows, err := list[noticeRow](ctx, s, `
		SELECT key, person, title, body, due_at, tries FROM notices
		WHERE over_at IS NULL AND due_at <= $1 ORDER BY due_at, key LIMIT $2`, stampOf(at), limit)
	out := make([]Notice, len(rows))
	for i, r := range rows {
		out[i] = Notice{Key: r.Key, Person: r.Person, Title: r.Title, Body: r.Body, Due: r.Due.Time(), Tries: r.Tries}
	}
	return out, failed(err, "list notices")
}

// PutOffNotice says that a notice is due at a later time; tried tells that it
// was tried in vain.
func (s *Store) PutOffNotice(ctx context.Context, key string, due time.Time, tried bool) error {
	_, err := s.exec(ctx, "put off a notice",
		`UPDATE notices SET due_at = $1, tries = tries + $2 WHERE key = $3`, stampOf(due), asNumber(tried), key)
	return err
}

// EndNotice says that a notice was sent, or that it is given up. Old ones are
// forgotten on the way.
func (s *Store) EndNotice(ctx context.Context, key string, at time.Time, sent bool) error {
	var sentAt stamp
	if sent {
		sentAt = stampOf(at)
	}
	return s.write(ctx, "end a notice", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, tx.Rebind(`UPDATE notices SET over_at = ?, sent_at = ? WHERE key = ?`),
			stampOf(at), sentAt, key)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, tx.Rebind(`DELETE FROM notices WHERE over_at < ?`), stampOf(at.Add(-noticeKept)))
		return err
	})
}
