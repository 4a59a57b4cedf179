package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
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
	// Matters says that the event may have changed whether the issue is done,
	// or where it is. What writes a description or a comment, as Tocsin itself
	// does all the time, is no reason to read the issue again.
	Matters bool
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
		Changelog *struct {
			Items []struct {
				Field string `json:"field"`
			} `json:"items"`
		} `json:"changelog"`
	}
	if err := json.Unmarshal(body, &event); err != nil || event.Name == "" {
		return Hint{}, incident.Errorf(incident.Invalid, "the webhook is not an event of JIRA")
	}
	matters := strings.HasPrefix(event.Name, "jira:issue_")
	if matters && event.Changelog != nil {
		matters = false
		for _, item := range event.Changelog.Items {
			matters = matters || slices.Contains([]string{"status", "resolution", "project", "Key"}, item.Field)
		}
	}
	return Hint{
		Ref:        incident.TicketRef{ID: event.Issue.ID, Key: event.Issue.Key},
		Identifier: header.Get("X-Atlassian-Webhook-Identifier"),
		Event:      event.Name,
		Matters:    matters,
	}, nil
}

func isSigned(secret, signature string, body []byte) bool {
	given, isSHA256 := strings.CutPrefix(signature, "sha256=")
	sum, err := hex.DecodeString(given)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return isSHA256 && err == nil && hmac.Equal(sum, mac.Sum(nil))
}
