package catalog

import (
	"cmp"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog/expr"
)

// Route is a rule about alerts, asked before the services' own matchers. The
// rules are asked in the catalog's order; the first that fits decides, and one
// that continues leaves what it does not name, and what the next one names
// again, to those behind it.
type Route struct {
	// Name is what people call the rule; it is unique.
	Name string `yaml:"name" json:"name"`
	// When is the condition, in CEL: see package expr.
	When string `yaml:"when" json:"when"`
	// Service takes the alerts; empty leaves that to the services' matchers.
	Service string `yaml:"service" json:"service,omitempty"`
	// Urgency and Severity replace what the alert's severity label means.
	Urgency  Urgency `yaml:"urgency" json:"urgency,omitempty"`
	Severity Level   `yaml:"severity" json:"severity,omitempty"`
	// GroupBy replaces the labels by which the service tells its incidents
	// apart.
	GroupBy []string `yaml:"group_by" json:"group_by,omitempty"`
	// Page is false for alerts that are recorded and page nobody.
	Page *bool `yaml:"page" json:"page,omitempty"`
	// Hold replaces the service's; zero pages at once.
	Hold *time.Duration `yaml:"hold" json:"hold,omitempty"`
	// Continue goes on to the rules behind this one.
	Continue bool `yaml:"continue" json:"continue,omitempty"`
}

// Routed is where an alert belongs, and how it pages.
type Routed struct {
	Service string `json:"service"`
	Team    string `json:"team"`
	// Key tells this incident of the service from its others; it is the
	// readable text of Group, unless a person split the alert off.
	Key   string            `json:"key"`
	Group map[string]string `json:"group,omitempty"`
	// Urgency and Severity are what a route or the alert's own severity label
	// say; the severity is provisional until a person classifies.
	Urgency  Urgency `json:"urgency"`
	Severity Level   `json:"severity"`
	// Hold delays the first page.
	Hold time.Duration `json:"hold,omitempty"`
	// CatchAll is set when neither a route nor a service matched.
	CatchAll bool `json:"catch_all,omitempty"`
	// Silence is the id of the silence that keeps it from paging, if it fires.
	Silence string `json:"silence,omitempty"`
	// Routes names the rules that decided, in their order.
	Routes []string `json:"routes,omitempty"`
	// Unsure names the rules whose condition could not say; they count as not
	// matching.
	Unsure []string `json:"unsure,omitempty"`
}

// Pages reports whether the alert is one that pages, unless it is silenced.
func (r Routed) Pages() bool { return r.Urgency != NotPaged }

// Route says which service an alert belongs to at a time, and how it pages:
// what the catalog's routes say, and for the rest the service that the sender
// is bound to, the first service in the catalog's order whose matchers all
// hold, or the catch-all. A service
// without matchers takes no alerts by itself.
//
// The labels that tell one incident from another are the route's or the
// service's GroupBy, else those by which the source grouped, else the alert's
// name.
func (c *Catalog) Route(a alerts.Alert, at time.Time) Routed {
	return c.route(a, at, nil)
}

// route decides, and notes each step when somebody wants to know.
func (c *Catalog) route(a alerts.Alert, at time.Time, steps *trace) Routed {
	if a.Source == alerts.SourceBeat {
		return beat(a)
	}
	x := c.look()
	var out Routed
	asked := x.ask(a, at, &out, steps)
	out.Service = asked.Service
	if _, known := x.services[a.Service]; known && out.Service == "" {
		out.Service = a.Service
		steps.bound(a.Service)
	}
	if out.Service == "" {
		out.Service, out.CatchAll = x.serviceFor(a, steps)
	}
	if out.CatchAll {
		out.Service = c.Settings.CatchAll
		steps.catchAll(out.Service)
	}
	service, _ := find(x.services, out.Service)
	out.Team = service.Team
	if len(asked.GroupBy) > 0 {
		service.GroupBy = asked.GroupBy
	}
	out.Group = grouping(service, a)
	out.Key = alerts.Key(out.Group)
	if key, split := x.splits[alertID{out.Service, out.Key, a.Fingerprint}]; split {
		out.Key = key
	}
	if out.Hold = service.Hold; asked.Hold != nil {
		out.Hold = *asked.Hold
	}
	out.Urgency, out.Severity = c.Settings.severityOf(a)
	out.Urgency, out.Severity = cmp.Or(asked.Urgency, out.Urgency), cmp.Or(asked.Severity, out.Severity)
	if asked.Page != nil && !*asked.Page {
		out.Urgency = NotPaged
	}
	if a.Status == alerts.Firing {
		if s, ok := x.silenced(a, out.Service, at); ok {
			out.Silence = s.ID
			steps.silence(s)
		}
	}
	return out
}

// ask returns what the routes say of an alert, as one.
func (x *index) ask(a alerts.Alert, at time.Time, out *Routed, steps *trace) Route {
	var asked Route
	if len(x.rules) == 0 {
		return asked
	}
	subject := expr.About(a, at)
	for i := range x.rules {
		rule := &x.rules[i]
		matched, err := rule.match(subject)
		steps.rule(rule.Route, matched, err)
		if err != nil {
			out.Unsure = append(out.Unsure, rule.Name)
		}
		if !matched {
			continue
		}
		out.Routes = append(out.Routes, rule.Name)
		asked.take(rule.Route)
		if !rule.Continue {
			break
		}
	}
	return asked
}

// take replaces what the next route names.
func (r *Route) take(next *Route) {
	r.Service = cmp.Or(next.Service, r.Service)
	r.Urgency = cmp.Or(next.Urgency, r.Urgency)
	r.Severity = cmp.Or(next.Severity, r.Severity)
	r.Page = cmp.Or(next.Page, r.Page)
	r.Hold = cmp.Or(next.Hold, r.Hold)
	if len(next.GroupBy) > 0 {
		r.GroupBy = next.GroupBy
	}
}

// serviceFor returns the first service whose matchers all hold.
func (x *index) serviceFor(a alerts.Alert, steps *trace) (service string, none bool) {
	for _, r := range x.routes {
		failed, ok := r.matchers.Failed(a.Labels)
		steps.service(r.service, failed, ok)
		if !ok {
			return r.service, false
		}
	}
	return "", true
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
