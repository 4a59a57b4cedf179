package ssh

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/values"
	"github.com/tocsinhq/tocsin/systems"
)

// command is a Command that was checked.
type command struct {
	Command
	takes values.List
}

var (
	plain  = regexp.MustCompile(`^[a-z][a-z0-9]*([_-][a-z0-9]+)*$`)
	braced = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)
)

func compile(c Command) (command, error) {
	out := command{Command: c}
	if problem := c.problem(); problem != "" {
		return out, incident.Errorf(incident.Invalid, "%s", problem)
	}
	var err error
	if out.takes, err = values.New(c.Values); err != nil {
		return out, err
	}
	used := map[string]bool{}
	for _, word := range c.Run {
		for _, found := range braced.FindAllStringSubmatch(word, -1) {
			used[found[1]] = true
		}
	}
	for _, p := range out.takes {
		if !used[p.Name] {
			return out, incident.Errorf(incident.Invalid, "no word of its run has {%s}", p.Name)
		}
		delete(used, p.Name)
	}
	if len(used) > 0 {
		return out, incident.Errorf(incident.Invalid, "a word of its run has what is not among its values")
	}
	return out, nil
}

// problem says what is not as it must be, or nothing.
func (c Command) problem() string {
	switch {
	case !plain.MatchString(c.Name):
		return "its name is not lower-case words joined by hyphens or underscores"
	case len(c.Run) == 0 || c.Run[0] == "" || strings.Contains(c.Run[0], "{"):
		return "its run does not begin with the program"
	case slices.ContainsFunc(c.Run, unprintable):
		return "a word of its run holds what cannot be printed"
	case c.limit() < time.Second || c.limit() > maxTimeout:
		return "correct timeout: from 1s to 10m"
	case !c.Changes && (c.Done != nil || c.Undo != "" || len(c.Expects) > 0 || len(c.Unchanged) > 0):
		return "it only reads, so that there is nothing to expect or undo (changes: true)"
	case c.Changes && c.length() > maxShown:
		return fmt.Sprintf("it is longer than %d bytes, which no approval shows whole: make it a script on the host", maxShown)
	case slices.ContainsFunc(c.Unchanged, c.succeeds):
		return "an exit status means success and that nothing was changed"
	}
	return ""
}

func unprintable(word string) bool { return strings.ContainsFunc(word, unicode.IsControl) }

// asked is a command with what is filled in.
type asked struct {
	command
	words []string
}

// find returns the command that a request names. It fails with NotFound, or with
// Invalid when the values do not fit; it repeats none of them.
func (s *System) find(r systems.SSHRequest) (asked, error) {
	found, there := s.commands[r.Command]
	if !there {
		return asked{}, incident.Errorf(incident.NotFound, "the systems file has no command %q for %s: there are %s", r.Command, s.config.Name, s.listed())
	}
	given, err := found.takes.Take(r.Values, s.commands[r.With].takes)
	if err != nil {
		return asked{}, err
	}
	with := map[string]string{}
	for n, p := range found.takes {
		// What begins with a hyphen would be an option, whatever the file means.
		if strings.HasPrefix(given[n], "-") {
			return asked{}, incident.Errorf(incident.Invalid, "the values do not fit: %s begins with a hyphen", p.Name)
		}
		with[p.Name] = given[n]
	}
	out := asked{command: found}
	for _, word := range found.Run {
		out.words = append(out.words, braced.ReplaceAllStringFunc(word, func(name string) string { return with[strings.Trim(name, "{}")] }))
	}
	return out, nil
}

// line is the command as the host's shell takes it: each word in quotes, within
// which nothing means anything to a POSIX shell but the quote itself.
func (a asked) line() string {
	quoted := make([]string, len(a.words))
	for n, word := range a.words {
		quoted[n] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

func (a asked) slow() bool { return a.limit() > quick }

// Plan says which command would be run. It fails with NotFound when the file has
// none of that name, with Invalid when the values do not fit.
func (s *System) Plan(r systems.SSHRequest) (systems.SSHPlan, error) {
	a, err := s.find(r)
	if err != nil {
		return systems.SSHPlan{}, err
	}
	plan := systems.SSHPlan{Line: a.line(), Changes: a.Changes, Slow: a.slow(), Undo: a.Undo, Covers: s.covers(a)}
	for _, c := range a.Expects {
		plan.Expects = append(plan.Expects, systems.SSHCheck(c))
	}
	if a.Done != nil {
		plan.Done = new(systems.SSHCheck(*a.Done))
	}
	return plan, nil
}

// covers identifies the command with what is filled in, what is looked at before
// and after it and how it is judged, and the host that it is run on: what an
// approval was given for.
func (s *System) covers(a asked) string {
	sum := sha256.New()
	parts := []string{s.config.Addr, s.config.User, a.line(), fmt.Sprint(a.Changes, a.Exit, a.Unchanged, a.limit())}
	for _, c := range a.Expects {
		parts = append(parts, "expects "+s.text(c))
	}
	if a.Done != nil {
		parts = append(parts, "done "+s.text(*a.Done))
	}
	for _, part := range parts {
		fmt.Fprintf(sum, "%d %s\n", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// text is a check with the command that it runs.
func (s *System) text(c Check) string {
	of := s.commands[c.Command]
	return fmt.Sprintf("%q with %v is %q", of.Run, of.Exit, c.Is)
}
