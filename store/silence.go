package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

type silenceRow struct {
	ID    string `db:"id"`
	Kind  string `db:"kind"`
	Owner string `db:"owner"`
	From  stamp  `db:"from_at"`
	Until stamp  `db:"until_at"`
	Doc   string `db:"doc"`
	Made  stamp  `db:"made_at"`
	By    string `db:"made_by"`
	Ended stamp  `db:"ended_at"`
}

// silenceDoc is what of a silence nobody searches by.
type silenceDoc struct {
	Service   string          `json:"service,omitempty"`
	Matchers  []string        `json:"matchers,omitempty"`
	When      string          `json:"when,omitempty"`
	Recurring []oncall.Window `json:"recurring,omitempty"`
	Zone      string          `json:"zone,omitempty"`
	Reason    string          `json:"reason"`
}

const silenceColumns = `id, kind, owner, from_at, until_at, doc, made_at, made_by, ended_at`

func (r silenceRow) silence() (catalog.Silence, bool) {
	doc, ok := unpack[silenceDoc](r.Doc, "silence", r.ID)
	return catalog.Silence{
		ID: r.ID, Kind: catalog.SilenceKind(r.Kind), Service: doc.Service, Matchers: doc.Matchers, When: doc.When,
		From: r.From.Time(), Until: r.Until.Time(), Recurring: doc.Recurring, Zone: doc.Zone, Reason: doc.Reason,
		Owner: r.Owner, By: r.By, Created: r.Made.Time(), Ended: r.Ended.Time(),
	}, ok
}

// maxSilences bounds the silences that are not over.
const maxSilences = 1000

// AddSilence keeps a silence. It is a Conflict when there is one of this id,
// and Refused when too many are not over.
func (s *Store) AddSilence(ctx context.Context, v catalog.Silence) error {
	doc, err := json.Marshal(silenceDoc{v.Service, v.Matchers, v.When, v.Recurring, v.Zone, v.Reason})
	if err != nil {
		return failed(err, "encode a silence")
	}
	return s.change(ctx, "add a silence", func(tx *sqlx.Tx) error {
		var standing int
		err := tx.GetContext(ctx, &standing, `SELECT COUNT(*) FROM silences WHERE `+lasting, stampOf(time.Now()))
		if err != nil {
			return err
		}
		if standing >= maxSilences {
			return incident.Errorf(incident.Refused, "there are %d silences that are not over: end some first", standing)
		}
		result, err := tx.NamedExecContext(ctx, `
			INSERT INTO silences (`+silenceColumns+`, ended_by)
			VALUES (:id, :kind, :owner, :from_at, :until_at, :doc, :made_at, :made_by, :ended_at, '')
			ON CONFLICT DO NOTHING`, silenceRow{
			ID: v.ID, Kind: string(v.Kind), Owner: v.Owner, From: stampOf(v.From), Until: stampOf(v.Until),
			Doc: string(doc), Made: stampOf(v.Created), By: v.By, Ended: stampOf(v.Ended),
		})
		return changed(result, err, incident.Errorf(incident.Conflict, "there is a silence %s already", v.ID))
	})
}

// EndSilence ends a silence at a time. Ending one again changes nothing; one
// that nobody made is NotFound.
func (s *Store) EndSilence(ctx context.Context, id, by string, at time.Time) error {
	return s.change(ctx, "end a silence", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, tx.Rebind(`
			UPDATE silences SET ended_by = CASE WHEN ended_at IS NULL THEN ? ELSE ended_by END,
				ended_at = COALESCE(ended_at, ?) WHERE id = ?`), by, stampOf(at), id)
		return changed(result, err, incident.Errorf(incident.NotFound, "there is no silence %s", id))
	})
}

// Silence returns one silence, or NotFound.
func (s *Store) Silence(ctx context.Context, id string) (catalog.Silence, error) {
	row, err := get[silenceRow](ctx, s, `SELECT `+silenceColumns+` FROM silences WHERE id = $1`, id)
	if err != nil {
		return catalog.Silence{}, failed(err, "read the silence "+id)
	}
	out, _ := row.silence()
	return out, nil
}

// SilenceFilter narrows Silences; what is empty does not narrow.
type SilenceFilter struct {
	Kind  catalog.SilenceKind
	Owner string
	// After leaves out what was over by then.
	After  time.Time
	Cursor string
	Limit  int
}

