package worker_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbooks"
	"github.com/tocsinhq/tocsin/worker"
	"github.com/tocsinhq/tocsin/workflows"
)

// registry writes down what is registered, by name.
type registry struct {
	sdk.Registry
	names map[string]bool
}

func (r registry) RegisterActivity(a any) {
	for m := range reflect.TypeOf(a).Methods() {
		r.names[m.Name] = true
	}
}

func (r registry) RegisterWorkflow(w any) { r.names[reflect.TypeOf(w).String()] = true }

func (r registry) RegisterWorkflowWithOptions(_ any, o workflow.RegisterOptions) {
	r.names[o.Name] = true
}

func registered(queue string) map[string]bool {
	r := registry{names: map[string]bool{}}
	worker.Register(r, worker.Parts{
		Pager: &activities.Pager{}, Recorder: &activities.Recorder{}, Publisher: &activities.Publisher{},
		Runbooks: &activities.Runbooks{}, Sweeper: &activities.Sweeper{}, Watcher: &activities.Watcher{}, Inspector: &activities.Inspector{},
		Herald: &activities.Herald{}, HTTP: &activities.HTTP{}, SQL: &activities.SQL{}, Redis: &activities.Redis{}, SSH: &activities.SSH{},
		Kubernetes: &activities.Kubernetes{}, GitHub: &activities.GitHub{}, Unleash: &activities.Unleash{},
	}, queue)
	return r.names
}

// TestEveryActivityIsRegisteredOnTheQueueItIsCalledOn reads the source: an
// activity that no worker of its queue knows waits for ever, and no test of
// the workflow alone sees it.
func TestEveryActivityIsRegisteredOnTheQueueItIsCalledOn(t *testing.T) {
	for folder, own := range map[string]string{
		"../workflows": workflows.Incidents, "../runbook": workflows.Runbooks, "../runbooks": workflows.Runbooks,
	} {
		calls := 0
		for _, within := range folders(t, folder) {
			s := read(t, within, own)
			for _, call := range s.calls {
				require.Contains(t, registered(call.queue), call.activity, "%s calls it on the queue %s", within, call.queue)
			}
			calls += len(s.calls)
		}
		require.NotZero(t, calls, "nothing was found in %s: is this test still reading the source right?", folder)
	}
}

func TestEveryQueueIsServedAndRunbooksRunOnTheirs(t *testing.T) {
	for _, queue := range worker.Queues() {
		require.NotEmpty(t, registered(queue), queue)
	}
	for _, b := range runbooks.All() {
		require.Contains(t, registered(workflows.Runbooks), b.Name)
	}
}

func TestNoOtherRepositorysWorkerMayServeAQueueOfTocsin(t *testing.T) {
	for _, queue := range worker.Queues() {
		a := runbook.Announcement{Queue: queue, Runbooks: []runbook.Spec{{Name: "drain"}}}
		require.ErrorContains(t, a.Problem(), "one of Tocsin's own", queue)
	}
	require.Contains(t, registered(runbook.AnnounceQueue), runbook.AnnounceType)
}

func TestWhoeverServesTheIncidentsServesTheirRecords(t *testing.T) {
	c, err := client.NewLazyClient(client.Options{})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	for want, queues := range map[int][]string{
		1: {workflows.Paging}, 2: {workflows.Incidents}, 3: {workflows.Incidents, workflows.Records, workflows.Paging},
	} {
		list, err := worker.New(c, worker.Parts{Pager: &activities.Pager{}, Recorder: &activities.Recorder{}}, queues...)
		require.NoError(t, err)
		require.Len(t, list, want)
	}
	_, err = worker.New(c, worker.Parts{}, "elsewhere")
	require.ErrorContains(t, err, "elsewhere")
}

// source is what the functions of one package call.
type source struct {
	own       string
	functions map[string]*ast.FuncDecl // those that are no methods
	calls     []call
}

type call struct{ activity, queue string }

// folders lists a folder and those below it, each of which holds a package or
// nothing of Go.
func folders(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			out = append(out, path)
		}
		return err
	}))
	return out
}

func read(t *testing.T, folder, own string) source {
	t.Helper()
	s := source{own: own, functions: map[string]*ast.FuncDecl{}}
	files, err := filepath.Glob(folder + "/*.go")
	require.NoError(t, err)
	var all []*ast.FuncDecl
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			all = append(all, f)
			if f.Recv == nil {
				s.functions[f.Name.Name] = f
			}
		}
	}
	for _, f := range all {
		for _, c := range found[*ast.CallExpr](f.Body) {
			if name := selected(c.Fun); name == "ExecuteActivity" || name == "ExecuteLocalActivity" {
				s.called(t, f, c)
			}
		}
	}
	return s
}

// called notes what a call executes.
func (s *source) called(t *testing.T, f *ast.FuncDecl, c *ast.CallExpr) {
	t.Helper()
	name := selected(c.Args[1])
	require.True(t, ast.IsExported(name), "%s: name the method that it executes", f.Name.Name)
	queue := s.own
	if !given(f, c.Args[0]) {
		queue = s.queue(context(t, f, c.Args[0]))
	}
	s.calls = append(s.calls, call{name, queue})
}

// given reports whether a context is the one that the kit gives to a call that
// changes something, or to a reading: its activities are on the queue of the run.
func given(f *ast.FuncDecl, e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	kits := f.Name.Name == "Make" || f.Name.Name == "Read"
	return ok && f.Recv != nil && kits && name.Name == f.Type.Params.List[0].Names[0].Name
}

// context returns the call that made the context of another.
func context(t *testing.T, f *ast.FuncDecl, e ast.Expr) *ast.CallExpr {
	t.Helper()
	if made, ok := e.(*ast.CallExpr); ok {
		return made
	}
	for _, a := range found[*ast.AssignStmt](f.Body) {
		made, ok := a.Rhs[0].(*ast.CallExpr)
		if left, named := a.Lhs[0].(*ast.Ident); ok && named && left.Name == e.(*ast.Ident).Name {
			return made
		}
	}
	t.Fatalf("%s: where does its context come from?", f.Name.Name)
	return nil
}

// queue returns the task queue that some code sets, itself or by what it
// calls; without one it is the workflow's own.
func (s *source) queue(code ast.Node) string {
	queues := map[string]string{
		"Paging": workflows.Paging, "Records": workflows.Records, "Integrations": workflows.Integrations, "Runbooks": workflows.Runbooks,
	}
	for _, a := range found[*ast.AssignStmt](code) {
		if selected(a.Lhs[0]) == "TaskQueue" {
			return queues[a.Rhs[0].(*ast.Ident).Name]
		}
	}
	for _, kv := range found[*ast.KeyValueExpr](code) {
		if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "TaskQueue" {
			return queues[kv.Value.(*ast.Ident).Name]
		}
	}
	for _, c := range found[*ast.CallExpr](code) {
		name, ok := c.Fun.(*ast.Ident)
		if f := s.functions[name.String()]; ok && f != nil && s.queue(f.Body) != s.own {
			return s.queue(f.Body)
		}
	}
	return s.own
}

// found lists the nodes of one kind within another.
func found[N ast.Node](within ast.Node) []N {
	var out []N
	ast.Inspect(within, func(n ast.Node) bool {
		if node, ok := n.(N); ok {
			out = append(out, node)
		}
		return true
	})
	return out
}

// selected returns the name behind the dot, or "".
func selected(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		return s.Sel.Name
	}
	return ""
}
