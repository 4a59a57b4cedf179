package store

import (
	"context"
	"time"
)

// Reply is a text that a person sent back, and what became of it.
type Reply struct {
	// ID is what the provider calls the text: equal for every delivery of it.
	ID     string
	Person string
	// Incident is which one it was about; empty when it was about none.
	Incident string
	// Answer is what the person was told; empty until that is known.
	Answer string
	At     time.Time
}

type replyRow struct {
	ID       string `db:"id"`
	Person   string `db:"person"`
	Incident string `db:"incident"`
	Answer   string `db:"answer"`
	At       stamp  `db:"at"`
}

// Reply returns what was kept of a reply, or NotFound.
func (s *Store) Reply(ctx context.Context, id string) (Reply, error) {
	row, err := get[replyRow](ctx, s, `SELECT id, person, incident, answer, at FROM replies WHERE id = $1`, id)
	return Reply{ID: row.ID, Person: row.Person, Incident: row.Incident, Answer: row.Answer, At: row.At.Time()},
		failed(err, "look a reply up")
}

// KeepReply keeps a reply before it is carried out, and its answer after. Whose
// it is and what it is about stay as they were kept first.
func (s *Store) KeepReply(ctx context.Context, r Reply) error {
	_, err := s.exec(ctx, "keep a reply", `
		INSERT INTO replies (id, person, incident, answer, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET answer = excluded.answer`, r.ID, r.Person, r.Incident, r.Answer, stampOf(r.At))
	return err
}
