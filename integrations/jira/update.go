package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
)

const updateFields = "summary,description,priority,duedate,assignee,status,resolution"

// issue is what is read of one.
type issue struct {
	ID     string `json:"id"`
	Key    string `json:"key"`
	Fields struct {
		Summary     string `json:"summary"`
		Description string `json:"description"`
		Priority    struct {
			Name string `json:"name"`
		} `json:"priority"`
		DueDate  string `json:"duedate"`
		Assignee struct {
			AccountID string `json:"accountId"`
		} `json:"assignee"`
		Status     status `json:"status"`
		Resolution struct {
			Name string `json:"name"`
		} `json:"resolution"`
		Creator struct {
			AccountID string `json:"accountId"`
		} `json:"creator"`
		Comment struct {
			Comments []struct {
				Body string `json:"body"`
			} `json:"comments"`
		} `json:"comment"`
	} `json:"fields"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// mark is what Tocsin remembers in the issue; one that somebody else has
// spoilt is none.
func (i issue) mark() mark {
	var m mark
	if json.Unmarshal(i.Properties[propertyKey], &m) != nil {
		return mark{}
	}
	return m
}

type status struct {
	Name     string `json:"name"`
	Category struct {
		Key string `json:"key"`
	} `json:"statusCategory"`
}

// isDone goes by the category: names are localised and anybody's choice.
func (s status) isDone() bool { return s.Category.Key == "done" }

func (t *Tracker) get(ctx context.Context, ref incident.TicketRef, query string) (issue, error) {
	name := cmp.Or(ref.ID, ref.Key)
	if name == "" || strings.Trim(name, wordCharacters) != "" {
		return issue{}, incident.Errorf(incident.Invalid, "a ticket has an id or a key")
	}
	var out issue
	err := t.call(ctx, http.MethodGet, "issue/"+name+"?"+query, nil, &out)
	if err == nil && (out.ID == "" || out.Fields.Status.Category.Key == "") {
		err = incident.Errorf(incident.Unavailable, "JIRA answered no ticket")
	}
	return out, err
}

const wordCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// Update makes Tocsin's part of the description, the summary as long as
// nobody changed it, and the fields that are set current; links the ticket to
// its page and its parent; and moves it to done when asked, unless it is. It
// reads first and writes nothing that is already so. After that it closes the
// equal ticket that EnsureAgain may have left. A ticket that is deleted or
// cannot be seen is NotFound.
func (t *Tracker) Update(ctx context.Context, ref incident.TicketRef, ticket incident.Ticket) error {
	now, err := t.get(ctx, ref, "fields="+updateFields+"&properties="+propertyKey)
	if hasStatus(err, http.StatusNotFound) {
		return incident.Errorf(incident.NotFound, "the ticket was deleted, or TOCSIN_JIRA_EMAIL may not see it: %w", err)
	}
	if err != nil {
		return failed("read the ticket", err)
	}
	next := now.mark()
	next.Label = ticket.Label
	linkErr := t.link(ctx, now, ticket, &next)
	editErr := t.edit(ctx, now, ticket, &next)
	var doneErr error
	if ticket.Done && !now.Fields.Status.isDone() {
		doneErr = t.finish(ctx, now, "")
	}
	if editErr == nil {
		t.lookAgain(ctx, now, next, ticket.Done)
	}
	// One that fails does not hold the others up; the kind is the first one's.
	return errors.Join(editErr, doneErr, linkErr)
}

func (t *Tracker) edit(ctx context.Context, now issue, ticket incident.Ticket, next *mark) error {
	fields := changedFields(now, ticket)
	last := now.mark()
	if summary := cleanSummary(ticket.Summary); summary != "" && summary != now.Fields.Summary && now.Fields.Summary == last.Summary {
		fields["summary"], next.Summary = summary, summary
	}
	if description, hash, ok := t.describe(ctx, now, ticket.Block); ok {
		fields["description"], next.Part = description, hash
	}
	var err error
	switch {
	case len(fields) > 0:
		err = t.write(ctx, http.MethodPut, "issue/"+now.ID, edit{Fields: fields, Properties: next.property()}, nil)
	case *next != last:
		err = t.remember(ctx, now.ID, *next)
	}
	if err != nil {
		return failed("write the ticket", err)
	}
	return nil
}

// describe returns the description with Tocsin's part made current, unless it
// is. What counts is the part's hash, since Jira may hand back its own
// spelling of what was written.
func (t *Tracker) describe(ctx context.Context, now issue, block string) (description, hash string, ok bool) {
	old := now.Fields.Description
	part := newPart(block, maxDescription-others(old))
	if _, _, found := locate(old); found && part.hash == now.mark().Part {
		return "", "", false
	}
	description = merge(old, part.text)
	if units(description) > maxDescription {
		t.log.WarnContext(ctx, "a ticket's description has no room left for Tocsin's part", "ticket", now.Key)
		return "", "", false
	}
	return description, part.hash, true
}

// changedFields are the optional fields that are not as they should be.
func changedFields(now issue, ticket incident.Ticket) map[string]any {
	fields := optionalFields(ticket)
	if strings.EqualFold(now.Fields.Priority.Name, ticket.Priority) {
		delete(fields, "priority")
	}
	if now.Fields.DueDate == fields["duedate"] {
		delete(fields, "duedate")
	}
	if now.Fields.Assignee.AccountID == ticket.Assignee {
		delete(fields, "assignee")
	}
	return fields
}
