package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/sandbox/deployer"
	"github.com/tocsinhq/tocsin/sandbox/jira"
)

// scene is one step of the story.
type scene struct {
	title string
	act   func(ctx context.Context, p *play) error
}

func scenes() []scene {
	return []scene{
		{"Somebody deploys a bad version of payments, and an alert fires.", fire},
		{"The primary is paged and sleeps on; the secondary is paged and acknowledges on the phone.", escalate},
		{"SEV2 demands a commander, who is paged and accepts.", command},
		{"Triage: what, impact, severity, who can fix it.", triage},
		{"The JIRA ticket is open and current.", ticket},
		{"Mitigate first: roll back, after an approval.", rollBack},
		{"The commander writes to the mailing lists.", update},
		{"The alert clears: mitigated, then resolved, with the fix on record.", resolve},
		{"Closing waits for the follow-up.", followUp},
		{"The follow-up is done in JIRA, and the incident closes by itself.", closing},
	}
}

const summary = "1 in 3 payments fails"

func fire(ctx context.Context, p *play) error {
	bad, err := p.stack.Sandbox.Deployer.Deploy("payments", deployer.Deployment{Version: "2.4.0", DeployedBy: "pipeline", Bad: true})
	if err != nil {
		return err
	}
	p.see("deployed payments %s (%s)", bad.Version, bad.Revision)
	if err := p.alert(ctx, "firing"); err != nil {
		return err
	}
	p.see("Alertmanager's webhook was accepted: %s", p.number)
	return nil
}

// alert sends what Alertmanager would, and keeps the incident's number.
func (p *play) alert(ctx context.Context, status string) (err error) {
	labels := map[string]string{"alertname": "PaymentErrors", "service": "payments", "severity": "critical"}
	p.number, err = p.deliver(ctx, alerts.Alert{Labels: labels, Status: alerts.Status(status), StartsAt: p.began})
	return err
}

