package store

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

type timelineRow struct {
	Incident  string `db:"incident"`
	Epoch     string `db:"epoch"`
	Sequence  int    `db:"sequence"`
	Kind      string `db:"kind"`
	Occurred  stamp  `db:"occurred_at"`
	Recorded  stamp  `db:"recorded_at"`
	ActorKind string `db:"actor_kind"`
	Actor     string `db:"actor"`
	Role      string `db:"role"`
	Source    string `db:"source"`
	Text      string `db:"text"`
	Highlight int    `db:"highlight"`
	Redacted  stamp  `db:"redacted_at"`
	// Looked is what the look-up of a level said, as JSON; else empty.
	Looked string `db:"looked"`
}

func insertTimeline(ctx context.Context, tx *sqlx.Tx, b activities.Batch) error {
	rows := make([]timelineRow, len(b.Entries))
	for i, e := range b.Entries {
		rows[i] = timelineRow{
			Incident: b.Number, Epoch: b.Epoch, Sequence: e.Sequence, Kind: e.Kind,
			Occurred: stampOf(e.Occurred), Recorded: stampOf(e.Recorded),
			ActorKind: string(e.Actor.Kind), Actor: e.Actor.ID, Role: string(e.Role), Source: e.Source,
			Text: e.Text, Highlight: asNumber(e.Highlight),
		}
		if e.Looked != nil {
			rows[i].Looked = encode(e.Looked)
		}
	}
	return insert(ctx, tx, `
		INSERT INTO timeline (incident, epoch, sequence, kind, occurred_at, recorded_at, actor_kind, actor,
			role, source, text, highlight, looked, redacted_at, redacted_by, redacted_reason)
		VALUES (:incident, :epoch, :sequence, :kind, :occurred_at, :recorded_at, :actor_kind, :actor,
			:role, :source, :text, :highlight, :looked, NULL, '', '')
		ON CONFLICT (incident, sequence, epoch) DO UPDATE SET
			kind = excluded.kind, occurred_at = excluded.occurred_at, recorded_at = excluded.recorded_at,
			actor_kind = excluded.actor_kind, actor = excluded.actor, role = excluded.role,
			source = excluded.source, text = excluded.text, highlight = excluded.highlight,
			looked = excluded.looked
		WHERE timeline.redacted_at IS NULL`, rows)
}

// TimelineFilter narrows Timeline; what is empty does not narrow.
type TimelineFilter struct {
	// After is a cursor that Timeline returned.
	After string
	Kinds []string
	// Limit is within 1..200; zero means 50.
	Limit int
}

// Timeline returns lines of an incident's timeline in their order, and the
// cursor behind the last of them: asking again with it gives what comes next,
// also what is recorded later, so that a reader can follow. Without any line
// the cursor is the one that was given. An unknown incident has no lines. A
// workflow that an operator reset numbers on from the point of the reset:
// what it writes there is found by reading from the beginning.
func (s *Store) Timeline(ctx context.Context, number string, f TimelineFilter) ([]incident.Entry, string, error) {
	c, err := f.condition(number)
	if err != nil {
		return nil, "", err
	}
	query := `SELECT epoch, sequence, kind, occurred_at, recorded_at, actor_kind, actor, role, source, text, highlight,
		looked, redacted_at FROM timeline` + c.where() + ` ORDER BY sequence, epoch LIMIT ?`
	rows, err := list[timelineRow](ctx, s, query, append(c.args, limited(f.Limit))...)
	if err != nil {
		return nil, "", failed(err, "read the timeline of "+number)
	}
	next := f.After
	out := make([]incident.Entry, len(rows))
	for i, row := range rows {
		out[i] = row.entry()
		next = cursorOf(strconv.Itoa(row.Sequence), row.Epoch)
	}
	return out, next, nil
}

func (f TimelineFilter) condition(number string) (condition, error) {
	var c condition
	c.and("incident = ?", number)
	oneOf(&c, "kind", f.Kinds)
	if f.After == "" {
		return c, nil
	}
	parts, err := readCursor(f.After, 2)
	if err != nil {
		return c, err
	}
	sequence, err := strconv.Atoi(parts[0])
	if err != nil {
		return c, incident.Errorf(incident.Invalid, "the cursor was not made here: begin without one")
	}
	c.and("(sequence, epoch) > (?, ?)", sequence, parts[1])
	return c, nil
}

func (r timelineRow) entry() incident.Entry {
	var looked *incident.Looked
	if r.Looked != "" && json.Unmarshal([]byte(r.Looked), &looked) != nil {
		looked = nil // it says less then, but the line is there
	}
	return incident.Entry{
		Sequence: r.Sequence, Kind: r.Kind, Occurred: r.Occurred.Time(), Recorded: r.Recorded.Time(),
		Actor: incident.Actor{Kind: incident.ActorKind(r.ActorKind), ID: r.Actor}, Role: incident.Role(r.Role),
		Source: r.Source, Text: r.Text, Highlight: r.Highlight != 0, Redacted: !r.Redacted.Time().IsZero(),
		Looked: looked,
	}
}
