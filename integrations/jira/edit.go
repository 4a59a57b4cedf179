package jira

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	propertyKey = "tocsin"
	maxSummary  = 255
)

// mark is what Tocsin remembers in the ticket itself.
type mark struct {
	Label string `json:"label"`
	// Summary and Part are the summary and the hash of the part that were
	// written last.
	Summary string `json:"summary"`
	Part    string `json:"part"`
	// Backlink is the address that was linked, Parent the ticket. What people
	// unlink stays unlinked.
	Backlink string `json:"backlink,omitempty"`
	Parent   string `json:"parent,omitempty"`
	// LookAt is when to look for an equal ticket that the index did not show
	// when this one was made, in seconds since 1970; zero is never.
	LookAt int64 `json:"look_at,omitempty"`
}

func (m mark) property() []property { return []property{{Key: propertyKey, Value: m}} }

type property struct {
	Key   string `json:"key"`
	Value mark   `json:"value"`
}

// edit is the body that creates or changes an issue.
type edit struct {
	Fields     map[string]any `json:"fields"`
	Properties []property     `json:"properties,omitempty"`
}

// optionalFields are those a ticket can do without.
func optionalFields(ticket incident.Ticket) map[string]any {
	fields := map[string]any{}
	if ticket.Priority != "" {
		fields["priority"] = map[string]string{"name": ticket.Priority}
	}
	if !ticket.Due.IsZero() {
		fields["duedate"] = ticket.Due.Format(time.DateOnly)
	}
	if ticket.Assignee != "" {
		fields["assignee"] = map[string]string{"accountId": ticket.Assignee}
	}
	return fields
}

// write sends an edit. When Jira refuses nothing but optional fields, which
// are often missing on a project's screens, the ticket is kept without them.
func (t *Tracker) write(ctx context.Context, method, path string, e edit, out any) error {
	err := t.call(ctx, method, path, e, out)
	refused := refusedFields(err)
	if len(refused) == 0 || slices.ContainsFunc(refused, isNeeded) {
		return err
	}
	t.log.WarnContext(ctx, "JIRA refuses fields, the ticket is kept without them", "fields", refused, "err", err)
	for _, field := range refused {
		delete(e.Fields, field)
	}
	if len(e.Fields) == 0 {
		return nil
	}
	return t.call(ctx, method, path, e, out)
}

func isNeeded(field string) bool {
	return !slices.Contains([]string{"priority", "duedate", "assignee"}, field)
}

// remember keeps the mark of a ticket that needs no other change.
func (t *Tracker) remember(ctx context.Context, id string, m mark) error {
	return t.call(ctx, http.MethodPut, "issue/"+id+"/properties/"+propertyKey, m, nil)
}

// cleanSummary is a summary as Jira takes it: one line, at most 255 runes.
func cleanSummary(summary string) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(summary, ""))
	words := []rune(strings.Join(strings.Fields(printable), " "))
	if len(words) > maxSummary {
		return string(words[:maxSummary-1]) + "…"
	}
	return string(words)
}
