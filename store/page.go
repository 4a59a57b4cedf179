package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// Page is a page and the incident it belongs to.
type Page struct {
	Incident string
	incident.Page
	// Delivered is when a provider said that it reached the device; zero where
	// none does, which says nothing.
	Delivered time.Time
}

type pageRow struct {
	Key      string `db:"key"`
	Incident string `db:"incident"`
	Summons  string `db:"summons"`
	Person   string `db:"person"`
	Contact  string `db:"contact"`
	Kind     string `db:"kind"`
	Reason   string `db:"reason"`
	Due      stamp  `db:"due_at"`
	State    string `db:"state"`
	Sent     stamp  `db:"sent_at"`
	Answered stamp  `db:"answered_at"`
	Error    string `db:"error"`
	Decided  stamp  `db:"decided_at"`
	Provider string `db:"provider"`
	// Delivered is read from the receipts of the attempts: one may come before the
	// page is recorded.
	Delivered stamp `db:"delivered_at"`
}

func pageRowOf(b activities.Batch, p incident.Page) pageRow {
	due := p.Due
	if due.IsZero() {
		due = time.Now()
	}
	return pageRow{
		Key: p.Key, Incident: b.Number, Summons: p.Summons, Person: p.Person, Contact: p.Contact, Kind: p.Kind,
		Reason: p.Reason, Due: stampOf(due), State: string(p.State), Sent: stampOf(p.Sent),
		Answered: stampOf(p.Answered), Error: p.Error, Decided: stampOf(b.Decided), Provider: p.Provider,
	}
}

func (r pageRow) page() Page {
	return Page{Incident: r.Incident, Delivered: r.Delivered.Time(), Page: incident.Page{
		Key: r.Key, Summons: r.Summons, Person: r.Person, Contact: r.Contact, Kind: r.Kind, Reason: r.Reason,
		Due: r.Due.Time(), State: incident.PageState(r.State), Sent: r.Sent.Time(), Answered: r.Answered.Time(),
		Error: r.Error, Provider: r.Provider,
	}}
}

func savePages(ctx context.Context, tx *sqlx.Tx, b activities.Batch) error {
	// A statement may name a row only once: of equal keys the last one counts.
	place := make(map[string]int, len(b.Pages))
	rows := make([]pageRow, 0, len(b.Pages))
	for _, p := range b.Pages {
		row := pageRowOf(b, p)
		if n, twice := place[p.Key]; twice {
			rows[n] = row
			continue
		}
		place[p.Key] = len(rows)
		rows = append(rows, row)
	}
	return insert(ctx, tx, `
		INSERT INTO pages (key, incident, summons, person, contact, kind, reason, due_at, state, sent_at,
			answered_at, error, decided_at, provider)
		VALUES (:key, :incident, :summons, :person, :contact, :kind, :reason, :due_at, :state, :sent_at,
			:answered_at, :error, :decided_at, :provider)
		ON CONFLICT (key) DO UPDATE SET
			state = excluded.state, due_at = excluded.due_at, sent_at = excluded.sent_at,
			answered_at = excluded.answered_at, error = excluded.error, decided_at = excluded.decided_at,
			provider = excluded.provider`, rows)
}

// PageFilter narrows Pages; what is empty does not narrow.
type PageFilter struct {
	Incident string
	Person   string
	States   []incident.PageState
	// Open leaves out what was answered and what belongs to incidents that are
	// over.
	Open bool
	// From and Until bound when they were due: [From, Until).
	From, Until time.Time
	// After is the cursor that the last page of the list ended with.
	After string
	// Limit is within 1..200; zero means 50.
	Limit int
}

// Pages lists pages by when they were due, and the cursor of what comes next,
// which is empty at the end. A cursor that was not made here is Invalid.
func (s *Store) Pages(ctx context.Context, f PageFilter) ([]Page, string, error) {
	var c condition
	c.equal("incident", f.Incident)
	c.equal("person", f.Person)
	oneOf(&c, "state", f.States)
	if f.Open {
		c.and("answered_at IS NULL")
		c.and("incident IN (SELECT number FROM incidents WHERE " + open + ")")
	}
	if !f.From.IsZero() {
		c.and("due_at >= ?", stampOf(f.From))
	}
	if !f.Until.IsZero() {
		c.and("due_at < ?", stampOf(f.Until))
	}
	if err := c.after("due_at", "key", f.After); err != nil {
		return nil, "", err
	}
	rows, next, err := part[pageRow]{
		what: "list pages", args: c.args, limit: f.Limit, cursor: func(r pageRow) string { return timeCursor(r.Due, r.Key) },
		query: `SELECT key, incident, summons, person, contact, kind, reason, due_at, state, sent_at, answered_at, error,
			provider, (SELECT MIN(a.receipt_at) FROM attempts a WHERE a.key = pages.key AND a.receipt = '` + Delivered + `') AS delivered_at
		FROM pages` + c.where() + ` ORDER BY due_at, key`,
	}.read(ctx, s)
	return each(rows, pageRow.page), next, err
}

// PagesOf counts the pages that became due in [from, until), by person.
func (s *Store) PagesOf(ctx context.Context, from, until time.Time) (map[string]int, error) {
	rows, err := list[struct {
		Person string `db:"person"`
		Pages  int    `db:"pages"`
	}](ctx, s, `SELECT person, COUNT(*) AS pages FROM pages WHERE due_at >= $1 AND due_at < $2 GROUP BY person`,
		stampOf(from), stampOf(until))
	out := make(map[string]int, len(rows))
	for _, row := range rows {
		out[row.Person] = row.Pages
	}
	return out, failed(err, "count pages")
}
