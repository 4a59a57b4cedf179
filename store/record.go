package store

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

var _ activities.Journal = (*Store)(nil)

// Record keeps a batch of what an incident records: once, however often it
// comes, and not at all when something is known that was decided later: the
// journal writes its batches one after the other, so that everything of this
// one is known then, or was never decided. An incident that no longer holds
// its key releases it.
//
// What was recorded by a workflow task that died before the engine heard of it
// gives way to what was decided instead: see activities.Batch.
func (s *Store) Record(ctx context.Context, b activities.Batch) error {
	if b.Incident == nil || b.Number == "" || b.Decided.IsZero() {
		return incident.Errorf(incident.Invalid, "record: a batch needs a number, an incident and the time of its decision")
	}
	if incident.IsBeat(b.Number) {
		return s.recordBeat(ctx, b)
	}
	row, err := incidentRowOf(b)
	if err != nil {
		return err
	}
	followUps, err := followUpRows(b)
	if err != nil {
		return err
	}
	return s.write(ctx, "record "+b.Number, func(tx *sqlx.Tx) error {
		saved, err := saveIncident(ctx, tx, row, stampOf(b.After))
		if err != nil || !saved.latest {
			return err
		}
		if saved.redacted != "" {
			if followUps, err = hideWords(ctx, tx, b, saved.redacted); err != nil {
				return err
			}
		}
		if err := insertTimeline(ctx, tx, b); err != nil {
			return err
		}
		if err := savePages(ctx, tx, b); err != nil {
			return err
		}
		if err := saveTickets(ctx, tx, b); err != nil {
			return err
		}
		if err := saveFollowUps(ctx, tx, followUps); err != nil {
			return err
		}
		if !saved.next {
			if err := retract(ctx, tx, b); err != nil {
				return err
			}
		}
		return handKeys(ctx, tx, b)
	})
}

// incidentRow is an incident with the columns that lists look at.
type incidentRow struct {
	Number    string `db:"number"`
	N         int64  `db:"n"`
	Phase     string `db:"phase"`
	Service   string `db:"service"`
	Team      string `db:"team"`
	Key       string `db:"key"`
	Severity  string `db:"severity"`
	Urgency   string `db:"urgency"`
	Holder    string `db:"holder"`
	Commander string `db:"commander"`
	Title     string `db:"title"`
	Opened    stamp  `db:"opened_at"`
	Updated   stamp  `db:"updated_at"`
	Resolved  stamp  `db:"resolved_at"`
	Closed    stamp  `db:"closed_at"`
	Revision  int    `db:"revision"`
	Decided   stamp  `db:"decided_at"`
	Ordinal   int    `db:"ordinal"`
	Doc       string `db:"doc"`
}

func incidentRowOf(b activities.Batch) (incidentRow, error) {
	i := b.Incident
	doc, err := json.Marshal(i)
	if err != nil {
		return incidentRow{}, incident.Errorf(incident.Invalid, "record %s: %w", b.Number, err)
	}
	now := time.Now()
	opened := i.Clocks.Stamps[incident.TriggeredAt]
	if opened.IsZero() {
		opened = now
	}
	closed := i.Clocks.Stamps[incident.ClosedAt]
	if closed.IsZero() && i.Phase.Over() {
		closed = now
	}
	return incidentRow{
		Number: b.Number, N: ordinal(b.Number), Phase: string(i.Phase), Service: i.Service, Team: i.Team, Key: i.Key,
		Severity: string(i.Severity), Urgency: string(i.Urgency), Holder: i.Holder,
		Commander: i.Roles[incident.Commander], Title: i.Title,
		Opened: stampOf(opened), Updated: stampOf(now),
		Resolved: stampOf(i.Clocks.Stamps[incident.ResolvedAt]), Closed: stampOf(closed),
		Revision: i.Revision, Decided: stampOf(b.Decided), Ordinal: b.Ordinal, Doc: string(doc),
	}, nil
}

