package store

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

var _ activities.Journal = (*Store)(nil)

// Record keeps a batch of what an incident records: once, however often and
// in whatever order batches come. Lines of the timeline are only ever added;
// the incident, its pages and its follow-ups are replaced unless a later
// revision is known. An incident that no longer holds its key releases it.
func (s *Store) Record(ctx context.Context, b activities.Batch) error {
	if b.Incident == nil || b.Number == "" {
		return incident.Errorf(incident.Invalid, "record: a batch needs a number and an incident")
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
		latest, err := saveIncident(ctx, tx, row)
		if err != nil {
			return err
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
		if err := saveFollowUps(ctx, tx, followUps); err != nil || !latest || b.Incident.HoldsKey {
			return err
		}
		return release(ctx, tx, b.Number, string(b.Incident.Phase), row.Updated)
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
		Revision: i.Revision, Doc: string(doc),
	}, nil
}

// ordinal returns the n of "INC-n", or 0 for a number that was made while the
// database was away.
func ordinal(number string) int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(number, prefix), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// saveIncident reports whether the row is now the one that was given.
// The moment of opening stays what it first was: lists are ordered by it.
func saveIncident(ctx context.Context, tx *sqlx.Tx, row incidentRow) (bool, error) {
	result, err := tx.NamedExecContext(ctx, `
		INSERT INTO incidents (number, n, phase, service, team, key, severity, urgency, holder, commander, title,
			opened_at, updated_at, resolved_at, closed_at, gone_at, gone_reason, revision, doc)
		VALUES (:number, :n, :phase, :service, :team, :key, :severity, :urgency, :holder, :commander, :title,
			:opened_at, :updated_at, :resolved_at, :closed_at, NULL, '', :revision, :doc)
		ON CONFLICT (number) DO UPDATE SET
			phase = excluded.phase, service = excluded.service, team = excluded.team, key = excluded.key,
			severity = excluded.severity, urgency = excluded.urgency, holder = excluded.holder,
			commander = excluded.commander, title = excluded.title, updated_at = excluded.updated_at,
			resolved_at = excluded.resolved_at, closed_at = excluded.closed_at,
			gone_at = NULL, gone_reason = '', revision = excluded.revision, doc = excluded.doc
		WHERE excluded.revision >= incidents.revision`, row)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
