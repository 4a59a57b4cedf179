package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tocsinhq/tocsin/incident"
)

// Tried says what became of one contact method of a test page. Error is empty
// when it was handed over, and never holds an address.
type Tried struct {
	Contact string
	Kind    string
	Error   string
}

// TestPage pages a person by every contact method, once each and outside every
// incident, and says what became of each.
func TestPage(ctx context.Context, p *Pager, person, by string) ([]Tried, error) {
	c, err := p.Catalogs.Current(ctx)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", person, err)
	}
	who, ok := c.Person(person)
	if !ok {
		return nil, incident.Errorf(incident.NotFound, "there is no person %q in the catalog", person)
	}
	var out []Tried
	for _, method := range who.Contacts {
		m := incident.Message{
			Key: "test/" + uuid.NewString(), Title: "Test page from Tocsin", Urgent: true, At: time.Now().UTC(),
			Body: fmt.Sprintf("%s tests whether pages reach you. Nothing is wrong and nothing is to be done.", by),
		}
		_, err := p.send(ctx, c, person, method.ID, m)
		out = append(out, Tried{Contact: method.ID, Kind: method.Kind, Error: text(err)})
	}
	return out, nil
}
