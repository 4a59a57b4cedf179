package catalog

import (
	"cmp"

	"github.com/tocsinhq/tocsin/alerts"
)

// Routed is where an alert belongs, and how it pages.
type Routed struct {
	Service string `json:"service"`
	Team    string `json:"team"`
	// Key tells this incident of the service from its others; it is the
	// readable text of Group.
	Key   string            `json:"key"`
	Group map[string]string `json:"group,omitempty"`
	// Urgency and Severity are what the alert's own severity label means
	// here; the severity is provisional until a person classifies.
	Urgency  Urgency `json:"urgency"`
	Severity Level   `json:"severity"`
	// CatchAll is set when no service matched.
	CatchAll bool `json:"catch_all,omitempty"`
}

// Route says which service an alert belongs to: the first in the catalog's
// order whose matchers all hold, else the catch-all. A service without
// matchers takes no alerts by itself.
//
// The labels that tell one incident from another are the service's GroupBy,
// else those by which the source grouped, else the alert's name.
func (c *Catalog) Route(a alerts.Alert) Routed {
	if a.Source == alerts.SourceBeat {
		return beat(a)
	}
	x := c.look()
	out := Routed{Service: c.Settings.CatchAll, CatchAll: true}
	for _, r := range x.routes {
		if r.matchers.Match(a.Labels) {
			out.Service, out.CatchAll = r.service, false
			break
		}
	}
	service, _ := find(x.services, out.Service)
	out.Team = service.Team
	out.Group = grouping(service, a)
	out.Key = alerts.Key(out.Group)
	out.Urgency, out.Severity = c.Settings.severityOf(a)
	return out
}

func grouping(s Service, a alerts.Alert) map[string]string {
	if len(s.GroupBy) == 0 && len(a.Group) > 0 {
		return a.Group
	}
	out := make(map[string]string, max(len(s.GroupBy), 1))
	if len(s.GroupBy) == 0 {
		out["alertname"] = a.Name()
		return out
	}
	for _, label := range s.GroupBy {
		if value := a.Labels[label]; value != "" {
			out[label] = value
		}
	}
	return out
}

func (s Settings) severityOf(a alerts.Alert) (Urgency, Level) {
	mapped := s.AlertSeverities[a.Labels[severityLabel]]
	return cmp.Or(mapped.Urgency, DefaultUrgency), cmp.Or(mapped.Severity, DefaultLevel)
}

// RunbooksFor returns the runbooks of a service that fit an alert's labels, in
// the catalog's order.
func (c *Catalog) RunbooksFor(service string, labels map[string]string) []RunbookUse {
	var out []RunbookUse
	for _, r := range c.look().runbooks[service] {
		if r.matchers.Match(labels) {
			out = append(out, r.use)
		}
	}
	return out
}
