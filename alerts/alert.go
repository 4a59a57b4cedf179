// Package alerts holds one signal of a monitoring system, normalised: its
// parsers (one file a source), the matchers that route it, and the keys by
// which equal signals are recognised. It is pure: no clock, no network, no
// database.
package alerts

import (
	"cmp"
	"time"
)

// Status says whether an alert's condition holds.
type Status string

// The two states of an alert.
const (
	Firing   Status = "firing"
	Resolved Status = "resolved"
)

// SourceBeat is the Source of the synthetic alert by which Tocsin proves that
// the whole way of an alert works. No parser sets it.
const SourceBeat = "tocsin/beat"

// CopiesWithin is for how long after an alert has ended a delivery that says
// it fires since the same moment is taken for a late copy. Later it fires
// again: a source that had lost sight of it keeps the old moment.
const CopiesWithin = 5 * time.Minute

// Alert is one signal from a monitoring system, as Tocsin understands it
// whatever the source.
type Alert struct {
	// Source names the parser that read it, such as "alertmanager".
	Source string `json:"source"`
	// Status is that of this very alert, never that of its group.
	Status Status `json:"status"`
	// Labels identify what is wrong; they route the alert and make its key.
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations are for people: summary, description, runbook link.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Group holds the labels by which the source grouped the alert; it is
	// nil when the source does not group.
	Group map[string]string `json:"group,omitempty"`
	// StartsAt is when the condition began (UTC). EndsAt is zero while it
	// holds.
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at,omitzero"`
	// Fingerprint is the same for every delivery about the same labels.
	Fingerprint string `json:"fingerprint"`
	// GeneratorURL leads to the rule or graph at the source.
	GeneratorURL string `json:"generator_url,omitempty"`
	// Service is the one that the sender is bound to, if any; parsers leave it
	// empty.
	Service string `json:"service,omitempty"`
	// Urgency and Severity are what a route decided, instead of what the
	// labels mean; parsers leave them empty.
	Urgency  string `json:"urgency,omitempty"`
	Severity string `json:"severity,omitempty"`
	// Suppressed is the id of the silence that keeps it from paging.
	Suppressed string `json:"suppressed,omitempty"`
}

// Fact identifies what one delivery says: copies from a highly available pair
// and repeats of an unchanged alert have equal facts.
type Fact struct {
	Fingerprint string    `json:"fingerprint"`
	Status      Status    `json:"status"`
	StartsAt    time.Time `json:"starts_at"`
}

// Fact returns what this delivery says.
func (a Alert) Fact() Fact {
	return Fact{Fingerprint: a.Fingerprint, Status: a.Status, StartsAt: a.StartsAt}
}

// Name returns the alert's rule name, or "unnamed alert".
func (a Alert) Name() string {
	return cmp.Or(a.Labels["alertname"], "unnamed alert")
}

// Summary returns the line a person reads first: the summary annotation, else
// the alert's name.
func (a Alert) Summary() string {
	return cmp.Or(a.Annotations["summary"], a.Annotations["title"], a.Name())
}

// Delivery is what one request of a source carried.
type Delivery struct {
	Alerts []Alert
	// Truncated counts the alerts that the source left out of the request.
	Truncated int
	// GroupKey is the source's own name of the group, kept as a hint only.
	GroupKey string
}
