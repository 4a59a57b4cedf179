package expr

import (
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// The bounds of a condition.
const (
	// MaxLength is the longest condition, in characters.
	MaxLength = 2048
	// MaxCost is what one condition may cost on the largest alert, in the
	// units of CEL: about one for each step and for each ten characters that
	// are looked at.
	MaxCost = 50_000

	maxDepth   = 40
	maxNodes   = 500
	maxPattern = 400
)

// Problem is one thing that is wrong with a condition.
type Problem struct {
	// Line and Column count from 1.
	Line, Column int
	Message      string
}

// Problems is everything that is wrong with a condition, in its order.
type Problems []Problem

// Error returns the problems on one line, each with its place.
func (ps Problems) Error() string {
	words := make([]string, len(ps))
	for i, p := range ps {
		words[i] = fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
	}
	return strings.Join(words, "; ")
}

// Hours says when named hours hold, by their id.
type Hours map[string]func(at time.Time) bool

// Reader compiles conditions. It is safe for concurrent use.
type Reader struct {
	env   *cel.Env
	hours Hours
}

// Expr is a compiled condition. It is safe for concurrent use.
type Expr struct {
	text    string
	program cel.Program
	varies  bool
}

// Compile reads a condition. The error is of type Problems when the text is
// wrong: not CEL, a name that is not known, a result that is neither true nor
// false, a pattern that is not written out, or anything beyond the bounds.
func (r *Reader) Compile(text string) (*Expr, error) {
	if n := len([]rune(text)); n > MaxLength {
		return nil, whole("is %d characters long: write at most %d", n, MaxLength)
	}
	if strings.TrimSpace(text) == "" {
		return nil, whole(`is empty: write a condition such as labels.service == "payments"`)
	}
	ast, issues := r.env.Compile(text)
	if err := issues.Err(); err != nil {
		return nil, problems(issues)
	}
	if !ast.OutputType().IsExactType(types.BoolType) {
		return nil, whole("must be true or false, and is of type %s", ast.OutputType())
	}
	if err := r.check(ast); err != nil {
		return nil, err
	}
	program, err := r.env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, whole("cannot be used: %s", err)
	}
	return &Expr{text: text, program: program, varies: varies(ast)}, nil
}

// String returns the condition as it was written.
func (x *Expr) String() string { return x.text }

// Varies reports whether the condition may say something else of the same
// alert at another time: it looks at the clock, or at the status.
func (x *Expr) Varies() bool { return x.varies }

// Match says whether the condition holds. It fails when the condition cannot
// say, because a number is divided by zero or a text is no time; it does not
// hold then. What it costs was bounded when it was compiled: to count the
// steps again would triple them.
func (x *Expr) Match(s *Subject) (bool, error) {
	out, _, err := x.program.Eval(s)
	if err != nil {
		return false, fmt.Errorf("cannot say: %w", err)
	}
	return out == types.True, nil
}

// whole is a problem of the whole text.
func whole(format string, args ...any) Problems {
	return Problems{{Line: 1, Column: 1, Message: fmt.Sprintf(format, args...)}}
}

// maxProblems bounds what is said of one condition.
const maxProblems = 5

func problems(issues *cel.Issues) Problems {
	var out Problems
	for _, e := range issues.Errors() {
		if len(out) == maxProblems {
			break
		}
		// The library counts columns from 0, and an unknown line as -1.
		out = append(out, Problem{Line: max(e.Location.Line(), 1), Column: max(e.Location.Column(), 0) + 1, Message: oneLine(e.Message)})
	}
	return out
}

// oneLine keeps the library's words short.
func oneLine(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	text = strings.TrimPrefix(text, "Syntax error: ")
	if short := []rune(text); len(short) > 200 {
		return string(short[:200]) + "…"
	}
	return text
}
