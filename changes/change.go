// Package changes holds what was changed of the services, and ranks which
// change is the likely cause of an incident. It is pure: nothing in it reads a
// clock, a database or the network.
package changes

import (
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/tocsinhq/tocsin/incident"
)

// Kind says what was changed.
type Kind string

// The kinds of change.
const (
	Deployment    Kind = "deployment"
	Configuration Kind = "configuration"
	Flag          Kind = "flag"
	Push          Kind = "push"
	Other         Kind = "other"
)

// Kinds lists the kinds of change.
func Kinds() []Kind { return []Kind{Deployment, Configuration, Flag, Push, Other} }

// Change is one change event: something that somebody changed of a service.
type Change struct {
	// ID tells it from the others of its source and service: the same one counts
	// once.
	ID string `json:"id"`
	// Source says who reports it: github, kubernetes, or a caller's name.
	Source  string `json:"source"`
	Kind    Kind   `json:"kind"`
	Service string `json:"service"`
	// Title says in a few words what it is about.
	Title string `json:"title,omitempty"`
	// Version is what runs since, Before what ran.
	Version string `json:"version,omitempty"`
	Before  string `json:"before,omitempty"`
	Author  string `json:"author,omitempty"`
	Link    string `json:"link,omitempty"`
	// At is when it took effect.
	At time.Time `json:"at"`
	// Lines is how many lines it changed; zero is unknown.
	Lines int `json:"lines,omitempty"`
	// Undo says how to take it back, where a runbook can.
	Undo Undo `json:"undo,omitzero"`
}

// Undo is the runbook that takes a change back, and its parameters.
type Undo struct {
	Runbook string            `json:"runbook"`
	Params  map[string]string `json:"params,omitempty"`
}

// Known reports whether there is a way to take it back.
func (u Undo) Known() bool { return u.Runbook != "" }

const (
	maxID     = 200
	maxText   = 500
	maxParams = 20
	// maxAhead is how far ahead of ours the clock of whoever reports may be.
	maxAhead = 10 * time.Minute
)

var hyphened = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Check returns an Invalid error that says what is wrong with a change that
// was reported at a time, or nil. It repeats no value.
func (c Change) Check(now time.Time) error {
	for _, f := range []struct {
		name, value string
		limit       int
		required    bool
	}{
		{"id", c.ID, maxID, true},
		{"service", c.Service, maxID, true},
		{"title", c.Title, maxText, false},
		{"version", c.Version, maxID, false},
		{"before", c.Before, maxID, false},
		{"author", c.Author, maxID, false},
		{"link", c.Link, maxText, false},
	} {
		switch {
		case f.required && f.value == "":
			return incident.Errorf(incident.Invalid, "%s: it is missing", f.name)
		case utf8.RuneCountInString(f.value) > f.limit:
			return incident.Errorf(incident.Invalid, "%s: it is longer than %d characters", f.name, f.limit)
		case !printable(f.value):
			return incident.Errorf(incident.Invalid, "%s: it holds characters that are not printable", f.name)
		}
	}
	switch {
	case !slices.Contains(Kinds(), c.Kind):
		return incident.Errorf(incident.Invalid, "kind: it is not one of deployment, configuration, flag, push, other")
	case c.At.IsZero():
		return incident.Errorf(incident.Invalid, "at: say when it took effect")
	case c.At.After(now.Add(maxAhead)):
		return incident.Errorf(incident.Invalid, "at: it has not taken effect yet")
	case c.Lines < 0:
		return incident.Errorf(incident.Invalid, "lines: it is less than none")
	case c.Link != "" && !isWeb(c.Link):
		return incident.Errorf(incident.Invalid, "link: it is no http or https address")
	}
	return c.Undo.check()
}

func (u Undo) check() error {
	if u.Runbook == "" && len(u.Params) > 0 {
		return incident.Errorf(incident.Invalid, "undo: it has parameters, and no runbook")
	}
	if u.Runbook != "" && !hyphened.MatchString(u.Runbook) || len(u.Params) > maxParams {
		return incident.Errorf(incident.Invalid, "undo: it is no runbook's name with at most %d parameters", maxParams)
	}
	for name, value := range u.Params {
		if utf8.RuneCountInString(name) > maxID || utf8.RuneCountInString(value) > maxText {
			return incident.Errorf(incident.Invalid, "undo: a parameter is too long")
		}
		if !printable(name) || !printable(value) {
			return incident.Errorf(incident.Invalid, "undo: a parameter holds characters that are not printable")
		}
	}
	if err := incident.CheckStart(u.Runbook, u.Params); err != nil {
		return incident.Errorf(incident.Invalid, "undo: no run can be started so: %s", err)
	}
	return nil
}

// String is the change in a few words: "checkout 1.42 (deployment by alice)".
func (c Change) String() string {
	what := c.Service
	if c.Version != "" {
		what += " " + c.Version
	} else if c.Title != "" {
		what += ": " + c.Title
	}
	by := string(c.Kind)
	if c.Author != "" {
		by += " by " + c.Author
	}
	return what + " (" + by + ")"
}
