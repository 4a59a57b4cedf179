package scene

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/sandbox/deployer"
	"github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/sandbox/phone"
)

// Incident is one incident as it is played.
type Incident struct {
	World   *World
	Monitor Monitor
	// Service is the catalog's, and the deploy target's.
	Service string
	// Summary is what the alert says.
	Summary string
	// Thorough makes people answer only after everything that they were due
	// has reached them, so that who is paged does not depend on their speed.
	Thorough bool
	// Number is known once the alert was taken.
	Number string
}

// Play plays everything from the bad deployment to the closed ticket.
func (s *Incident) Play(ctx context.Context) error {
	for _, act := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"break", s.Break},
		{"fire", s.Fire},
		{"acknowledge", s.Acknowledge},
		{"command", s.Command},
		{"triage", s.Triage},
		{"roll back", s.RollBack},
		{"update", s.Update},
		{"mitigate", s.Mitigate},
		{"resolve", s.Resolve},
		{"follow up", s.FollowUp},
		{"close", s.Close},
	} {
		if err := act.do(ctx); err != nil {
			return fmt.Errorf("%s (%s): %s: %w", s.Service, s.Number, act.name, err)
		}
	}
	return nil
}

// Break deploys a bad version.
func (s *Incident) Break(context.Context) error {
	_, err := s.World.Sandbox.Deployer.Deploy(s.Service, deployer.Deployment{Version: "2.4.0", DeployedBy: "pipeline", Bad: true})
	return err
}

// Fire waits for the alert to open the incident.
func (s *Incident) Fire(ctx context.Context) (err error) {
	s.Number, err = s.Monitor.Fire(ctx, s.World)
	s.World.say("%s is %s", s.Service, s.Number)
	return err
}

// Acknowledge lets the primary sleep, and the secondary answer on the phone.
func (s *Incident) Acknowledge(ctx context.Context) error {
	if _, err := s.World.Push(ctx, Primary, s.Number, s.Summary); err != nil {
		return err
	}
	page, err := s.World.Push(ctx, Secondary, s.Number, s.Summary)
	if err != nil {
		return err
	}
	if err := s.paged(ctx, "alert", Primary, Secondary); err != nil {
		return err
	}
	if err := s.Tap(ctx, page); err != nil {
		return err
	}
	_, err = s.World.Incident(ctx, s.Number, "the holder", func(i *client.Incident) bool { return i.Holder == Secondary })
	if err != nil {
		return err
	}
	_, err = s.World.Mail(ctx, Primary+"@example.org", s.Number, Secondary+" acknowledged")
	return err
}

// Tap presses the acknowledge button until Tocsin answers.
func (s *Incident) Tap(ctx context.Context, page phone.Page) error {
	var last phone.Tap
	_, err := Until(ctx, s.World, "an answer to the tap", func(ctx context.Context) (struct{}, bool) {
		tap, err := s.World.Sandbox.Phone.Tap(ctx, page.ID, 0)
		last = tap
		return struct{}{}, err == nil && tap.Error == "" && tap.Status < http.StatusInternalServerError
	})
	if err == nil && last.Status >= http.StatusBadRequest {
		err = fmt.Errorf("the tap was answered with %d", last.Status)
	}
	return err
}

// paged waits, in a thorough scene, until everything that people were due by
// summonses of a kind has been handed over.
func (s *Incident) paged(ctx context.Context, summons string, people ...string) error {
	if !s.Thorough {
		return nil
	}
	_, err := Until(ctx, s.World, fmt.Sprintf("%s pages to %v", summons, people), func(ctx context.Context) (struct{}, bool) {
		pages, err := s.World.Pages(ctx, s.Number)
		handed := map[string]bool{}
		for _, p := range pages {
			if strings.HasPrefix(p.Summons, summons) {
				if p.State == client.PageState(incident.PageDue) {
					return struct{}{}, false
				}
				handed[p.Person] = true
			}
		}
		missing := func(p string) bool { return !handed[p] }
		return struct{}{}, err == nil && len(handed) > 0 && !slices.ContainsFunc(people, missing)
	})
	return err
}

// Command has the commander accept.
func (s *Incident) Command(ctx context.Context) error {
	if _, err := s.World.Push(ctx, Commander, s.Number, "commander"); err != nil {
		return err
	}
	if err := s.paged(ctx, "commander", Commander); err != nil {
		return err
	}
	return s.World.Insist(ctx, Commander, "accept the role", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.AcceptRoleWithResponse(ctx, s.Number, "commander", &client.AcceptRoleParams{IdempotencyKey: key})
		return err
	})
}

// Triage classifies, and writes the first follow-up down.
func (s *Incident) Triage(ctx context.Context) error {
	err := s.World.Insist(ctx, Secondary, "classify", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.ClassifyWithResponse(ctx, s.Number, &client.ClassifyParams{IdempotencyKey: key}, incident.Classify{
			What: "Payments fail since the deployment of 2.4.0", Severity: catalog.SEV2, WhoFixes: "payments",
			Impact: incident.Impact{Scope: catalog.Internal, Users: "about 2,000", Cannot: "pay"},
		})
		return err
	})
	if err != nil {
		return err
	}
	err = s.World.Insist(ctx, Secondary, "add a follow-up", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.AddFollowUpWithResponse(ctx, s.Number, &client.AddFollowUpParams{IdempotencyKey: key}, incident.AddFollowUp{
			Title: "Canary " + s.Service + " before every deployment", Owner: Primary, Priority: catalog.High,
		})
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.Ticket(ctx)
	return err
}

// Ticket waits for the incident's ticket.
func (s *Incident) Ticket(ctx context.Context) (*jira.Issue, error) {
	return s.World.Issue(ctx, "the ticket of "+s.Number, func(i *jira.Issue) bool {
		return slices.Contains(i.Labels, "tocsin-"+strings.ToLower(s.Number)) && strings.Contains(i.Description, s.Number)
	})
}

// RollBack runs the runbook, which the commander approves.
func (s *Incident) RollBack(ctx context.Context) error {
	err := s.World.Insist(ctx, Secondary, "start the rollback", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.StartRunWithResponse(ctx, s.Number, &client.StartRunParams{IdempotencyKey: key}, incident.StartRun{
			Name: "rollback", Params: map[string]string{
				"target": s.Service, "check": fmt.Sprintf("shop_http_error_ratio{service=%q}", s.Service), "below": "0.05", "settle": "2s",
			},
		})
		return err
	})
	if err != nil {
		return err
	}
	asked, err := s.Asked(ctx)
	if err != nil {
		return err
	}
	if err := s.paged(ctx, "question"); err != nil {
		return err
	}
	if err := s.Approve(ctx, asked); err != nil {
		return err
	}
	_, err = s.Done(ctx, "rollback", false)
	return err
}

// Update has the commander write to the mailing lists.
func (s *Incident) Update(ctx context.Context) error {
	err := s.World.Insist(ctx, Commander, "post an update", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.PostUpdateWithResponse(ctx, s.Number, &client.PostUpdateParams{IdempotencyKey: key}, incident.PostUpdate{
			What: "One in three payments failed.", Doing: "The bad version is rolled back; we are watching.",
			Estimate: time.Now().Add(30 * time.Minute).UTC(),
		})
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.World.Mail(ctx, "incidents@example.org", s.Number, "One in three payments failed.")
	return err
}
