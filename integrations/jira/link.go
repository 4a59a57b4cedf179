package jira

import (
	"cmp"
	"context"
	"errors"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/tocsinhq/tocsin/incident"
)

// link ties a ticket to its page in Tocsin and to its parent, once each, and
// notes in next what it has tied. Both are idempotent at Jira.
func (t *Tracker) link(ctx context.Context, now issue, ticket incident.Ticket, next *mark) error {
	backErr := t.linkBack(ctx, now.ID, ticket, next)
	return errors.Join(backErr, t.linkParent(ctx, now, ticket, next))
}

func (t *Tracker) linkBack(ctx context.Context, id string, ticket incident.Ticket, next *mark) error {
	if t.config.Backlink == nil {
		return nil
	}
	title, url := t.config.Backlink(ticket)
	if url == "" || url == next.Backlink {
		return nil
	}
	_, _, err := t.client.Issue.AddRemoteLinkWithContext(ctx, id, &gojira.RemoteLink{
		GlobalID:    "tocsin:" + ticket.Label,
		Application: &gojira.RemoteLinkApplication{Type: "com.tocsin", Name: "Tocsin"},
		Object:      &gojira.RemoteLinkObject{URL: url, Title: title},
	})
	if err != nil {
		return failed("link the ticket to its page", err)
	}
	next.Backlink = url
	return nil
}

func (t *Tracker) linkParent(ctx context.Context, now issue, ticket incident.Ticket, next *mark) error {
	parent := ticket.Parent
	if parent == (incident.TicketRef{}) || parent.ID == now.ID || parent.Key == now.Key {
		return nil
	}
	name := cmp.Or(parent.ID, parent.Key)
	if name == next.Parent {
		return nil
	}
	end := &gojira.Issue{ID: parent.ID}
	if parent.ID == "" {
		end = &gojira.Issue{Key: parent.Key}
	}
	_, err := t.client.Issue.AddLinkWithContext(ctx, &gojira.IssueLink{
		Type:         gojira.IssueLinkType{Name: t.config.LinkType},
		InwardIssue:  end,
		OutwardIssue: &gojira.Issue{ID: now.ID},
	})
	if err != nil {
		return failed("link the ticket to its parent", err)
	}
	next.Parent = name
	return nil
}
