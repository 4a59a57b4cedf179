package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// open is the condition that an incident is not over. It reads as the index
// incidents_open does, so that this index serves it.
const open = `phase NOT IN ('closed', 'transient', 'cancelled', 'merged')`

// Incident returns one incident as it was last recorded, or NotFound.
func (s *Store) Incident(ctx context.Context, number string) (*incident.Incident, error) {
	doc, err := get[string](ctx, s, `SELECT doc FROM incidents WHERE number = $1`, number)
	if err != nil {
		return nil, failed(err, "read incident "+number)
	}
	return decodeIncident(doc)
}

func decodeIncident(doc string) (*incident.Incident, error) {
	i := new(incident.Incident)
	if err := json.Unmarshal([]byte(doc), i); err != nil {
		return nil, failed(err, "read an incident's document")
	}
	return i, nil
}

// IncidentFilter narrows Incidents; what is empty does not narrow.
type IncidentFilter struct {
	Phases     []incident.Phase
	Severities []catalog.Level
	Service    string
	// Touches is a service that it is of, or that it may name as affected: an
	// incident that names it elsewhere fits too.
	Touches   string
	Team      string
	Holder    string
	Commander string
	Key       string
	// Open leaves out what is over and what lost its workflow.
	Open bool
	// Since and Until bound the moment of opening: Since included, Until not.
	Since time.Time
	Until time.Time
	// Text must be part of the title, in any case.
	Text string
	// After is the cursor that the last page ended with.
	After string
	// Limit is within 1..200; zero means 50.
	Limit int
}

// Incidents lists incidents, the newest first, and the cursor of the next
// page, which is empty on the last one. A cursor that was not made here is
// Invalid.
func (s *Store) Incidents(ctx context.Context, f IncidentFilter) ([]*incident.Incident, string, error) {
	c, err := f.condition()
	if err != nil {
		return nil, "", err
	}
	limit := limited(f.Limit)
	query := `SELECT number, opened_at, doc FROM incidents` + c.where() + ` ORDER BY opened_at DESC, number DESC LIMIT ?`
	rows, err := list[incidentRow](ctx, s, query, append(c.args, limit+1)...)
	if err != nil {
		return nil, "", failed(err, "list incidents")
	}
	rows, next := cut(rows, limit, func(r incidentRow) string {
		return timeCursor(r.Opened, r.Number)
	})
	out := make([]*incident.Incident, len(rows))
	for n, row := range rows {
		if out[n], err = decodeIncident(row.Doc); err != nil {
			return nil, "", err
		}
	}
	return out, next, nil
}

func (f IncidentFilter) condition() (condition, error) {
	var c condition
	oneOf(&c, "phase", f.Phases)
	oneOf(&c, "severity", f.Severities)
	c.equal("service", f.Service)
	if f.Touches != "" {
		c.and(`(service = ? OR doc LIKE ? ESCAPE '\')`, f.Touches, `%"affected":[%"`+literal(f.Touches)+`"%`)
	}
	c.equal("team", f.Team)
	c.equal("holder", f.Holder)
	c.equal("commander", f.Commander)
	c.equal("key", f.Key)
	if f.Open {
		c.and(open + " AND gone_at IS NULL")
	}
	if !f.Since.IsZero() {
		c.and("opened_at >= ?", stampOf(f.Since))
	}
	if !f.Until.IsZero() {
		c.and("opened_at < ?", stampOf(f.Until))
	}
	if f.Text != "" {
		c.and(`LOWER(title) LIKE ? ESCAPE '\'`, "%"+literal(strings.ToLower(f.Text))+"%")
	}
	return c, c.before("opened_at", "number", f.After)
}
