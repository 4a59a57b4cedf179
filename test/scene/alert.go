package scene

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/api/client"
)

// Monitor is what watches a service.
type Monitor interface {
	// Fire returns the number of the incident that the alert opened.
	Fire(ctx context.Context, w *World) (number string, err error)
	// Clear returns when the incident knows that the alert has cleared.
	Clear(ctx context.Context, w *World, number string) error
}

// Webhook is an Alertmanager as far as Tocsin can tell: it delivers until the
// delivery is accepted.
type Webhook struct {
	Service, Alertname, Summary string
	// Instance tells alerts of one name apart; it may be empty.
	Instance string
	// Since is when the alert began; it is part of the alert's identity.
	Since time.Time
}

// Fire delivers the firing alert.
func (a Webhook) Fire(ctx context.Context, w *World) (string, error) {
	return a.Deliver(ctx, w, "firing")
}

// Clear delivers the resolved alert.
func (a Webhook) Clear(ctx context.Context, w *World, number string) error {
	if _, err := a.Deliver(ctx, w, "resolved"); err != nil {
		return err
	}
	_, err := w.Incident(ctx, number, "the clearing", func(i *client.Incident) bool { return i.Counts.Firing == 0 })
	return err
}

// Deliver delivers until it is accepted, and returns the incident's number.
func (a Webhook) Deliver(ctx context.Context, w *World, status string) (string, error) {
	var last error
	number, err := Until(ctx, w, status+" "+a.Alertname+" accepted", func(ctx context.Context) (number string, ok bool) {
		number, last = a.Once(ctx, w, status)
		return number, last == nil
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", err, last)
	}
	return number, nil
}

// Once makes one try to deliver.
func (a Webhook) Once(ctx context.Context, w *World, status string) (string, error) {
	receipt, err := a.send(ctx, w, status)
	if err != nil {
		return "", err
	}
	if len(receipt.Incidents) != 1 {
		return "", fmt.Errorf("the intake placed it in %v", receipt.Incidents)
	}
	return receipt.Incidents[0].Number, nil
}

// Hush delivers the firing alert until it is accepted, and holds it to paging
// nobody.
func (a Webhook) Hush(ctx context.Context, w *World) error {
	var last error
	receipt, err := Until(ctx, w, a.Alertname+" accepted", func(ctx context.Context) (receipt *client.Receipt, ok bool) {
		receipt, last = a.send(ctx, w, "firing")
		return receipt, last == nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", err, last)
	case receipt.NotPaged != 1:
		return fmt.Errorf("the intake placed it in %v, though it is silenced", receipt.Incidents)
	}
	return nil
}

func (a Webhook) send(ctx context.Context, w *World, status string) (*client.Receipt, error) {
	c, err := w.As("alertmanager")
	if err != nil {
		return nil, err
	}
	answer, err := c.PostAlertmanagerWithBodyWithResponse(ctx, "application/json", strings.NewReader(a.body(status)))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode() != http.StatusAccepted {
		return nil, fmt.Errorf("the intake answered %s: %s", answer.Status(), answer.Body)
	}
	return answer.JSON202, nil
}

func (a Webhook) body(status string) string {
	labels := map[string]string{"alertname": a.Alertname, "service": a.Service, "severity": "critical"}
	if a.Instance != "" {
		labels["instance"] = a.Instance
	}
	alert := map[string]any{
		"status": status, "labels": labels, "annotations": map[string]string{"summary": a.Summary},
		"startsAt": a.Since.UTC(), "endsAt": time.Time{},
	}
	if status == "resolved" {
		alert["endsAt"] = time.Now().UTC()
	}
	body, err := json.Marshal(map[string]any{
		"version": "4", "status": status, "receiver": "tocsin", "groupKey": "{}:{alertname=\"" + a.Alertname + "\"}",
		"groupLabels": map[string]string{"alertname": a.Alertname}, "alerts": []any{alert},
	})
	if err != nil {
		panic(fmt.Sprintf("scene: %v", err)) // maps of strings and times: cannot happen
	}
	return string(body)
}