// ordinal returns the n of "INC-n", or 0 for a number that was made while the
// database was away.
func ordinal(number string) int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(number, incident.NumberPrefix), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// present is what an incident's row says of now: the moment of opening stays
// what it first was, since lists are ordered by it.
const present = `
	phase = :phase, service = :service, team = :team, key = :key, severity = :severity, urgency = :urgency,
	holder = :holder, commander = :commander, title = :title, updated_at = :updated_at, resolved_at = :resolved_at,
	closed_at = :closed_at, gone_at = NULL, gone_reason = '', revision = :revision, decided_at = :decided_at,
	ordinal = :ordinal, doc = :doc`

// savedIncident says what became of an incident's row.
type savedIncident struct {
	// latest says that the row is now the one that was given, next that it
	// followed at once on the one that was decided before it.
	latest, next bool
	// redacted are the marks of words that the row must not show.
	redacted string
}

func saveIncident(ctx context.Context, tx *sqlx.Tx, row incidentRow, after stamp) (savedIncident, error) {
	redacted, ok, err := followOn(ctx, tx, row, after)
	if err != nil || ok {
		return savedIncident{latest: true, next: true, redacted: redacted}, err
	}
	redacted, ok, err = returned(ctx, tx, firstRow+` ON CONFLICT (number) DO UPDATE SET`+present+`
		WHERE incidents.decided_at IS NULL
			OR (excluded.decided_at, excluded.ordinal) >= (incidents.decided_at, incidents.ordinal)
		RETURNING redacted`, row)
	return savedIncident{latest: ok, redacted: redacted}, err
}

const firstRow = `
	INSERT INTO incidents (number, n, phase, service, team, key, severity, urgency, holder, commander, title,
		opened_at, updated_at, resolved_at, closed_at, gone_at, gone_reason, revision, decided_at, ordinal, doc)
	VALUES (:number, :n, :phase, :service, :team, :key, :severity, :urgency, :holder, :commander, :title,
		:opened_at, :updated_at, :resolved_at, :closed_at, NULL, '', :revision, :decided_at, :ordinal, :doc)`

// followOn writes the row where the one before it stands, or none when it is
// the first.
func followOn(ctx context.Context, tx *sqlx.Tx, row incidentRow, after stamp) (redacted string, ok bool, err error) {
	if after.Time().IsZero() {
		return returned(ctx, tx, firstRow+` ON CONFLICT (number) DO NOTHING RETURNING redacted`, row)
	}
	type follower struct {
		incidentRow
		After  stamp `db:"after"`
		Before int   `db:"before"`
	}
	return returned(ctx, tx, `
		UPDATE incidents SET`+present+` WHERE number = :number AND decided_at = :after AND ordinal = :before
		RETURNING redacted`, follower{row, after, row.Ordinal - 1})
}

// returned runs a named statement on one row and returns the text that it
// returns of it, if it touched any.
func returned[T any](ctx context.Context, tx *sqlx.Tx, statement string, row T) (text string, ok bool, err error) {
	rows, err := sqlx.NamedQueryContext(ctx, tx, statement, plainly(row))
	if err != nil {
		return "", false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		ok = true
		err = errors.Join(err, rows.Scan(&text))
	}
	return text, ok, errors.Join(err, rows.Err())
}

// retract takes away what was recorded earlier and never decided: lines behind
// the last one of a run, pages that are due of no summons, follow-ups that the
// incident does not have.
func retract(ctx context.Context, tx *sqlx.Tx, b activities.Batch) error {
	for _, end := range b.Ends {
		_, err := tx.ExecContext(ctx, `DELETE FROM timeline WHERE incident = $1 AND epoch = $2 AND sequence > $3`,
			b.Number, end.Epoch, end.Last)
		if err != nil {
			return err
		}
	}
	decided := stampOf(b.Decided)
	_, err := tx.ExecContext(ctx, `DELETE FROM pages WHERE incident = $1 AND state = $2 AND decided_at < $3`,
		b.Number, string(incident.PageDue), decided)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM follow_ups WHERE incident = $1 AND decided_at < $2`, b.Number, decided)
	return err
}
