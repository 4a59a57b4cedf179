package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
)

type ticketRow struct {
	ID       string `db:"id"`
	Incident string `db:"incident"`
}

// saveTickets remembers which incident a ticket belongs to.
func saveTickets(ctx context.Context, tx *sqlx.Tx, b activities.Batch) error {
	var rows []ticketRow
	if b.Incident.Ticket.ID != "" {
		rows = append(rows, ticketRow{ID: b.Incident.Ticket.ID, Incident: b.Number})
	}
	for _, f := range b.Incident.FollowUps {
		if f.Ticket.ID != "" {
			rows = append(rows, ticketRow{ID: f.Ticket.ID, Incident: b.Number})
		}
	}
	return insert(ctx, tx, `INSERT INTO tickets (id, incident) VALUES (:id, :incident) ON CONFLICT (id) DO NOTHING`, rows)
}

// IncidentOfTicket returns the number of the incident that a ticket, its own
// or that of a follow-up, belongs to; NotFound when there is none.
func (s *Store) IncidentOfTicket(ctx context.Context, id string) (string, error) {
	number, err := get[string](ctx, s, `SELECT incident FROM tickets WHERE id = $1`, id)
	return number, failed(err, "find the incident of a ticket")
}
