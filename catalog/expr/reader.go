package expr

import (
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tocsinhq/tocsin/alerts"
)

// NewReader returns a Reader whose conditions may ask during("id") for these
// hours. The error says that the library refuses its own options, which no
// input can cause.
func NewReader(hours Hours) (*Reader, error) {
	r := &Reader{hours: hours}
	env, err := cel.NewEnv(
		cel.Variable("labels", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("annotations", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("name", cel.StringType),
		cel.Variable("status", cel.StringType),
		cel.Variable("source", cel.StringType),
		cel.Variable("now", cel.TimestampType),
		cel.Function("during", cel.Overload("during_string_timestamp",
			[]*cel.Type{cel.StringType, cel.TimestampType}, cel.BoolType, cel.BinaryBinding(r.during))),
		cel.Macros(cel.GlobalMacro("during", 1, duringNow)),
		cel.DefaultUTCTimeZone(true),
		cel.EagerlyValidateDeclarations(true),
		cel.ParserExpressionSizeLimit(MaxLength),
		cel.ParserRecursionLimit(maxDepth),
		cel.ExpressionNodeLimit(maxNodes),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateComprehensionNestingLimit(1)),
	)
	if err != nil {
		return nil, fmt.Errorf("prepare conditions: %w", err)
	}
	r.env = env
	return r, nil
}

// duringNow makes during("id") a question about now.
func duringNow(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	return eh.NewCall("during", args[0], eh.NewIdent("now")), nil
}

func (r *Reader) during(id, when ref.Val) ref.Val {
	name, _ := id.Value().(string)
	moment, _ := when.Value().(time.Time)
	holds, ok := r.hours[name]
	if !ok {
		return types.NewErr("there are no hours %q", name)
	}
	return types.Bool(holds(moment))
}

// check refuses what the library would only tell when it is asked.
func (r *Reader) check(checked *cel.Ast) error {
	var out Problems
	root := ast.NavigateAST(checked.NativeRep())
	for _, call := range ast.MatchDescendants(root, ast.KindMatcher(ast.CallKind)) {
		if message := r.checkCall(call.AsCall()); message != "" {
			where := checked.NativeRep().SourceInfo().GetStartLocation(call.ID())
			out = append(out, Problem{Line: max(where.Line(), 1), Column: max(where.Column(), 0) + 1, Message: message})
		}
	}
	if len(out) > 0 {
		return out
	}
	cost, err := r.env.EstimateCost(checked, sizes{})
	if err != nil {
		return whole("its cost cannot be told: %s", err)
	}
	if cost.Max > MaxCost {
		return whole("could cost more than %d steps on a large alert: look at fewer labels, or write several routes", MaxCost)
	}
	return nil
}

func (r *Reader) checkCall(call ast.CallExpr) string {
	if calendar[call.FunctionName()] && len(call.Args()) > 0 {
		return "reading a zone for each alert costs too much: declare hours with their zone, and ask during"
	}
	switch call.FunctionName() {
	case "matches":
		args := call.Args()
		pattern, ok := literal(args[len(args)-1])
		if !ok {
			return "the pattern of matches must be written out in quotes"
		}
		return checkPattern(pattern)
	case "during":
		id, ok := literal(call.Args()[0])
		if !ok {
			return "the hours of during must be written out in quotes"
		}
		if _, known := r.hours[id]; !known {
			return fmt.Sprintf("there are no hours %q%s", id, r.known())
		}
	}
	return ""
}

// calendar names the functions that look a zone up when they are given one.
var calendar = map[string]bool{
	"getFullYear": true, "getMonth": true, "getDate": true, "getDayOfMonth": true, "getDayOfWeek": true,
	"getDayOfYear": true, "getHours": true, "getMinutes": true, "getSeconds": true, "getMilliseconds": true,
}

// checkPattern bounds a pattern by what it becomes, since a few counted
// repeats of one another become very much. The library has an option for
// that, which panics on a counted repeat.
func checkPattern(pattern string) string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return fmt.Sprintf("the pattern is wrong: %s", err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return fmt.Sprintf("the pattern is wrong: %s", err)
	}
	if n := len(program.Inst); n > maxPattern {
		return fmt.Sprintf("the pattern comes to %d steps: write one of at most %d", n, maxPattern)
	}
	return ""
}

// varies looks for what changes while an alert lasts.
func varies(checked *cel.Ast) bool {
	root := ast.NavigateAST(checked.NativeRep())
	return slices.ContainsFunc(ast.MatchDescendants(root, ast.KindMatcher(ast.IdentKind)), func(e ast.NavigableExpr) bool {
		return e.AsIdent() == "now" || e.AsIdent() == "status"
	})
}

func (r *Reader) known() string {
	if len(r.hours) == 0 {
		return ""
	}
	return "; there are " + strings.Join(slices.Sorted(maps.Keys(r.hours)), ", ")
}

func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := e.AsLiteral().Value().(string)
	return text, ok
}

// sizes tells how large the parts of an alert may be.
type sizes struct{}

// EstimateSize implements checker.CostEstimator.
func (sizes) EstimateSize(node checker.AstNode) *checker.SizeEstimate {
	path := node.Path()
	if len(path) == 0 {
		return nil
	}
	size := checker.SizeEstimate{Min: 0, Max: alerts.MaxAnnotationValue}
	switch {
	case len(path) == 1 && (path[0] == "labels" || path[0] == "annotations"):
		size.Max = alerts.MaxLabels
	case path[0] == "labels", path[0] == "name":
		size.Max = alerts.MaxLabelValue
	case path[0] == "status", path[0] == "source":
		size.Max = alerts.MaxLabelName
	}
	return &size
}

// EstimateCallCost implements checker.CostEstimator.
func (sizes) EstimateCallCost(function, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	if function != "during" {
		return nil
	}
	const windows = 50 // a walk over the windows of the hours
	return &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: 1, Max: windows}}
}
