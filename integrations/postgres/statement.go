package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/values"
	"github.com/tocsinhq/tocsin/runbook/spec"
	"github.com/tocsinhq/tocsin/systems"
)

// statement is a Statement that was checked.
type statement struct {
	Statement
	takes values.List
	// shown is its text on one line.
	shown string
}

var (
	plain  = regexp.MustCompile(`^[a-z][a-z0-9]*([_-][a-z0-9]+)*$`)
	dollar = regexp.MustCompile(`\$([0-9]+)`)
	first  = regexp.MustCompile(`^\(*\s*([A-Za-z]+)`)
	// controls are what would end the transaction, or leave it.
	controls = []string{
		"ABORT", "BEGIN", "CHECKPOINT", "COMMIT", "COPY", "DEALLOCATE", "DISCARD", "END", "LISTEN", "LOAD", "NOTIFY",
		"PREPARE", "RELEASE", "RESET", "ROLLBACK", "SAVEPOINT", "SET", "START", "UNLISTEN", "VACUUM",
	}
)

func compile(s Statement) (statement, error) {
	out := statement{Statement: s, shown: strings.Join(lines(s.SQL), " ")}
	if problem := out.problem(); problem != "" {
		return out, incident.Errorf(incident.Invalid, "%s", problem)
	}
	var err error
	if out.takes, err = values.New(s.Bind); err != nil {
		return out, err
	}
	return out, out.counts()
}

func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// problem says what is not as it must be, or nothing.
func (s statement) problem() string {
	begins := first.FindStringSubmatch(s.shown)
	switch {
	case !plain.MatchString(s.Name):
		return "its name is not lower-case words joined by hyphens or underscores"
	case begins == nil || slices.Contains(controls, strings.ToUpper(begins[1])):
		return "its sql is none that fits into a transaction"
	case strings.Contains(s.SQL, "--") || strings.Contains(s.SQL, "/*"):
		return "its sql holds a comment: say it beside it"
	case s.Changes && s.Rows == nil:
		return "it changes something, and does not say how many rows it must touch (rows)"
	case !s.Changes && (s.Immediate || s.Rows != nil || s.Done != nil || s.Undo != "" || len(s.Expects) > 0):
		return "it only reads, so that there is nothing to expect, count or undo (changes: true)"
	case s.Changes && len(s.shown) > maxShown:
		return fmt.Sprintf("its sql is longer than %d bytes, which no approval shows whole: make it a function or a view", maxShown)
	case s.Rows != nil && !s.Rows.sound():
		return "its rows are neither exactly so many nor from min to max"
	}
	return ""
}

func (r Rows) sound() bool {
	if r.Exactly != nil {
		return *r.Exactly >= 0 && r.Min == 0 && r.Max == 0
	}
	return r.Min >= 0 && r.Max >= r.Min && r.Max > 0
}

// holds reports whether a count is as expected.
func (r Rows) holds(n int64) bool {
	if r.Exactly != nil {
		return n == *r.Exactly
	}
	return n >= r.Min && n <= r.Max
}

// String is the expectation in words.
func (r Rows) String() string {
	switch {
	case r.Exactly != nil && *r.Exactly == 1:
		return "exactly 1 row"
	case r.Exactly != nil:
		return fmt.Sprintf("exactly %d rows", *r.Exactly)
	default:
		return fmt.Sprintf("%d to %d rows", r.Min, r.Max)
	}
}

// counts returns an Invalid error when the statement's $n are not what it binds.
func (s statement) counts() error {
	used := map[int]bool{}
	for _, found := range dollar.FindAllStringSubmatch(s.SQL, -1) {
		n, err := strconv.Atoi(found[1])
		if err != nil || n < 1 || n > len(s.takes) {
			return incident.Errorf(incident.Invalid, "its sql has %s and binds %d values", found[0], len(s.takes))
		}
		used[n] = true
	}
	if len(used) != len(s.takes) {
		return incident.Errorf(incident.Invalid, "it binds %d values and its sql uses %d", len(s.takes), len(used))
	}
	return nil
}

// asked is a statement with what is bound.
type asked struct {
	statement
	values []string
}

// find returns the statement that a request names. It fails with NotFound, or
// with Invalid when the values do not fit; it repeats none of them.
func (s *System) find(r systems.SQLRequest) (asked, error) {
	found, there := s.statements[r.Statement]
	if !there {
		return asked{}, incident.Errorf(incident.NotFound, "the systems file has no statement %q for %s: there are %s", r.Statement, s.config.Name, s.listed())
	}
	bound, err := found.takes.Take(r.Values, s.statements[r.With].takes)
	return asked{found, bound}, err
}

// Plan says which statement would be made. It fails with NotFound when the file
// has none of that name, with Invalid when the values do not fit.
func (s *System) Plan(r systems.SQLRequest) (systems.SQLPlan, error) {
	a, err := s.find(r)
	if err != nil {
		return systems.SQLPlan{}, err
	}
	plan := systems.SQLPlan{
		Text: a.shown, Changes: a.Changes, Slow: s.slow(), Undo: a.Undo, Covers: s.covers(a),
	}
	for n, p := range a.takes {
		plan.Binds = append(plan.Binds, fmt.Sprintf("%s = %s", p.Name, quoted(p, a.values[n])))
	}
	if a.Rows != nil {
		plan.Rows = a.Rows.String()
	}
	for _, c := range a.Expects {
		plan.Expects = append(plan.Expects, systems.SQLCheck(c))
	}
	if a.Done != nil {
		plan.Done = new(systems.SQLCheck(*a.Done))
	}
	return plan, nil
}

func quoted(p spec.Param, value string) string {
	if p.Type == spec.Text || p.Type == spec.Name {
		return strconv.Quote(value)
	}
	return value
}

func (s *System) slow() bool { return s.config.StatementTimeout > quick }

// covers identifies the statement with what is bound, what is looked at before
// and after it and how it is judged, and the database that it is made in: what an
// approval was given for.
func (s *System) covers(a asked) string {
	sum := sha256.New()
	where := fmt.Sprintf("%s %d %s", s.address.Host, s.address.Port, s.address.Database)
	parts := []string{where, a.SQL, fmt.Sprint(a.Changes, a.Immediate)}
	if a.Rows != nil {
		parts = append(parts, a.Rows.String())
	}
	for _, c := range a.Expects {
		parts = append(parts, "expects "+s.text(c))
	}
	if a.Done != nil {
		parts = append(parts, "done "+s.text(*a.Done))
	}
	for _, part := range append(parts, a.values...) {
		fmt.Fprintf(sum, "%d %s\n", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// text is a check with the statement that it makes.
func (s *System) text(c Check) string {
	return fmt.Sprintf("%q is %q", s.statements[c.Statement].SQL, c.Is)
}
