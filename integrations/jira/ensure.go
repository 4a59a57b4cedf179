package jira

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	firstPoll = time.Second
	lastPoll  = 10 * time.Second
	// lookAfter is how many index windows pass between a creation that may be
	// the second one and the look for the first.
	lookAfter = 4
)

// Ensure returns the ticket with this label in its project, and creates it
// when the search does not know one. Where there are several, that with the
// lowest id counts and the others are closed. Links and the rest are Update's. After
// an error of kind Unavailable it may have been created all the same: repeat
// with EnsureAgain. A Permanent error is Jira's refusal.
func (t *Tracker) Ensure(ctx context.Context, ticket incident.Ticket) (incident.TicketRef, error) {
	if err := check(ticket); err != nil {
		return incident.TicketRef{}, err
	}
	ref, err := t.lookUp(ctx, ticket)
	if err != nil || ref != (incident.TicketRef{}) {
		return ref, err
	}
	return t.create(ctx, ticket, mark{})
}

// EnsureAgain is Ensure after an attempt that may have created the ticket: it
// searches until the index must know of that one, for Config.IndexWindow,
// before it creates another. Should the index know of it even later, a later
// Update or Read closes the one that nobody named.
func (t *Tracker) EnsureAgain(ctx context.Context, ticket incident.Ticket) (incident.TicketRef, error) {
	if err := check(ticket); err != nil {
		return incident.TicketRef{}, err
	}
	deadline := time.Now().Add(t.config.IndexWindow)
	for pause := min(firstPoll, t.config.IndexWindow/8); ; pause = min(2*pause, lastPoll) {
		ref, err := t.lookUp(ctx, ticket)
		if err != nil || ref != (incident.TicketRef{}) {
			return ref, err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return t.create(ctx, ticket, mark{LookAt: time.Now().Add(lookAfter * t.config.IndexWindow).Unix()})
		}
		if err := wait(ctx, min(pause, left)); err != nil {
			return incident.TicketRef{}, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return incident.Errorf(incident.Unavailable, "look for a ticket that may exist: %w", ctx.Err())
	}
}

func check(ticket incident.Ticket) error {
	switch {
	case ticket.Label == "" || strings.ContainsFunc(ticket.Label, unicode.IsSpace):
		return incident.Errorf(incident.Invalid, "a ticket's label must be one word")
	case ticket.Project == "" || ticket.Type == "":
		return incident.Errorf(incident.Invalid, "a ticket needs a project and a type, correct the response policy in the catalog")
	case cleanSummary(ticket.Summary) == "":
		return incident.Errorf(incident.Invalid, "a ticket needs a summary")
	}
	return nil
}

// lookUp returns the ticket of this label that counts, or a zero ref.
func (t *Tracker) lookUp(ctx context.Context, ticket incident.Ticket) (incident.TicketRef, error) {
	found, err := t.search(ctx, ticket.Project, ticket.Label)
	if err != nil || len(found) == 0 {
		return incident.TicketRef{}, err
	}
	if len(found) > 1 {
		t.settle(ctx, twins{label: ticket.Label, kept: found[0], all: found})
	}
	return found[0], nil
}

// search returns the tickets of this label, that with the lowest id first.
func (t *Tracker) search(ctx context.Context, project, label string) ([]incident.TicketRef, error) {
	jql := fmt.Sprintf("project = %s AND labels = %s ORDER BY created ASC", quote(project), quote(label))
	// Without fields the search answers ids only.
	found, _, err := t.client.Issue.SearchV2JQLWithContext(ctx, jql, &gojira.SearchOptionsV2{Fields: []string{"labels"}})
	if err != nil {
		return nil, failed("look for the ticket", err)
	}
	var refs []incident.TicketRef
	for _, i := range found {
		if i.Fields != nil && slices.Contains(i.Fields.Labels, label) {
			refs = append(refs, incident.TicketRef{ID: i.ID, Key: i.Key})
		}
	}
	slices.SortFunc(refs, func(a, b incident.TicketRef) int { return number(a.ID) - number(b.ID) })
	return refs, nil
}

func number(id string) int {
	n, _ := strconv.Atoi(id)
	return n
}

func quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// create makes the ticket; m is what its mark holds beside what is written.
func (t *Tracker) create(ctx context.Context, ticket incident.Ticket, m mark) (incident.TicketRef, error) {
	summary := cleanSummary(ticket.Summary)
	part := newPart(ticket.Block, maxDescription)
	m.Label, m.Summary, m.Part = ticket.Label, summary, part.hash
	e := edit{Fields: optionalFields(ticket), Properties: m.property()}
	e.Fields["project"] = map[string]string{"key": ticket.Project}
	e.Fields["issuetype"] = map[string]string{"name": ticket.Type}
	e.Fields["summary"] = summary
	e.Fields["description"] = part.text
	e.Fields["labels"] = []string{ticket.Label}
	var made incident.TicketRef
	if err := t.write(ctx, http.MethodPost, "issue", e, &made); err != nil {
		return incident.TicketRef{}, failed("create the ticket", err)
	}
	if made.ID == "" {
		return incident.TicketRef{}, incident.Errorf(incident.Unavailable, "create the ticket: JIRA named no ticket")
	}
	return made, nil
}
