package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
)

// PostJiraWebhook passes on that a ticket changed. The body is a hint: what
// the ticket says is read from JIRA, so that a repeated or an old webhook does
// no harm.
func (s *server) PostJiraWebhook(ctx context.Context, r gen.PostJiraWebhookRequestObject) (gen.PostJiraWebhookResponseObject, error) {
	if s.Tickets == nil || len(s.JiraSecret) == 0 {
		return nil, incident.Errorf(incident.NotFound, "this process hears no webhooks of JIRA")
	}
	if !signedByJira(s.JiraSecret, *r.Body, r.Params.XHubSignature) {
		return nil, incident.Errorf(incident.Unauthenticated, "the signature does not fit: set the same secret at JIRA and here")
	}
	var event struct {
		Issue incident.TicketRef `json:"issue"`
	}
	if err := json.Unmarshal(*r.Body, &event); err != nil {
		return nil, &fieldError{message: "the body is not a webhook of JIRA"}
	}
	if event.Issue == (incident.TicketRef{}) {
		return gen.PostJiraWebhook202Response{}, nil // about something other than an issue
	}
	if err := s.Tickets.Changed(ctx, event.Issue); err != nil {
		return nil, err
	}
	return gen.PostJiraWebhook202Response{}, nil
}

// signedByJira checks "sha256=" and the HMAC-SHA256 of the body.
func signedByJira(secret, body []byte, signature string) bool {
	sum, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return hmac.Equal(sum, mac.Sum(nil))
}
