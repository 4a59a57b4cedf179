// Package values is what a run may bring to a statement or a command of the
// systems file: values of a name and a type each, which are allow-listed where
// they are text.
package values

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/spec"
)

// Config is one value, as the systems file has it.
type Config struct {
	Name string `yaml:"name"`
	// Type is name, integer, number, boolean, or text, which says by OneOf or
	// Match what it may be.
	Type  string   `yaml:"type"`
	OneOf []string `yaml:"one_of"`
	Match string   `yaml:"match"`
	Min   *float64 `yaml:"min"`
	Max   *float64 `yaml:"max"`
}

// List are the values that something takes, in their order.
type List []spec.Param

var (
	underscored = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	types       = []string{string(spec.Text), string(spec.Name), string(spec.Integer), string(spec.Number), string(spec.Boolean)}
)

// New returns the configured values. It fails with Invalid, saying what to
// correct.
func New(configs []Config) (List, error) {
	var out List
	for _, c := range configs {
		p := spec.Param{Name: c.Name, About: c.Name, Type: spec.Type(c.Type), OneOf: c.OneOf, Match: c.Match, Min: c.Min, Max: c.Max}
		if problem := out.problem(p); problem != "" {
			return nil, incident.Errorf(incident.Invalid, "its value %q %s", c.Name, problem)
		}
		out = append(out, p)
	}
	return out, nil
}

// problem says why a value cannot be added, or nothing.
func (l List) problem(p spec.Param) string {
	_, err := regexp.Compile(p.Match)
	narrow := len(p.OneOf) > 0 || p.Match != ""
	numeric := p.Type == spec.Integer || p.Type == spec.Number
	switch {
	case !underscored.MatchString(p.Name):
		return "has a name that is not lower-case words joined by underscores"
	case l.has(p.Name):
		return "is there twice"
	case !slices.Contains(types, string(p.Type)):
		return "is of none of the types " + strings.Join(types, ", ")
	case err != nil:
		return "has a match that is no regular expression"
	case p.Type == spec.Text && !narrow:
		return "is any text: say by one_of or match what it may be"
	case narrow && p.Type != spec.Text && p.Type != spec.Name:
		return "lists what it may be, and is no text"
	case (p.Min != nil || p.Max != nil) && !numeric:
		return "has bounds, and is no number"
	}
	return ""
}

func (l List) has(name string) bool {
	return slices.ContainsFunc(l, func(p spec.Param) bool { return p.Name == name })
}

// Covers reports whether all that another list takes is in this one, as the
// same type.
func (l List) Covers(other List) bool {
	for _, p := range other {
		if !slices.ContainsFunc(l, func(own spec.Param) bool { return own.Name == p.Name && own.Type == p.Type }) {
			return false
		}
	}
	return true
}

// Take reads the values from a JSON object, in the order of the list. What only
// the list takes that it goes along with is left out. It fails with Invalid
// when they do not fit, and repeats none of them.
func (l List) Take(text string, along List) ([]string, error) {
	given, err := parse(text)
	if err != nil {
		return nil, err
	}
	var out, wrong []string
	for _, p := range l {
		value := given[p.Name]
		if problem := p.Problem(value); problem != "" {
			wrong = append(wrong, p.Name+" "+problem)
		}
		out = append(out, value)
	}
	more := 0
	for name := range given {
		if !l.has(name) && !along.has(name) {
			more++
		}
	}
	if more > 0 {
		wrong = append(wrong, fmt.Sprintf("%d more are given than it takes (%s)", more, strings.Join(l.names(), ", ")))
	}
	if len(wrong) > 0 {
		return nil, incident.Errorf(incident.Invalid, "the values do not fit: %s", strings.Join(wrong, "; "))
	}
	return out, nil
}

func (l List) names() []string {
	var out []string
	for _, p := range l {
		out = append(out, p.Name)
	}
	return out
}

// parse reads a JSON object of texts, numbers and booleans.
func parse(text string) (map[string]string, error) {
	out := map[string]string{}
	if text == "" {
		return out, nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var read map[string]any
	err := decoder.Decode(&read)
	if _, end := decoder.Token(); err != nil || !errors.Is(end, io.EOF) {
		return nil, incident.Errorf(incident.Invalid, `the values are no JSON object, such as {"id": 17}`)
	}
	for _, name := range slices.Sorted(maps.Keys(read)) {
		switch v := read[name].(type) {
		case string:
			out[name] = v
		case json.Number:
			out[name] = v.String()
		case bool:
			out[name] = strconv.FormatBool(v)
		default:
			return nil, incident.Errorf(incident.Invalid, "a value is neither text nor a number nor true or false")
		}
	}
	return out, nil
}
