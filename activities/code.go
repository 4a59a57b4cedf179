package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// SendCode sends a code to a contact method, to see whether its person reads
// it. The error is of kind incident.Permanent when that can never succeed, and
// never holds the address.
func SendCode(ctx context.Context, p *Pager, m catalog.ContactMethod, code string) error {
	channel, ok := p.Channels[m.Kind]
	if !ok {
		return incident.Errorf(incident.Permanent, "no channel serves contact methods of kind %q: ask the operator to configure one", m.Kind)
	}
	return channel.Send(ctx, m.Address, incident.Message{
		Key: "code/" + uuid.NewString(), At: time.Now().UTC(),
		Title: "Tocsin: your code is " + code,
		Body: fmt.Sprintf("Send it back within ten minutes, so that pages are sent here:\n\ntocsin contact confirm %s --code %s\n\n"+
			"If you did not ask for it, there is nothing to do.", m.ID, code),
	})
}
