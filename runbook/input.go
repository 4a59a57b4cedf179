package runbook

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// Input is what a run starts with.
type Input struct {
	// Incident is the number of the incident that the run reports to.
	Incident string            `json:"incident"`
	Params   map[string]string `json:"params,omitempty"`
	// DryRun lists the calls that a run would make, and makes none.
	DryRun bool `json:"dry_run,omitempty"`
	// By is who started it.
	By string `json:"by"`
}

// Text returns a parameter. Like Number and Duration it panics, which ends
// the run as failed, when the runbook never declared it so.
func (in Input) Text(name string) string {
	value, ok := in.Params[name]
	if !ok {
		panic(fmt.Sprintf("parameter %q is not declared in the runbook's Params", name))
	}
	return value
}

// Number returns a parameter of type Number.
func (in Input) Number(name string) float64 {
	n, err := parseNumber(in.Text(name))
	if err != nil {
		panic(fmt.Sprintf("parameter %q is not declared as a number", name))
	}
	return n
}

// Duration returns a parameter of type Duration.
func (in Input) Duration(name string) time.Duration {
	d, err := parseDuration(in.Text(name))
	if err != nil {
		panic(fmt.Sprintf("parameter %q is not declared as a duration", name))
	}
	return d
}

// ParamType says what a parameter holds.
type ParamType string

// The types of a parameter; Text is what it is when nothing is said.
const (
	Text ParamType = "text"
	// Number is a finite decimal number: "0.05".
	Number ParamType = "number"
	// Duration is a positive duration in Go's notation: "2m", "1h30m".
	Duration ParamType = "duration"
)

// Param is one parameter of a runbook.
type Param struct {
	Name string
	// About says what it is for, to whoever fills it in.
	About    string
	Type     ParamType
	Required bool
	// Default is used when it is not given.
	Default string
}

// maxParam bounds a parameter's length in bytes.
const maxParam = 1024

// Complete returns params with the defaults filled in, or an Invalid error
// that names every parameter that is wrong, missing or unknown.
func (b Runbook) Complete(params map[string]string) (map[string]string, error) {
	full := make(map[string]string, len(b.Params))
	var wrong []string
	for _, p := range b.Params {
		value, given := params[p.Name]
		if !given || value == "" {
			value = p.Default
		}
		full[p.Name] = value
		if problem := p.problem(value); problem != "" {
			wrong = append(wrong, fmt.Sprintf("%s %s", p.Name, problem))
		}
	}
	for _, name := range workflow.DeterministicKeys(params) {
		if _, known := full[name]; !known {
			wrong = append(wrong, fmt.Sprintf("%q is not a parameter of %s", short(name), b.Name))
		}
	}
	if len(wrong) > 0 {
		return nil, incident.Errorf(incident.Invalid, "the parameters do not fit: %s", strings.Join(wrong, "; "))
	}
	return full, nil
}

// problem says what is wrong with a value, or "". It never repeats the value:
// it may come from an alert.
func (p Param) problem(value string) string {
	switch {
	case value == "" && p.Required:
		return fmt.Sprintf("is required (%s)", p.About)
	case value == "" && p.Type != Number && p.Type != Duration:
		return ""
	case len(value) > maxParam:
		return fmt.Sprintf("is longer than %d bytes", maxParam)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return "holds characters that are not printable"
	}
	switch p.Type {
	case Number:
		if _, err := parseNumber(value); err != nil {
			return "must be a number, such as 0.05"
		}
	case Duration:
		if _, err := parseDuration(value); err != nil {
			return "must be a positive duration, such as 2m"
		}
	}
	return ""
}

func parseNumber(value string) (float64, error) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, strconv.ErrSyntax
	}
	return n, nil
}

func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, strconv.ErrSyntax
	}
	return d, nil
}
