package store

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// Woken returns what the noise report has to know of the incidents that were
// opened in [from, until), the newest first, with the pages that were handed
// over to people about them at any time.
func (s *Store) Woken(ctx context.Context, from, until time.Time) ([]incident.Woken, error) {
	pages, err := s.handedPages(ctx, from, until)
	if err != nil {
		return nil, err
	}
	var out []incident.Woken
	f := IncidentFilter{Since: from, Until: until, Limit: 200}
	for {
		part, next, err := s.Incidents(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, i := range part {
			if w, counts := incident.WokenBy(i); counts {
				w.Pages = pages[i.Number]
				out = append(out, w)
			}
		}
		if f.After = next; next == "" {
			return out, nil
		}
	}
}

// handedPages lists by incident what was handed over about those that were
// opened in [from, until).
func (s *Store) handedPages(ctx context.Context, from, until time.Time) (map[string][]incident.HandedPage, error) {
	rows, err := list[struct {
		Incident string `db:"incident"`
		Person   string `db:"person"`
		Sent     stamp  `db:"sent_at"`
	}](ctx, s, `
		SELECT pages.incident, pages.person, pages.sent_at
		FROM pages JOIN incidents ON incidents.number = pages.incident
		WHERE incidents.opened_at >= $1 AND incidents.opened_at < $2
			AND pages.sent_at IS NOT NULL AND pages.person <> ''
		ORDER BY pages.sent_at, pages.key`, stampOf(from), stampOf(until))
	out := make(map[string][]incident.HandedPage, len(rows))
	for _, r := range rows {
		out[r.Incident] = append(out[r.Incident], incident.HandedPage{Person: r.Person, At: r.Sent.Time()})
	}
	return out, failed(err, "list the pages that were handed over")
}
