package runbooktest

import (
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/tocsinhq/tocsin/runbook"
)

var (
	hyphened = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	literal  = regexp.MustCompile(`\.func\d+`)
)

// Registered fails the test for every runbook of a list that cannot be
// registered: a name that is not lower-case words joined by hyphens or is
// there twice, nothing said about it, a default that does not fit its type, or
// a Run that is a function literal, which workflowcheck would not see.
func Registered(t testing.TB, all []runbook.Runbook) {
	t.Helper()
	seen := map[string]bool{}
	for _, b := range all {
		for _, problem := range problems(b) {
			t.Errorf("runbook %q: %s", b.Name, problem)
		}
		if seen[b.Name] {
			t.Errorf("runbook %q is registered twice", b.Name)
		}
		seen[b.Name] = true
	}
}

func problems(b runbook.Runbook) []string {
	var found []string
	if !hyphened.MatchString(b.Name) {
		found = append(found, "its name is not lower-case words joined by hyphens")
	}
	if b.About == "" || b.Fits == "" {
		found = append(found, "it says not what it does (About) or when it fits (Fits)")
	}
	if b.Run == nil || literal.MatchString(functionName(b.Run)) {
		found = append(found, "its Run is not a named function")
	}
	return append(found, paramProblems(b.Params)...)
}

func paramProblems(params []runbook.Param) []string {
	var found []string
	for _, p := range params {
		if p.About == "" {
			found = append(found, "its parameter "+p.Name+" says not what it is for")
		}
		if p.Required {
			continue
		}
		alone := runbook.Runbook{Params: []runbook.Param{p}}
		if _, err := alone.Complete(nil); err != nil {
			found = append(found, "the default does not fit: "+err.Error())
		}
	}
	return found
}

func functionName(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	return name[strings.LastIndex(name, "/")+1:]
}
