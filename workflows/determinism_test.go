package workflows_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// outsiders are the files that are no workflow code.
var outsiders = []string{"client.go", "eager.go"}

// TestWorkflowCodeIsDeterministic holds what workflowcheck does not know: no
// AwaitWithTimeout, which leaves its timer behind, no clock or chance of the
// machine, no goroutine or select of Go's own, and no range over a map.
func TestWorkflowCodeIsDeterministic(t *testing.T) {
	forbidden := map[string]string{
		"workflow.AwaitWithTimeout": "use until", "workflow.Sleep": "use until", "workflow.NewTimer": "use until",
		"workflow.SideEffect": "ask an activity", "time.Now": "use workflow.Now", "time.Since": "use workflow.Now",
		"time.Sleep": "use until", "time.After": "use until", "rand.": "ask an activity", "uuid.": "ask an activity",
		"maps.Keys": "sort them", "maps.Values": "sort them", "maps.All": "sort them",
	}
	for name, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok {
					require.Empty(t, forbidden[pkg.Name+"."+n.Sel.Name], "%s: %s.%s", name, pkg.Name, n.Sel.Name)
					require.Empty(t, forbidden[pkg.Name+"."], "%s: %s.%s", name, pkg.Name, n.Sel.Name)
				}
			case *ast.GoStmt, *ast.SelectStmt, *ast.SendStmt:
				require.Fail(t, "Go's own concurrency", "%s: use workflow.Go", name)
			}
			return true
		})
	}
}

func TestContextsAreWrittenInOnePlace(t *testing.T) {
	for name, file := range sources(t) {
		if name == "contexts.go" || name == "schedule.go" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				require.NotContains(t, []string{"WithActivityOptions", "WithLocalActivityOptions"}, s.Sel.Name, name)
			}
			return true
		})
	}
}

// sources are the files of the package that hold workflow code.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	out := map[string]*ast.File{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if strings.HasSuffix(name, "_test.go") || strings.Contains(strings.Join(outsiders, " "), name) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		require.NoError(t, err)
		out[name] = file
	}
	require.NotEmpty(t, out)
	return out
}
