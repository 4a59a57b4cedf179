package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/oncall"
)

// Decision is how an alert is routed, step by step.
type Decision struct {
	// Alert is the name of the alert.
	Alert string `json:"alert"`
	Routed
	Steps []Step `json:"steps"`
	// Paged is whom the first level of the service's escalation policy means
	// that is walked then; it is empty for what pages nobody.
	Paged []Duty `json:"paged"`
}

// Step is one rule or service that was asked.
type Step struct {
	// Kind is "route", "service", "catch-all" or "silence".
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Matched says that it decided something.
	Matched bool `json:"matched"`
	// Reason says in words what it demanded, or what it decided.
	Reason string `json:"reason"`
}

// Explain decides as Route does, and says how.
func (c *Catalog) Explain(a alerts.Alert, at time.Time) Decision {
	t := &trace{steps: []Step{}}
	out := Decision{Alert: a.Name(), Routed: c.route(a, at, t), Paged: []Duty{}}
	out.Steps = t.steps
	if !out.Pages() || out.Silence != "" {
		return out
	}
	for _, target := range c.firstLevel(out.Service, at).Targets {
		for _, duty := range c.OnCall(target, at) {
			if !slices.Contains(out.Paged, duty) {
				out.Paged = append(out.Paged, duty)
			}
		}
	}
	return out
}

// firstLevel returns the first level of a service's escalation policy that is
// walked at a moment.
func (c *Catalog) firstLevel(service string, at time.Time) oncall.Level {
	policy, _ := c.Policy(service)
	for _, level := range policy.Escalation.Levels {
		if c.Skips(level.During, level.Outside, at) == "" {
			return level
		}
	}
	return oncall.Level{}
}

// trace gathers steps; a nil one gathers nothing.
type trace struct{ steps []Step }

func (t *trace) rule(r *Route, matched bool, err error) {
	if t == nil {
		return
	}
	reason := "does not hold: " + r.When
	switch {
	case err != nil:
		reason = fmt.Sprintf("%s, and counts as not matching: %s", err, r.When)
	case matched:
		reason = r.words() + " because " + r.When
	}
	t.steps = append(t.steps, Step{Kind: "route", Name: r.Name, Matched: matched, Reason: reason})
}

func (t *trace) service(id string, failed alerts.Matcher, notAll bool) {
	if t == nil {
		return
	}
	reason := "all matchers hold"
	if notAll {
		reason = "does not hold: " + failed.String()
	}
	t.steps = append(t.steps, Step{Kind: "service", Name: id, Matched: !notAll, Reason: reason})
}

func (t *trace) bound(id string) {
	if t == nil {
		return
	}
	t.steps = append(t.steps, Step{Kind: "service", Name: id, Matched: true, Reason: "the sender is bound to it"})
}

func (t *trace) catchAll(id string) {
	if t == nil {
		return
	}
	t.steps = append(t.steps, Step{Kind: "catch-all", Name: id, Matched: true, Reason: "takes what nothing else matches"})
}

func (t *trace) silence(s Silence) {
	if t == nil {
		return
	}
	reason := fmt.Sprintf("pages nobody until %s (%s, owner %s): %s",
		s.Ends().UTC().Format("2006-01-02 15:04 MST"), s.Reason, s.Owner, s.Scope())
	t.steps = append(t.steps, Step{Kind: "silence", Name: s.ID, Matched: true, Reason: reason})
}

// words says what a route decides.
func (r Route) words() string {
	var out []string
	add := func(named bool, format string, value any) {
		if named {
			out = append(out, fmt.Sprintf(format, value))
		}
	}
	add(r.Service != "", "service %s", r.Service)
	add(r.Urgency != "", "urgency %s", r.Urgency)
	add(r.Severity != "", "severity %s", r.Severity)
	add(len(r.GroupBy) > 0, "grouped by %s", strings.Join(r.GroupBy, ", "))
	if r.Page != nil {
		add(true, "page: %t", *r.Page)
	}
	if r.Hold != nil {
		add(true, "hold %s", FormatDuration(*r.Hold))
	}
	add(r.Continue, "and %s", "goes on")
	return strings.Join(out, ", ")
}
