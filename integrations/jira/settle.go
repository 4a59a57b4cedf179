package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	// settleTimeout bounds all that is done about equal tickets at one moment:
	// whoever asked for something else waits for it.
	settleTimeout = 10 * time.Second
	// lookPause is how long a settling that failed rests.
	lookPause = time.Hour

	duplicate = "Duplicate"
	// settledWords tell the comment that says why a ticket was closed.
	settledWords = "is the ticket that Tocsin keeps current"
)

// twins are tickets that carry one label.
type twins struct {
	label string
	kept  incident.TicketRef
	all   []incident.TicketRef
}

// settle closes the twins of the ticket that is kept, as duplicates of it. It
// reports whether nothing is left to do; what fails is logged, since the
// ticket that is kept must not suffer from it.
func (t *Tracker) settle(ctx context.Context, w twins) bool {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	t.log.WarnContext(ctx, "several tickets carry one label", "label", w.label, "tickets", len(w.all), "kept", w.kept.Key)
	self, _, err := t.client.User.GetSelfWithContext(ctx)
	if err != nil {
		err = failed("sign in to JIRA", err)
	}
	for _, extra := range w.all {
		if self != nil && extra.ID != w.kept.ID {
			err = errors.Join(err, t.settleOne(ctx, extra, w, self.AccountID))
		}
	}
	if err != nil {
		t.log.WarnContext(ctx, "an equal ticket is left open, close it by hand", "label", w.label, "kept", w.kept.Key, "err", err)
	}
	return err == nil
}

// settleOne closes one extra ticket. The comment comes last, so that it says
// what is done: where it stands, whoever opened the ticket again meant it. What
// a person made, by cloning, is theirs.
func (t *Tracker) settleOne(ctx context.Context, extra incident.TicketRef, w twins, self string) error {
	now, err := t.get(ctx, extra, "fields=status,creator,comment&properties="+propertyKey)
	if err != nil {
		return failed("read "+extra.Key, err)
	}
	if now.mark().Label != w.label || now.Fields.Creator.AccountID != self || now.isSettled() {
		return nil
	}
	_, err = t.client.Issue.AddLinkWithContext(ctx, &gojira.IssueLink{
		Type:         gojira.IssueLinkType{Name: duplicate},
		InwardIssue:  &gojira.Issue{ID: now.ID},
		OutwardIssue: &gojira.Issue{ID: w.kept.ID},
	})
	if err != nil {
		return failed("link "+now.Key+" as a duplicate", err)
	}
	if !now.Fields.Status.isDone() {
		if err := t.finish(ctx, now, duplicate); err != nil {
			return fmt.Errorf("close %s as a duplicate: %w", now.Key, err)
		}
	}
	why := fmt.Sprintf("%s %s. This one was made for the same label while JIRA's search did not show the other yet, and is closed as its duplicate.",
		w.kept.Key, settledWords)
	err = t.call(ctx, http.MethodPost, "issue/"+now.ID+"/comment", map[string]string{"body": why}, nil)
	if err != nil {
		return failed("say in "+now.Key+" why it is closed", err)
	}
	return nil
}

// isSettled reports whether a ticket says that another is kept instead.
func (i issue) isSettled() bool {
	for _, c := range i.Fields.Comment.Comments {
		if strings.Contains(c.Body, settledWords) {
			return true
		}
	}
	return false
}

// lookAgain looks for twins of a ticket whose mark asks for it, once the time
// has come or, when it is finished, for the last time.
func (t *Tracker) lookAgain(ctx context.Context, now issue, m mark, finished bool) {
	if m.LookAt == 0 || !finished && time.Now().Before(time.Unix(m.LookAt, 0)) {
		return
	}
	within, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	kept := incident.TicketRef{ID: now.ID, Key: now.Key}
	project, _, _ := strings.Cut(now.Key, "-")
	found, err := t.search(within, project, m.Label)
	if err != nil {
		t.log.WarnContext(ctx, "equal tickets cannot be looked for", "ticket", now.Key, "err", err)
	}
	others := slices.ContainsFunc(found, func(r incident.TicketRef) bool { return r.ID != kept.ID })
	m.LookAt = time.Now().Add(lookPause).Unix()
	if err == nil && (!others || t.settle(within, twins{label: m.Label, kept: kept, all: found})) {
		m.LookAt = 0
	}
	if err := t.remember(ctx, now.ID, m); err != nil {
		t.log.WarnContext(ctx, "equal tickets will be looked for once more", "ticket", now.Key, "err", err)
	}
}
