package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Contact is a contact method that a person added, with who did so and when.
type Contact struct {
	Person string
	Method catalog.ContactMethod
	Made   time.Time
	By     string
}

// maxContacts bounds the contact methods that one person may add.
const maxContacts = 20

type contactRow struct {
	Person  string `db:"person"`
	ID      string `db:"id"`
	Kind    string `db:"kind"`
	Address string `db:"address"`
	Made    stamp  `db:"made_at"`
	By      string `db:"made_by"`
}

func (r contactRow) contact() Contact {
	return Contact{
		Person: r.Person, Method: catalog.ContactMethod{ID: r.ID, Kind: r.Kind, Address: r.Address},
		Made: r.Made.Time(), By: r.By,
	}
}

// AddContact keeps a contact method. It is a Conflict when its person has
// added another one of this id, and Refused when they have added too many.
func (s *Store) AddContact(ctx context.Context, c Contact) error {
	return s.change(ctx, "add a contact method", func(tx *sqlx.Tx) error {
		var there int
		err := tx.GetContext(ctx, &there, tx.Rebind(`SELECT COUNT(*) FROM contact_methods WHERE person = ?`), c.Person)
		if err != nil {
			return err
		}
		if there >= maxContacts {
			return incident.Errorf(incident.Refused, "%s has %d own contact methods: remove one first", c.Person, there)
		}
		result, err := tx.NamedExecContext(ctx, `
			INSERT INTO contact_methods (person, id, kind, address, made_at, made_by)
			VALUES (:person, :id, :kind, :address, :made_at, :made_by) ON CONFLICT DO NOTHING`, contactRow{
			Person: c.Person, ID: c.Method.ID, Kind: c.Method.Kind, Address: c.Method.Address, Made: stampOf(c.Made), By: c.By,
		})
		return changed(result, err, incident.Errorf(incident.Conflict, "%s has a contact method %q already", c.Person, c.Method.ID))
	})
}

// RemoveContact takes away a contact method that a person added, and is
// NotFound when they did not.
func (s *Store) RemoveContact(ctx context.Context, person, id string) error {
	return s.change(ctx, "remove a contact method", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, tx.Rebind(`DELETE FROM contact_methods WHERE person = ? AND id = ?`), person, id)
		return changed(result, err, incident.Errorf(incident.NotFound, "%s has added no contact method %q", person, id))
	})
}

// Contacts lists the contact methods that a person added, or everybody when
// person is empty, in the order in which they were.
func (s *Store) Contacts(ctx context.Context, person string) ([]Contact, error) {
	var c condition
	c.equal("person", person)
	rows, err := list[contactRow](ctx, s, `
		SELECT person, id, kind, address, made_at, made_by FROM contact_methods`+c.where()+` ORDER BY person, made_at, id`, c.args...)
	if err != nil {
		return nil, failed(err, "list contact methods")
	}
	return each(rows, contactRow.contact), nil
}

func (s *Store) readContacts(ctx context.Context, o *catalog.Overlay) error {
	list, err := s.Contacts(ctx, "")
	for _, c := range list {
		o.Contacts = append(o.Contacts, catalog.OwnContact{Person: c.Person, Method: c.Method})
	}
	return err
}
