package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
)

// Hint is what a webhook is good for: a reason to read a ticket again.
type Hint struct {
	// Ref is zero when the event concerns no issue.
	Ref incident.TicketRef
	// Identifier is the same for every delivery of one event.
	Identifier string
	// Event is Jira's name of it, such as "jira:issue_updated".
	Event string
}

// ParseWebhook checks the signature of a webhook over its raw body and says
// what it is about. It fails with Unauthenticated when the signature is not
// that of the secret, or when there is no secret, and with Invalid when the
// body is no event.
func ParseWebhook(secret string, header http.Header, body []byte) (Hint, error) {
	if secret == "" {
		return Hint{}, incident.Errorf(incident.Unauthenticated, "set TOCSIN_JIRA_WEBHOOK_SECRET to take webhooks from JIRA")
	}
	if !isSigned(secret, header.Get("X-Hub-Signature"), body) {
		return Hint{}, incident.Errorf(incident.Unauthenticated,
			"the webhook's X-Hub-Signature is not that of TOCSIN_JIRA_WEBHOOK_SECRET")
	}
	var event struct {
		Name  string `json:"webhookEvent"`
		Issue struct {
			ID  string `json:"id"`
			Key string `json:"key"`
		} `json:"issue"`
	}
	if err := json.Unmarshal(body, &event); err != nil || event.Name == "" {
		return Hint{}, incident.Errorf(incident.Invalid, "the webhook is not an event of JIRA")
	}
	return Hint{
		Ref:        incident.TicketRef{ID: event.Issue.ID, Key: event.Issue.Key},
		Identifier: header.Get("X-Atlassian-Webhook-Identifier"),
		Event:      event.Name,
	}, nil
}

func isSigned(secret, signature string, body []byte) bool {
	given, isSHA256 := strings.CutPrefix(signature, "sha256=")
	sum, err := hex.DecodeString(given)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return isSHA256 && err == nil && hmac.Equal(sum, mac.Sum(nil))
}
