package jira

import (
	"context"
	"net/http"

	"github.com/tocsinhq/tocsin/incident"
)

// Read says how tickets stand, in the order asked. It reads each one, never
// the search, which lags. A ticket that is deleted or hidden is not found;
// since wrong credentials look just so, they are probed before that is said.
// The refs it returns are the present ones of tickets that were moved. Since a
// follow-up's ticket is read much and written once, this also closes the equal
// ticket that EnsureAgain may have left.
func (t *Tracker) Read(ctx context.Context, refs []incident.TicketRef) ([]incident.TicketStatus, error) {
	out := make([]incident.TicketStatus, 0, len(refs))
	probed := false
	for _, ref := range refs {
		now, err := t.get(ctx, ref, "fields=status,resolution&properties="+propertyKey)
		if hasStatus(err, http.StatusNotFound, http.StatusForbidden, http.StatusGone) {
			if !probed {
				if err := t.Probe(ctx); err != nil {
					return nil, err
				}
				probed = true
			}
			out = append(out, incident.TicketStatus{Ref: ref})
			continue
		}
		if err != nil {
			return nil, failed("read the ticket", err)
		}
		t.lookAgain(ctx, now, now.mark(), false)
		out = append(out, incident.TicketStatus{
			Ref: incident.TicketRef{ID: now.ID, Key: now.Key}, Found: true,
			Done: now.Fields.Status.isDone(), Status: now.Fields.Status.Name, Resolution: now.Fields.Resolution.Name,
		})
	}
	return out, nil
}

// Probe asks who Tocsin is at Jira: call it at start, since with wrong
// credentials tickets look as if they did not exist. It fails with Permanent
// when Jira does not know the account.
func (t *Tracker) Probe(ctx context.Context) error {
	if _, _, err := t.client.User.GetSelfWithContext(ctx); err != nil {
		return failed("sign in to JIRA", err)
	}
	return nil
}
