// Package spec is what a runbook says of itself, as plain data: what it does,
// what it changes, who must approve that, and its parameters. The API, the CLI,
// the pages and the catalog know runbooks by it alone, also those that another
// repository's worker runs.
package spec

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Spec is what a runbook says of itself.
type Spec struct {
	// Name is lower-case words joined by hyphens; it is the workflow type too.
	Name string `json:"name"`
	// About says in one sentence what it does, Fits when to reach for it.
	About  string  `json:"about"`
	Fits   string  `json:"fits"`
	Params []Param `json:"params,omitempty"`
	// Target names what a run changes, with parameters in braces:
	// "deploy/{target}", or several with spaces between them. Runs with the same
	// target exclude each other, whatever their runbook and incident. A runbook
	// without one changes nothing: it is a diagnostic.
	Target string `json:"target,omitempty"`
	// Approval is what must be given before anything is changed; nil is none.
	Approval *Approval `json:"approval,omitempty"`
	// Limit bounds what one run may touch.
	Limit Limit `json:"limit,omitzero"`
}

// Approval says who must approve the calls of a run.
type Approval struct {
	// By are the standings that may give it. With neither By nor Team the
	// response policy of the incident decides.
	By []catalog.Standing `json:"by,omitempty"`
	// Team is a team whose members may give it too.
	Team string `json:"team,omitempty"`
	// People is how many different people must give it; zero is one.
	People int `json:"people,omitempty"`
	// Within is how long it is waited for; zero is 15 minutes.
	Within time.Duration `json:"within,omitempty"`
}

// approvalWithin is how long an approval is waited for when nothing is said.
const approvalWithin = 15 * time.Minute

// Complete fills in what nothing is said about.
func (a Approval) Complete() Approval {
	a.People = cmp.Or(a.People, 1)
	a.Within = cmp.Or(a.Within, approvalWithin)
	return a
}

// Limit is a blast radius: how much of what it touches one run may touch. Zero
// is no limit.
type Limit struct {
	Count   int `json:"count,omitempty"`
	Percent int `json:"percent,omitempty"`
}

// Changes reports whether runs of it may change something.
func (s Spec) Changes() bool { return s.Target != "" }

var (
	hyphened = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	inBraces = regexp.MustCompile(`\{([^{}]*)\}`)
)

// maxPeople bounds how many people an approval can demand.
const maxPeople = 5

// Problems lists what is wrong with it, for its author: nothing when a worker
// can register it.
func (s Spec) Problems() []string {
	var found []string
	wrong := func(is bool, text string, args ...any) {
		if is {
			found = append(found, fmt.Sprintf(text, args...))
		}
	}
	wrong(!hyphened.MatchString(s.Name), "its name is not lower-case words joined by hyphens")
	wrong(s.About == "" || s.Fits == "", "it says not what it does (About) or when it fits (Fits)")
	wrong(s.Approval != nil && !s.Changes(), "it wants an approval, and changes nothing (Target)")
	if a := s.Approval; a != nil {
		wrong(a.People < 0 || a.People > maxPeople, "its approval by %d people is not between 1 and %d", a.People, maxPeople)
		wrong(a.Within < 0, "its approval waits for less than no time")
	}
	wrong(s.Limit.Count < 0 || s.Limit.Percent < 0 || s.Limit.Percent > 100, "its limit is not a count and a percentage")
	wrong(s.Target != "" && len(strings.Fields(s.Target)) == 0, "its target is a blank")
	for _, name := range inBraces.FindAllStringSubmatch(s.Target, -1) {
		wrong(!slices.ContainsFunc(s.Params, func(p Param) bool { return p.Name == name[1] && p.listed() }),
			"its target names {%s}, which is no parameter that has to be there and is more than free text", name[1])
	}
	seen := map[string]bool{}
	for _, p := range s.Params {
		for _, problem := range p.problems() {
			found = append(found, fmt.Sprintf("its parameter %s %s", p.Name, problem))
		}
		wrong(seen[p.Name], "its parameter %s is there twice", p.Name)
		seen[p.Name] = true
	}
	return found
}

// TargetsOf names what a run with these values changes, in order and each once.
func (s Spec) TargetsOf(values Values) []string {
	targets := strings.Fields(s.Target)
	for n, target := range targets {
		targets[n] = inBraces.ReplaceAllStringFunc(target, func(name string) string {
			return values[strings.Trim(name, "{}")].Text
		})
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}

// Aim returns the values by which TargetsOf names what a run changes.
func (s Spec) Aim(values Values) map[string]string {
	out := map[string]string{}
	for _, found := range inBraces.FindAllStringSubmatch(s.Target, -1) {
		out[found[1]] = values[found[1]].Text
	}
	return out
}

// TargetOf is TargetsOf on one line, or nothing.
func (s Spec) TargetOf(values Values) string { return strings.Join(s.TargetsOf(values), " ") }

// Served is a runbook, and who runs it.
type Served struct {
	Spec
	// Queue is the task queue on which its runs are done.
	Queue string
	// Heard is when its worker announced it last; zero for what comes with
	// Tocsin.
	Heard time.Time
}
