package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
)

var _ activities.DutyNotices = (*Store)(nil)

type noticeRow struct {
	Key    string `db:"key"`
	Person string `db:"person"`
	Title  string `db:"title"`
	Body   string `db:"body"`
	Due    stamp  `db:"due_at"`
	Tries  int    `db:"tries"`
	Over   stamp  `db:"over_at"`
}

// AddNotices keeps what people are to be told, each key once.
func (s *Store) AddNotices(ctx context.Context, list ...activities.DutyNotice) error {
	if len(list) == 0 {
		return nil
	}
	return s.write(ctx, "add notices", func(tx *sqlx.Tx) error { return addNotices(ctx, tx, list...) })
}

func addNotices(ctx context.Context, tx *sqlx.Tx, list ...activities.DutyNotice) error {
	rows := make([]noticeRow, len(list))
	for i, n := range list {
		rows[i] = noticeRow{Key: n.Key, Person: n.Person, Title: n.Title, Body: n.Body, Due: stampOf(n.Due)}
		if n.Person == "" {
			rows[i].Over = rows[i].Due
		}
	}
	return insert(ctx, tx, `
		INSERT INTO notices (key, person, title, body, due_at, tries, over_at)
		VALUES (:key, :person, :title, :body, :due_at, 0, :over_at) ON CONFLICT DO NOTHING`, rows)
}

// DueNotices returns at most limit of what people are to be told at a moment,
// the oldest first.
func (s *Store) DueNotices(ctx context.Context, at time.Time, limit int) ([]activities.DutyNotice, error) {
	rows, err := list[noticeRow](ctx, s, `
		SELECT key, person, title, body, due_at, tries FROM notices
		WHERE over_at IS NULL AND due_at <= $1 ORDER BY due_at, key LIMIT $2`, stampOf(at), limit)
	out := make([]activities.DutyNotice, len(rows))
	for i, r := range rows {
		out[i] = activities.DutyNotice{Key: r.Key, Person: r.Person, Title: r.Title, Body: r.Body, Due: r.Due.Time(), Tries: r.Tries}
	}
	return out, failed(err, "list notices")
}

// KnownNotices returns those of the keys that were kept already.
func (s *Store) KnownNotices(ctx context.Context, keys []string) ([]string, error) {
	var c condition
	oneOf(&c, "key", keys)
	known, err := list[string](ctx, s, `SELECT key FROM notices`+c.where()+` ORDER BY key`, c.args...)
	return known, failed(err, "look for notices")
}

// OpenOf lists the open incidents of services that somebody of these people
// holds, the oldest first.
func (s *Store) OpenOf(ctx context.Context, services, holders []string) ([]string, error) {
	if len(services) == 0 || len(holders) == 0 {
		return nil, nil
	}
	var c condition
	oneOf(&c, "service", services)
	oneOf(&c, "holder", holders)
	c.and(open + " AND gone_at IS NULL")
	numbers, err := list[string](ctx, s, `SELECT number FROM incidents`+c.where()+` ORDER BY opened_at, number`, c.args...)
	return numbers, failed(err, "list the incidents of whoever goes")
}

// PutOffNotice says that a notice is due at a later time; tried tells that it
// was tried in vain.
func (s *Store) PutOffNotice(ctx context.Context, key string, due time.Time, tried bool) error {
	_, err := s.exec(ctx, "put off a notice",
		`UPDATE notices SET due_at = $1, tries = tries + $2 WHERE key = $3`, stampOf(due), asNumber(tried), key)
	return err
}

// EndNotice says that a notice was sent, or that it is given up.
func (s *Store) EndNotice(ctx context.Context, key string, at time.Time, sent bool) error {
	var sentAt stamp
	if sent {
		sentAt = stampOf(at)
	}
	_, err := s.exec(ctx, "end a notice", `UPDATE notices SET over_at = $1, sent_at = $2 WHERE key = $3`, stampOf(at), sentAt, key)
	return err
}
