package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/incident"
)

type outputRow struct {
	Incident   string `db:"incident"`
	ID         string `db:"id"`
	Run        string `db:"run"`
	Title      string `db:"title"`
	Body       string `db:"body"`
	Bytes      int    `db:"bytes"`
	Removed    int    `db:"removed"`
	At         stamp  `db:"at"`
	RedactedBy string `db:"redacted_by"`
}

const outputColumns = `incident, id, run, title, body, bytes, removed, at, redacted_by`

func (r outputRow) output() incident.Output {
	return incident.Output{
		ID: r.ID, Run: r.Run, Title: r.Title, Body: r.Body, Bytes: r.Bytes, Removed: r.Removed, At: r.At.Time(), RedactedBy: r.RedactedBy,
	}
}

// MaxOutputs bounds what one incident keeps: a loop in a runbook fills no
// database. A list may be as long.
const MaxOutputs = maxLimit

// KeepOutput keeps an output of an incident's run, once an id. It is Refused
// when the incident has too many.
func (s *Store) KeepOutput(ctx context.Context, number string, o incident.Output) error {
	row := plainly(outputRow{
		Incident: number, ID: o.ID, Run: o.Run, Title: o.Title, Body: o.Body, Bytes: o.Bytes, Removed: o.Removed, At: stampOf(o.At),
	})
	return s.write(ctx, "keep an output of "+number, func(tx *sqlx.Tx) error {
		var kept int
		if err := tx.GetContext(ctx, &kept, tx.Rebind(`SELECT COUNT(*) FROM outputs WHERE incident = ? AND id <> ?`), row.Incident, row.ID); err != nil {
			return err
		}
		if kept >= MaxOutputs {
			return incident.Errorf(incident.Refused, "%s has %d outputs already", number, kept)
		}
		_, err := tx.NamedExecContext(ctx, `
			INSERT INTO outputs (`+outputColumns+`)
			VALUES (:incident, :id, :run, :title, :body, :bytes, :removed, :at, :redacted_by) ON CONFLICT DO NOTHING`, row)
		return err
	})
}

// Outputs lists what the runs of an incident brought to light, the latest
// first, at most limit of them.
func (s *Store) Outputs(ctx context.Context, number string, limit int) ([]incident.Output, error) {
	rows, err := list[outputRow](ctx, s, `SELECT `+outputColumns+` FROM outputs WHERE incident = ? ORDER BY at DESC, id DESC LIMIT ?`, number, limited(limit))
	return each(rows, outputRow.output), failed(err, "list the outputs of "+number)
}

// Output returns one output of an incident, or NotFound.
func (s *Store) Output(ctx context.Context, number, id string) (incident.Output, error) {
	row, err := get[outputRow](ctx, s, `SELECT `+outputColumns+` FROM outputs WHERE incident = $1 AND id = $2`, number, id)
	return row.output(), failed(err, "read the output "+id)
}

// RedactOutput removes the title and the body of an output for ever, and leaves a
// body that says who did it and why. It is NotFound when there is none; one that
// is redacted already keeps what it says.
func (s *Store) RedactOutput(ctx context.Context, number, id, by, reason string) error {
	return s.write(ctx, "redact the output "+id, func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, tx.Rebind(`
			UPDATE outputs SET title = ?, body = CASE WHEN redacted_by = '' THEN ? ELSE body END,
				redacted_by = CASE WHEN redacted_by = '' THEN ? ELSE redacted_by END
			WHERE incident = ? AND id = ?`), hidden, redactedText(by, reason), by, number, id)
		return changed(result, err, incident.Errorf(incident.NotFound, "there is no output %s of %s", id, number))
	})
}
