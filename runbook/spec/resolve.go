package spec

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
)

// Facts are what an incident knows that a parameter can be taken from.
type Facts struct {
	Incident string `json:"incident"`
	Service  string `json:"service,omitempty"`
	Team     string `json:"team,omitempty"`
	Severity string `json:"severity,omitempty"`
	// Labels are the labels of its alerts: anybody can write them who can raise
	// an alert.
	Labels map[string]string `json:"labels,omitempty"`
}

// FactsOf are what an incident knows.
func FactsOf(i *incident.Incident) Facts {
	return Facts{Incident: i.Number, Service: i.Service, Team: i.Team, Severity: string(i.Severity), Labels: i.Labels}
}

// Value is what a parameter holds, and where it is from.
type Value struct {
	Text string `json:"text"`
	// Origin is Given, Offered, Defaulted, or what From of the parameter says.
	Origin string `json:"origin"`
}

// Where a value is from, beside what an incident knows.
const (
	// Given by whoever starts the run.
	Given = "given"
	// Offered by the service's entry in the catalog.
	Offered = "catalog"
	// Defaulted is the runbook's own.
	Defaulted = "default"
)

// String is the value as people are shown it; what came with an alert says so.
func (v Value) String() string {
	text := v.Text
	if text == "" || strings.ContainsAny(text, " \"") {
		text = strconv.Quote(text)
	}
	if label, ok := strings.CutPrefix(v.Origin, FromLabel); ok {
		return fmt.Sprintf("%s (from the alert's label %s)", text, label)
	}
	return text
}

// Values are the parameters of a run, by name.
type Values map[string]Value

// String lists the values by name: "settle=2m target=payments".
func (v Values) String() string {
	var parts []string
	for _, name := range sorted(v) {
		if v[name].Text == "" {
			continue // it may be empty, and is
		}
		parts = append(parts, name+"="+v[name].String())
	}
	return strings.Join(parts, " ")
}

// sorted lists the names in a map, always in the same order.
func sorted[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m)) //workflowcheck:ignore
}

// Resolve fills the parameters in: with what is given, else with what the
// service's entry in the catalog offers, else from the incident, else by
// default. Values that mean the same are spelled the same: they name targets. It
// fails with one Invalid error that names every parameter that is wrong, missing
// or unknown; it repeats no value.
func (s Spec) Resolve(given, offered map[string]string, facts Facts) (Values, error) {
	values := make(Values, len(s.Params))
	var wrong []string
	for _, p := range s.Params {
		v := p.resolve(given[p.Name], offered[p.Name], facts)
		if problem := p.Problem(v.Text); problem != "" {
			wrong = append(wrong, p.Name+" "+problem+blame(v.Origin))
		}
		v.Text = p.spelled(v.Text)
		values[p.Name] = v
	}
	for _, name := range sorted(given) {
		if _, known := values[name]; !known {
			wrong = append(wrong, fmt.Sprintf("%.100q is not a parameter of %s", name, s.Name))
		}
	}
	if len(wrong) > 0 {
		return nil, incident.Errorf(incident.Invalid, "the parameters do not fit: %s", strings.Join(wrong, "; "))
	}
	return values, nil
}

func (p Param) resolve(given, offered string, facts Facts) Value {
	found := facts.of(p.From)
	switch {
	case given != "":
		return Value{given, Given}
	case offered != "":
		return Value{offered, Offered}
	case found != "":
		return Value{found, p.From}
	}
	return Value{p.Default, Defaulted}
}

func (f Facts) of(from string) string {
	switch from {
	case FromIncident:
		return f.Incident
	case FromService:
		return f.Service
	case FromTeam:
		return f.Team
	case FromSeverity:
		return f.Severity
	}
	if label, ok := strings.CutPrefix(from, FromLabel); ok {
		return f.Labels[label]
	}
	return ""
}

// blame says where a value is from that nobody gave.
func blame(origin string) string {
	if origin == Given || origin == Defaulted {
		return ""
	}
	return fmt.Sprintf(" (taken from %s; give another)", origin)
}
