package api

import (
	"context"
	"net/http"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
)

// PostJiraWebhook passes on that a ticket changed. The body is a hint: what
// the ticket says is read from JIRA, so that a repeated or an old webhook does
// no harm.
func (s *server) PostJiraWebhook(ctx context.Context, r gen.PostJiraWebhookRequestObject) (gen.PostJiraWebhookResponseObject, error) {
	if s.Tickets == nil || s.ReadHint == nil {
		return nil, incident.Errorf(incident.NotFound, "this process hears no webhooks of JIRA")
	}
	signature := http.Header{}
	signature.Set("X-Hub-Signature", r.Params.XHubSignature)
	ref, err := s.ReadHint(signature, *r.Body)
	if err != nil {
		return nil, err
	}
	if ref == (incident.TicketRef{}) {
		return gen.PostJiraWebhook202Response{}, nil // about something other than an issue
	}
	if err := s.Tickets.Changed(ctx, ref); err != nil {
		return nil, err
	}
	return gen.PostJiraWebhook202Response{}, nil
}