// Silences lists silences, those that end first before the others, and the
// cursor of what comes next, which is empty at the end. A cursor that was not
// made here is Invalid.
func (s *Store) Silences(ctx context.Context, f SilenceFilter) ([]catalog.Silence, string, error) {
	var c condition
	c.equal("kind", string(f.Kind))
	c.equal("owner", f.Owner)
	if !f.After.IsZero() {
		c.and("until_at > ? AND (ended_at IS NULL OR ended_at > ?)", stampOf(f.After), stampOf(f.After))
	}
	if err := c.after("until_at", "id", f.Cursor); err != nil {
		return nil, "", err
	}
	rows, next, err := part[silenceRow]{
		what: "list silences", args: c.args, limit: f.Limit, cursor: func(r silenceRow) string { return timeCursor(r.Until, r.ID) },
		query: `SELECT ` + silenceColumns + ` FROM silences` + c.where() + ` ORDER BY until_at, id`,
	}.read(ctx, s)
	var out []catalog.Silence
	for _, row := range rows {
		if one, ok := row.silence(); ok {
			out = append(out, one)
		}
	}
	return out, next, err
}

// lasting is a condition that a silence is not over at a moment.
const lasting = `until_at > $1 AND (ended_at IS NULL OR ended_at > $1)`

func (s *Store) readSilences(ctx context.Context, o *catalog.Overlay) error {
	rows, err := list[silenceRow](ctx, s, `SELECT `+silenceColumns+` FROM silences WHERE `+lasting+` ORDER BY from_at, id`,
		stampOf(time.Now()))
	for _, row := range rows {
		if one, ok := row.silence(); ok {
			o.Silences = append(o.Silences, one)
		}
	}
	return failed(err, "read the silences")
}

// EndedSilences returns the silences that are over and whose owner was not
// told so.
func (s *Store) EndedSilences(ctx context.Context, at time.Time, limit int) ([]catalog.Silence, error) {
	rows, err := list[silenceRow](ctx, s, `SELECT `+silenceColumns+` FROM silences
		WHERE told_at IS NULL AND (until_at <= $1 OR ended_at <= $1) ORDER BY until_at, id LIMIT $2`, stampOf(at), limit)
	var out []catalog.Silence
	for _, row := range rows {
		one, _ := row.silence()
		out = append(out, one)
	}
	return out, failed(err, "list silences that are over")
}

// TellSilence has the owner of a silence told that it is over, once, and no
// more that it is about to be.
func (s *Store) TellSilence(ctx context.Context, v catalog.Silence, body string, at time.Time) error {
	return s.write(ctx, "tell of the end of a silence", func(tx *sqlx.Tx) error {
		err := addNotices(ctx, tx, activities.DutyNotice{
			Key: "silence/" + v.ID + "/over", Person: v.Owner, Title: "Silence " + v.ID + " is over", Body: body, Due: at,
		})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, tx.Rebind(`UPDATE notices SET over_at = ? WHERE key = ? AND over_at IS NULL`), stampOf(at), ending(v))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, tx.Rebind(`UPDATE silences SET told_at = ? WHERE id = ?`), stampOf(at), v.ID)
		return err
	})
}

// WarnSilence has the owner of a silence told that it is about to end, once.
func (s *Store) WarnSilence(ctx context.Context, v catalog.Silence, body string, at time.Time) error {
	return s.AddNotices(ctx, activities.DutyNotice{
		Key: ending(v), Person: v.Owner, Title: "Silence " + v.ID + " is about to end", Body: body, Due: at,
	})
}

// ending is the key of the notice that a silence is about to end.
func ending(v catalog.Silence) string { return "silence/" + v.ID + "/ending" }

// Heard is an alert as it was last heard of, and the service that it was
// routed to.
type Heard struct {
	Alert
	Service string
}

// HeardSince returns the alerts that were heard of since then, at most limit,
// the latest first.
func (s *Store) HeardSince(ctx context.Context, since time.Time, limit int) ([]Heard, error) {
	rows, err := list[factRow](ctx, s, `SELECT service, fingerprint, count, first_seen, last_seen, alert FROM facts
		WHERE last_seen >= $1 ORDER BY last_seen DESC, fingerprint LIMIT $2`, stampOf(since), limit)
	out := make([]Heard, 0, len(rows))
	for _, r := range rows {
		if a, ok := unpack[alerts.Alert](r.Alert, "alert", r.Fingerprint); ok {
			out = append(out, Heard{Alert{Alert: a, Count: r.Count, First: r.First.Time(), Last: r.Last.Time()}, r.Service})
		}
	}
	return out, failed(err, "list what was heard of")
}
