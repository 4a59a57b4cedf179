package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Attachment is a file that belongs to an incident: a graph, the output of a
// step. Workflows carry its id only.
type Attachment struct {
	// ID is made from the other fields but At.
	ID       string
	Incident string
	Name     string
	// Type is the media type, such as "text/plain".
	Type string
	Data []byte
	At   time.Time
}

// SaveAttachment keeps a file and returns its id. Keeping an equal one again
// returns the same id.
func (s *Store) SaveAttachment(ctx context.Context, a Attachment) (string, error) {
	id := a.id()
	_, err := s.exec(ctx, "keep an attachment of "+a.Incident, `
		INSERT INTO attachments (id, incident, name, type, data, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO NOTHING`, id, a.Incident, a.Name, a.Type, append([]byte{}, a.Data...), stampOf(a.At))
	return id, err
}

// id is a hash of what the file is.
func (a Attachment) id() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q\n", a.Incident, a.Name, a.Type)
	_, _ = sum.Write(a.Data) // a hash takes everything
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// Attachment returns a file with its content, or NotFound.
func (s *Store) Attachment(ctx context.Context, id string) (Attachment, error) {
	var row struct {
		ID       string `db:"id"`
		Incident string `db:"incident"`
		Name     string `db:"name"`
		Type     string `db:"type"`
		Data     []byte `db:"data"`
		At       stamp  `db:"at"`
	}
	err := s.db.GetContext(ctx, &row, `SELECT id, incident, name, type, data, at FROM attachments WHERE id = $1`, id)
	if err != nil {
		return Attachment{}, failed(err, "read attachment "+id)
	}
	return Attachment{
		ID: row.ID, Incident: row.Incident, Name: row.Name, Type: row.Type, Data: row.Data, At: row.At.Time(),
	}, nil
}
