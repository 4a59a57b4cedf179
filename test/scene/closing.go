package scene

import (
	"context"
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/sandbox/jira"
)

// Mitigate waits for the alert to clear, and says what was done.
func (s *Incident) Mitigate(ctx context.Context) error {
	if err := s.Monitor.Clear(ctx, s.World, s.Number); err != nil {
		return err
	}
	return s.World.Insist(ctx, Secondary, "mitigate", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.MitigateWithResponse(ctx, s.Number, &client.MitigateParams{IdempotencyKey: key},
			incident.Mitigate{What: "rolled back to the version before"})
		return err
	})
}

// Resolve resolves with the fix and the confirmations that the policy wants.
func (s *Incident) Resolve(ctx context.Context) error {
	err := s.World.Insist(ctx, Commander, "resolve", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.ResolveWithResponse(ctx, s.Number, &client.ResolveParams{IdempotencyKey: key}, incident.Resolve{
			Fix: "https://git.example.org/payments/pull/42", Reason: "the rollback holds",
			Confirmations: []string{"The alert's own query is back to normal."},
		})
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.World.Mail(ctx, "incidents@example.org", s.Number, "is resolved")
	return err
}

// FollowUp waits for the follow-up's issue, and has its owner do it.
func (s *Incident) FollowUp(ctx context.Context) error {
	issue, err := s.World.Issue(ctx, "the follow-up's issue of "+s.Number, func(i *jira.Issue) bool {
		return strings.Contains(i.Summary, "Canary "+s.Service+" before") && i.Resolution == ""
	})
	if err != nil {
		return err
	}
	err = s.World.Insist(ctx, Commander, "confirm the follow-ups", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.ConfirmCollectedWithResponse(ctx, s.Number, &client.ConfirmCollectedParams{IdempotencyKey: key})
		return err
	})
	if err != nil {
		return err
	}
	if err := s.stabilised(ctx); err != nil {
		return err
	}
	return s.World.Sandbox.Jira.Transition(issue.Key, Primary, "Done", "Done")
}

// stabilised waits, in a thorough scene, for the window in which a relapse
// would have reopened the incident.
func (s *Incident) stabilised(ctx context.Context) error {
	if !s.Thorough {
		return nil
	}
	_, err := Until(ctx, s.World, "the end of the stabilisation of "+s.Number, func(ctx context.Context) (struct{}, bool) {
		entries, err := s.World.Timeline(ctx, s.Number)
		return struct{}{}, err == nil && slices.ContainsFunc(entries, func(e client.Entry) bool { return e.Kind == "stabilised" })
	})
	return err
}

// Close waits for Tocsin to close the incident and its ticket by itself.
func (s *Incident) Close(ctx context.Context) error {
	closed, err := s.World.Incident(ctx, s.Number, "the closing", func(i *client.Incident) bool {
		return i.Phase == client.Phase(incident.Closed)
	})
	if err != nil {
		return err
	}
	_, err = s.World.Issue(ctx, "the closed ticket of "+s.Number, func(i *jira.Issue) bool {
		return i.Key == closed.Ticket.Key && i.Resolution != ""
	})
	return err
}
