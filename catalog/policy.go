package catalog

import (
	"cmp"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Policy is the part of the catalog that an incident carries with it, so that
// an edit of the catalog never changes a page in flight. It holds ids only,
// no address.
type Policy struct {
	// Version is that of the catalog it was taken from.
	Version     int    `json:"version"`
	Service     string `json:"service"`
	ServiceName string `json:"service_name"`
	Team        string `json:"team"`
	// Escalation holds the levels of the policies that it includes in their
	// place.
	Escalation oncall.EscalationPolicy `json:"escalation"`
	LastResort []string                `json:"last_resort"`
	// Severities are without their criteria, which only people read.
	Severities      []Severity    `json:"severities"`
	Ticket          Ticketing     `json:"ticket,omitzero"`
	DoneResolutions []string      `json:"done_resolutions"`
	Hold            time.Duration `json:"hold,omitempty"`
	// Leads are those of the owning team.
	Leads []string `json:"leads,omitempty"`
	// AlertSeverities maps the severity labels of alerts that come later.
	AlertSeverities map[string]AlertSeverity `json:"alert_severities,omitempty"`
	// Flapping is zero where no alert is taken to flap.
	Flapping Flapping `json:"flapping,omitzero"`
	// ExternalAudiences are those that never get an automatic update.
	ExternalAudiences []string `json:"external_audiences,omitempty"`
}

// Policy returns what an incident of the service carries; false when there is
// no such service.
func (c *Catalog) Policy(service string) (Policy, bool) {
	if service == Watchdog {
		return c.watchdogPolicy(), true
	}
	x := c.look()
	s, ok := find(x.services, service)
	if !ok {
		return Policy{}, false
	}
	team, _ := find(x.teams, s.Team)
	escalation, _ := find(x.escalations, s.Escalation)
	escalation.Levels = x.escalations.flat(escalation.ID)
	out := Policy{
		Version: c.Version, Service: s.ID, ServiceName: cmp.Or(s.Name, s.ID), Team: s.Team,
		Escalation: escalation, LastResort: c.LastResort, Severities: slices.Clone(c.Severities),
		Ticket: s.Ticket, DoneResolutions: c.Settings.DoneResolutions, Hold: s.Hold, Leads: team.Leads,
		AlertSeverities: c.Settings.AlertSeverities, Flapping: c.Settings.Flapping.Limit(),
	}
	for _, a := range c.Audiences {
		if a.External {
			out.ExternalAudiences = append(out.ExternalAudiences, a.ID)
		}
	}
	for i, v := range out.Severities {
		out.Severities[i] = v.carried(s.Ticket)
	}
	if len(out.DoneResolutions) == 0 {
		out.DoneResolutions = DefaultDoneResolutions()
	}
	return out, true
}

// Severity returns what the policy says of a level, of DefaultLevel when the
// level is unknown or not set.
func (p Policy) Severity(level Level) Severity {
	for _, want := range []Level{level, DefaultLevel} {
		i := slices.IndexFunc(p.Severities, func(s Severity) bool { return s.Level == want })
		if i >= 0 {
			return p.Severities[i]
		}
	}
	return Severity{Level: DefaultLevel, Urgency: DefaultUrgency}
}

// Response returns what a level demands for an impact.
func (p Policy) Response(level Level, scope Scope) ResponsePolicy {
	return p.Severity(level).For(scope)
}

// Urgency returns how a level pages.
func (p Policy) Urgency(level Level) Urgency { return p.Severity(level).Urgency }

// carried returns what an incident carries of a severity: nothing that only
// people read, and no ticket where the service names no project to make it in.
func (s Severity) carried(t Ticketing) Severity {
	s.Criteria = nil
	if t.Project != "" {
		return s
	}
	s.Response.Ticket = false
	if s.External != nil {
		external := *s.External
		external.Ticket = false
		s.External = &external
	}
	return s
}
