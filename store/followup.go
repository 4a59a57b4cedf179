package store

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// FollowUp is a follow-up and the incident it belongs to.
type FollowUp struct {
	Incident string
	incident.FollowUp
}

type followUpRow struct {
	Incident string `db:"incident"`
	ID       string `db:"id"`
	Owner    string `db:"owner"`
	State    string `db:"state"`
	Due      stamp  `db:"due_at"`
	Title    string `db:"title"`
	Decided  stamp  `db:"decided_at"`
	Doc      string `db:"doc"`
}

func followUpRows(b activities.Batch) ([]followUpRow, error) {
	rows := make([]followUpRow, len(b.Incident.FollowUps))
	for i, f := range b.Incident.FollowUps {
		doc, err := json.Marshal(f)
		if err != nil {
			return nil, incident.Errorf(incident.Invalid, "record %s: follow-up %s: %w", b.Number, f.ID, err)
		}
		rows[i] = followUpRow{
			Incident: b.Number, ID: f.ID, Owner: f.Owner, State: string(cmp.Or(f.State, incident.FollowUpOpen)),
			Due: stampOf(f.Due), Title: f.Title, Decided: stampOf(b.Decided), Doc: string(doc),
		}
	}
	return rows, nil
}

func saveFollowUps(ctx context.Context, tx *sqlx.Tx, rows []followUpRow) error {
	return insert(ctx, tx, `
		INSERT INTO follow_ups (incident, id, owner, state, due_at, title, decided_at, doc)
		VALUES (:incident, :id, :owner, :state, :due_at, :title, :decided_at, :doc)
		ON CONFLICT (incident, id) DO UPDATE SET
			owner = excluded.owner, state = excluded.state, due_at = excluded.due_at, title = excluded.title,
			decided_at = excluded.decided_at, doc = excluded.doc`, rows)
}

// FollowUpFilter narrows FollowUps; what is empty does not narrow.
type FollowUpFilter struct {
	Incident string
	Owner    string
	States   []incident.FollowUpState
	// DueBefore leaves out what is due later, and what has no due date.
	DueBefore time.Time
	// Limit is within 1..200; zero means 50.
	Limit int
	// After is the cursor that the last page of the list ended with.
	After string
}

// FollowUps lists follow-ups by when they are due, those without a date
// first, and the cursor of what comes next, which is empty at the end. A
// cursor that was not made here is Invalid.
func (s *Store) FollowUps(ctx context.Context, f FollowUpFilter) ([]FollowUp, string, error) {
	c, err := f.condition()
	if err != nil {
		return nil, "", err
	}
	limit := limited(f.Limit)
	query := `SELECT incident, id, due_at, doc FROM follow_ups` + c.where() +
		` ORDER BY due_at NULLS FIRST, incident, id LIMIT ?`
	rows, err := list[followUpRow](ctx, s, query, append(c.args, limit+1)...)
	if err != nil {
		return nil, "", failed(err, "list follow-ups")
	}
	rows, next := cut(rows, limit, func(r followUpRow) string {
		return cursorOf(r.Due.Time().Format(time.RFC3339Nano), r.Incident, r.ID)
	})
	out := make([]FollowUp, len(rows))
	for n, row := range rows {
		out[n].Incident = row.Incident
		if err := json.Unmarshal([]byte(row.Doc), &out[n].FollowUp); err != nil {
			return nil, "", failed(err, "read follow-up "+row.ID+" of "+row.Incident)
		}
	}
	return out, next, nil
}

func (f FollowUpFilter) condition() (condition, error) {
	var c condition
	c.equal("incident", f.Incident)
	c.equal("owner", f.Owner)
	oneOf(&c, "state", f.States)
	if !f.DueBefore.IsZero() {
		c.and("due_at < ?", stampOf(f.DueBefore))
	}
	if f.After == "" {
		return c, nil
	}
	parts, err := readCursor(f.After, 3)
	if err != nil {
		return c, err
	}
	due, err := cursorTime(parts[0])
	if err != nil {
		return c, err
	}
	if due.Time().IsZero() {
		c.and("(due_at IS NOT NULL OR (incident, id) > (?, ?))", parts[1], parts[2])
		return c, nil
	}
	c.and("(due_at, incident, id) > (?, ?, ?)", due, parts[1], parts[2])
	return c, nil
}
