package scene

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/sandbox/phone"
)

// Push waits for a push on a person's phone that is about an incident and
// holds words.
func (w *World) Push(ctx context.Context, person, number, words string) (phone.Page, error) {
	what := fmt.Sprintf("a push to %s about %s with %q", person, number, words)
	return Until(ctx, w, what, func(context.Context) (phone.Page, bool) {
		for _, p := range w.Sandbox.Phone.Pages(person) {
			text := p.Title + "\n" + p.Message
			if About(text, number) && strings.Contains(text, words) {
				return p, true
			}
		}
		return phone.Page{}, false
	})
}

// About reports whether a text names an incident, and not one whose number
// begins alike.
func About(text, number string) bool {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, number)
		if !found {
			return false
		}
		if after == "" || !strings.ContainsRune("0123456789abcdef", rune(after[0])) {
			return true
		}
		rest = after
	}
}

// Mail waits for a mail to an address that is about an incident and holds
// words.
func (w *World) Mail(ctx context.Context, to, number, words string) (inbox.Message, error) {
	what := fmt.Sprintf("a mail to %s about %s with %q", to, number, words)
	return Until(ctx, w, what, func(context.Context) (inbox.Message, bool) {
		for _, m := range w.Mails(number) {
			if slices.Contains(m.To, to) && strings.Contains(m.Subject+"\n"+m.Text, words) {
				return m, true
			}
		}
		return inbox.Message{}, false
	})
}

// Mails returns every mail about an incident, the oldest first.
func (w *World) Mails(number string) []inbox.Message {
	var out []inbox.Message
	for _, m := range w.Sandbox.Inbox.Messages(inbox.Query{}) {
		if full, ok := w.Sandbox.Inbox.Message(m.ID); ok && About(full.Subject+"\n"+full.Text, number) {
			out = append(out, full)
		}
	}
	return out
}

// Issue waits for a JIRA issue for which fits holds.
func (w *World) Issue(ctx context.Context, what string, fits func(*jira.Issue) bool) (*jira.Issue, error) {
	return Until(ctx, w, what, func(context.Context) (*jira.Issue, bool) {
		all := w.Sandbox.Jira.Issues()
		n := slices.IndexFunc(all, fits)
		if n < 0 {
			return nil, false
		}
		return all[n], true
	})
}

// Incident waits until an incident, as the API shows it, is as wanted.
func (w *World) Incident(ctx context.Context, number, what string, fits func(*client.Incident) bool) (*client.Incident, error) {
	c, err := w.As(Primary)
	if err != nil {
		return nil, err
	}
	return Until(ctx, w, what+" of "+number, func(ctx context.Context) (*client.Incident, bool) {
		answer, err := c.GetIncidentWithResponse(ctx, number)
		if err != nil {
			return nil, false
		}
		return answer.JSON200, fits(answer.JSON200)
	})
}