// deliver sends one alert as Alertmanager would, and returns the incident's
// number.
func (p *play) deliver(ctx context.Context, a alerts.Alert) (string, error) {
	alert := map[string]any{
		"status": a.Status, "labels": a.Labels, "annotations": map[string]string{"summary": summary},
		"startsAt": a.StartsAt.UTC(), "endsAt": time.Time{},
	}
	if a.Status == alerts.Resolved {
		alert["endsAt"] = time.Now().UTC()
	}
	body, err := json.Marshal(map[string]any{
		"version": "4", "status": a.Status, "groupLabels": map[string]string{"alertname": a.Labels["alertname"]}, "alerts": []any{alert},
	})
	if err != nil {
		return "", fmt.Errorf("write the alert: %w", err)
	}
	answer, err := p.as("alertmanager").PostAlertmanagerWithBodyWithResponse(ctx, "application/json", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	if answer.StatusCode() != http.StatusAccepted || len(answer.JSON202.Incidents) != 1 {
		return "", fmt.Errorf("the intake answered %s", answer.Status())
	}
	return answer.JSON202.Incidents[0].Number, nil
}

func escalate(ctx context.Context, p *play) error {
	first, err := p.push(ctx, p.primary, summary)
	if err != nil {
		return err
	}
	p.see("%s's phone rings, %s after the alert", p.primary, first.Received.Sub(p.began).Round(time.Millisecond))
	second, err := p.push(ctx, p.secondary, summary)
	if err != nil {
		return err
	}
	p.see("nobody answered: %s's phone rings", p.secondary)
	tap, err := p.stack.Sandbox.Phone.Tap(ctx, second.ID, 0)
	if err != nil || tap.Status >= http.StatusBadRequest {
		return fmt.Errorf("the tap was answered with %d: %w", tap.Status, err)
	}
	held, err := p.incident(ctx, "the acknowledgement", func(i *client.Incident) bool { return i.Holder == p.secondary })
	if err != nil {
		return err
	}
	tta := held.Clocks.Stamps[incident.FirstAck].Sub(held.Clocks.Stamps[incident.TriggeredAt])
	p.see("%s holds %s; time to acknowledge %s", held.Holder, p.number, tta.Round(time.Millisecond))
	if _, err := p.mail(ctx, p.primary+"@example.org", p.secondary+" acknowledged"); err != nil {
		return err
	}
	p.see("%s is told who acknowledged", p.primary)
	return nil
}

func command(ctx context.Context, p *play) error {
	if _, err := p.push(ctx, p.commander, "commander"); err != nil {
		return err
	}
	p.see("%s's phone rings: %s needs a commander", p.commander, p.number)
	if _, err := p.as(p.commander).AcceptRoleWithResponse(ctx, p.number, "commander", nil); err != nil {
		return err
	}
	p.see("%s is the commander", p.commander)
	return nil
}

func triage(ctx context.Context, p *play) error {
	answer, err := p.as(p.secondary).ClassifyWithResponse(ctx, p.number, nil, incident.Classify{
		What: "Payments fail since the deployment of 2.4.0", Severity: catalog.SEV2, WhoFixes: "payments",
		Impact: incident.Impact{Scope: catalog.Internal, Users: "about 2,000", Cannot: "pay"},
	})
	if err != nil {
		return err
	}
	p.see("%s: %s", answer.JSON200.Phase, answer.JSON200.Text)
	return nil
}

func ticket(ctx context.Context, p *play) error {
	issue, err := p.issue(ctx, "the incident's ticket", func(i *jira.Issue) bool {
		return slices.Contains(i.Labels, "tocsin-"+strings.ToLower(p.number)) && strings.Contains(i.Description, p.number)
	})
	if err != nil {
		return err
	}
	p.see("%s %q, one issue, with the timeline in it", issue.Key, issue.Summary)
	return nil
}

func rollBack(ctx context.Context, p *play) error {
	run, err := p.as(p.secondary).StartRunWithResponse(ctx, p.number, nil, incident.StartRun{
		Name: "rollback", Params: map[string]string{
			"target": "payments", "check": `shop_http_error_ratio{service="payments"}`, "below": "0.05", "settle": "2s",
		},
	})
	if err != nil {
		return err
	}
	p.see("%s started %s", p.secondary, run.JSON200.ID)
	if _, err := p.push(ctx, p.commander, "payments"); err != nil {
		return err
	}
	asked, err := p.incident(ctx, "the approval", func(i *client.Incident) bool { return len(i.Questions) > 0 })
	if err != nil {
		return err
	}
	p.see("it asks: %s", asked.Questions[0].Text)
	_, err = p.as(p.commander).AnswerQuestionWithResponse(ctx, p.number, asked.Questions[0].ID, nil, client.AnswerQuestionJSONRequestBody{Choice: "approve"})
	if err != nil {
		return err
	}
	p.see("%s approves", p.commander)
	done, err := p.incident(ctx, "the end of the run", func(i *client.Incident) bool { return !rollbackOf(i).Ended.IsZero() })
	if err != nil {
		return err
	}
	ended := rollbackOf(done)
	if ended.State != incident.RunDone {
		return fmt.Errorf("the run is %s: %s", ended.State, ended.Outcome)
	}
	service, _ := p.stack.Sandbox.Deployer.Service("payments")
	p.see("%s; payments runs %s, asked for once: %d operation", ended.Outcome, service.Current().Revision, len(p.stack.Sandbox.Deployer.Operations()))
	return nil
}

func update(ctx context.Context, p *play) error {
	_, err := p.as(p.commander).PostUpdateWithResponse(ctx, p.number, nil, incident.PostUpdate{
		What: "One in three payments failed.", Doing: "The bad version is rolled back; we are watching.",
		Estimate: time.Now().Add(30 * time.Minute).UTC(),
	})
	if err != nil {
		return err
	}
	m, err := p.mail(ctx, "incidents@example.org", "One in three payments failed.")
	if err != nil {
		return err
	}
	p.see("mail to incidents@example.org: %q, with the estimate and the time of the next one", m.Subject)
	return nil
}

func resolve(ctx context.Context, p *play) error {
	if err := p.alert(ctx, "resolved"); err != nil {
		return err
	}
	if _, err := p.as(p.secondary).MitigateWithResponse(ctx, p.number, nil, incident.Mitigate{What: "rolled back to the version before"}); err != nil {
		return err
	}
	p.see("mitigated")
	_, err := p.as(p.commander).ResolveWithResponse(ctx, p.number, nil, incident.Resolve{})
	if err == nil {
		return fmt.Errorf("resolving without the fix was not refused")
	}
	p.see("resolving without a fix is refused: %v", err)
	_, err = p.as(p.commander).ResolveWithResponse(ctx, p.number, nil, incident.Resolve{
		Fix: "https://git.example.org/payments/pull/42", Confirmations: confirmations(p), Reason: "the rollback holds",
	})
	if err != nil {
		return err
	}
	p.see("resolved")
	if _, err := p.mail(ctx, "incidents@example.org", "is resolved"); err != nil {
		return err
	}
	p.see("the closing mail goes to those who had the opening one")
	return nil
}

// confirmations are what the policy asks people to confirm.
func confirmations(p *play) []string {
	severity, _ := p.stack.Catalog().Severity(catalog.SEV2)
	return severity.Response.Closing.Confirmations
}

func followUp(ctx context.Context, p *play) error {
	added, err := p.as(p.primary).AddFollowUpWithResponse(ctx, p.number, nil, incident.AddFollowUp{
		Title: "Canary payments before every deployment", Owner: p.primary, Priority: catalog.High,
	})
	if err != nil {
		return err
	}
	p.followUp = added.JSON200.ID
	issue, err := p.issue(ctx, "the follow-up's ticket", func(i *jira.Issue) bool { return strings.Contains(i.Summary, "Canary payments") })
	if err != nil {
		return err
	}
	p.see("follow-up %s is %s in JIRA, linked to the incident", p.followUp, issue.Key)
	if _, err := p.as(p.commander).ConfirmCollectedWithResponse(ctx, p.number, nil); err != nil {
		return err
	}
	_, err = p.as(p.commander).CloseWithResponse(ctx, p.number, nil)
	if err == nil {
		return fmt.Errorf("closing with an open follow-up was not refused")
	}
	p.see("closing now is refused: %v", err)
	return nil
}

func closing(ctx context.Context, p *play) error {
	issue, err := p.issue(ctx, "the follow-up's ticket", func(i *jira.Issue) bool { return strings.Contains(i.Summary, "Canary payments") })
	if err != nil {
		return err
	}
	if err := p.stack.Sandbox.Jira.Transition(issue.Key, p.primary, "Done", "Done"); err != nil {
		return err
	}
	p.see("%s moves %s to Done", p.primary, issue.Key)
	closed, err := p.incident(ctx, "the closing", func(i *client.Incident) bool { return i.Phase == incident.Closed })
	if err != nil {
		return err
	}
	p.see("%s is %s", closed.Number, closed.Phase)
	main, err := p.issue(ctx, "the closed ticket", func(i *jira.Issue) bool { return i.Key == closed.Ticket.Key && i.Resolution != "" })
	if err != nil {
		return err
	}
	p.see("%s is %s (%s)", main.Key, main.Status.Name, main.Resolution)
	return nil
}

// rollbackOf returns the run that rolls back, beside the diagnostic that started
// by itself.
func rollbackOf(i *client.Incident) (run incident.Run) {
	for _, r := range i.Runs {
		if r.Name == "rollback" {
			run = r
		}
	}
	return run
}
