package runbooktest

import (
	"testing"

	"github.com/tocsinhq/tocsin/runbook"
)

// Registered fails the test for every runbook of a list that cannot be
// registered: see runbook.Runbook.Problems. Two of one name cannot be either.
func Registered(t testing.TB, all []runbook.Runbook) {
	t.Helper()
	seen := map[string]bool{}
	for _, b := range all {
		for _, problem := range b.Problems() {
			t.Errorf("runbook %q: %s", b.Name, problem)
		}
		if seen[b.Name] {
			t.Errorf("runbook %q is registered twice", b.Name)
		}
		seen[b.Name] = true
	}
}
