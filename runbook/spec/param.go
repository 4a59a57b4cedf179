package spec

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Type says what a parameter holds.
type Type string

// The types of a parameter.
const (
	// Text is one line of printable characters. It is for people to read: what
	// goes on to another system is of another type.
	Text Type = "text"
	// Name is letters, digits, dots, hyphens and underscores, and begins and
	// ends with a letter or digit. It can be no option of a command and no path;
	// it can be the address of a host.
	Name Type = "name"
	// Number is a finite decimal number: "0.05".
	Number Type = "number"
	// Integer is a whole number: "3".
	Integer Type = "integer"
	// Boolean is "true" or "false".
	Boolean Type = "boolean"
	// Duration is a positive duration of at most 30 days in Go's notation: "2m",
	// "1h30m".
	Duration Type = "duration"
)

// Param is one parameter of a runbook.
type Param struct {
	// Name is lower-case words joined by underscores.
	Name string `json:"name"`
	// About says what it is for, to whoever fills it in.
	About string `json:"about"`
	Type  Type   `json:"type"`
	// Optional ones may be empty.
	Optional bool `json:"optional,omitempty"`
	// Default is used when it is not given, not offered by the service and not
	// found where From says.
	Default string `json:"default,omitempty"`
	// From says where in the incident a value is taken from: FromService and the
	// like, or FromLabel and the name of a label of its alerts.
	From string `json:"from,omitempty"`
	// OneOf lists the only values it may have.
	OneOf []string `json:"one_of,omitempty"`
	// Match is a regular expression (RE2) that the whole value must match.
	Match string `json:"match,omitempty"`
	// Min and Max bound a Number or an Integer, both included.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}

// Where From takes a value from.
const (
	FromIncident = "incident"
	FromService  = "service"
	FromTeam     = "team"
	FromSeverity = "severity"
	// FromLabel precedes the name of a label of the incident's alerts.
	FromLabel = "label:"
)

// maxText bounds a value's length in bytes.
const maxText = 1024

// maxDuration bounds a Duration: a run holds its target for as long as it waits.
const maxDuration = 30 * 24 * time.Hour

// maxName is the longest Name, which is that of a DNS name.
const maxName = 253

var (
	underscored = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	plainName   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	types       = []Type{Text, Name, Number, Integer, Boolean, Duration}
	sources     = []string{"", FromIncident, FromService, FromTeam, FromSeverity}
)

// listed reports whether every value that it takes is harmless wherever it is
// put: it is of a narrow type or on a list, and never empty.
func (p Param) listed() bool {
	return !p.Optional && (p.Type != Text || p.narrow())
}

func (p Param) narrow() bool { return len(p.OneOf) > 0 || p.Match != "" }

func (p Param) numeric() bool { return p.Type == Number || p.Type == Integer }

// problems lists what is wrong with it, for its author.
func (p Param) problems() []string {
	label, fromLabel := strings.CutPrefix(p.From, FromLabel)
	_, err := regexp.Compile(p.Match)
	var found []string
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{!underscored.MatchString(p.Name), "has a name that is not lower-case words joined by underscores"},
		{p.About == "", "says not what it is for"},
		{!slices.Contains(types, p.Type), "is of no known type"},
		{err != nil, "has a Match that is no regular expression"},
		{(p.Min != nil || p.Max != nil) && !p.numeric(), "has bounds, and is no number"},
		{p.narrow() && p.Type != Text && p.Type != Name, "lists what it may be, and is no text"},
		{fromLabel && label == "" || !fromLabel && !slices.Contains(sources, p.From), "is taken from nowhere that an incident has"},
		{fromLabel && p.Type == Text && !p.narrow(), "takes any text from a label, which anybody can write who can raise an alert: make it a name, or say what it may be"},
	} {
		if rule.broken {
			found = append(found, rule.text)
		}
	}
	if len(found) == 0 && p.Default != "" {
		if problem := p.Problem(p.Default); problem != "" {
			found = append(found, "has a default that "+problem)
		}
	}
	return found
}

// Problem says what is wrong with a value, or nothing. It never repeats the
// value, which may come from an alert.
func (p Param) Problem(value string) string {
	switch {
	case value == "" && p.Optional:
		return ""
	case value == "":
		return "is required (" + p.About + ")"
	case len(value) > maxText:
		return "is longer than " + strconv.Itoa(maxText) + " bytes"
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unseen):
		return "holds characters that are not printable"
	case len(p.OneOf) > 0 && !slices.Contains(p.OneOf, value):
		return "must be one of " + strings.Join(p.OneOf, ", ")
	case p.Match != "" && !wholly(p.Match, value):
		return "must match " + p.Match
	}
	if problem := p.misfit(value); problem != "" {
		return problem
	}
	return p.outOfBounds(value)
}

// unseen reports whether a character shows as nothing, or changes how others show.
func unseen(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// misfit says how a value is not of the parameter's type.
func (p Param) misfit(value string) string {
	switch p.Type {
	case Name:
		if len(value) > maxName || !plainName.MatchString(value) || strings.Contains(value, "..") {
			return "must be a name: letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
		}
	case Number:
		if _, err := parseNumber(value); err != nil {
			return "must be a number, such as 0.05"
		}
	case Integer:
		if _, err := strconv.Atoi(value); err != nil {
			return "must be a whole number, such as 3"
		}
	case Boolean:
		if value != "true" && value != "false" {
			return "must be true or false"
		}
	case Duration:
		switch d, err := parseDuration(value); {
		case err != nil:
			return "must be a positive duration, such as 2m"
		case d > maxDuration:
			return "must be at most " + maxDuration.String()
		}
	}
	return ""
}

// spelled is the one spelling of what a value means; a value that is wrong stays
// as it is.
func (p Param) spelled(value string) string {
	switch p.Type {
	case Number:
		if n, err := parseNumber(value); err == nil {
			return strconv.FormatFloat(n+0, 'f', -1, 64) // -0 is 0
		}
	case Integer:
		if n, err := strconv.Atoi(value); err == nil {
			return strconv.Itoa(n)
		}
	case Duration:
		if d, err := parseDuration(value); err == nil {
			return duration(d)
		}
	}
	return value
}

// duration is a duration without the units at its end that it has none of: 2m,
// and not 2m0s.
func duration(d time.Duration) string {
	text := d.String()
	if d%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if d%time.Hour == 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (p Param) outOfBounds(value string) string {
	if !p.numeric() {
		return ""
	}
	n, err := parseNumber(value)
	switch {
	case err != nil:
		return ""
	case p.Min != nil && n < *p.Min:
		return "must be at least " + number(*p.Min)
	case p.Max != nil && n > *p.Max:
		return "must be at most " + number(*p.Max)
	}
	return ""
}

// wholly reports whether the whole of a value matches. The pattern was compiled
// when its runbook was checked.
func wholly(pattern, value string) bool {
	whole, err := regexp.Compile(`^(?:` + pattern + `)$`)
	return err == nil && whole.MatchString(value)
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

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
