package expr

import (
	"fmt"

	"cel.dev/cel-go/cel"
)

// Cost asks a condition once more, and counts what it costs.
func Cost(r *Reader, x *Expr, s *Subject) (uint64, error) {
	ast, issues := r.env.Compile(x.text)
	if err := issues.Err(); err != nil {
		return 0, fmt.Errorf("compile again: %w", err)
	}
	program, err := r.env.Program(ast, cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost))
	if err != nil {
		return 0, fmt.Errorf("plan again: %w", err)
	}
	_, details, _ := program.Eval(s) // what it says does not matter here
	return *details.ActualCost(), nil
}
