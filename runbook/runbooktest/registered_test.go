package runbooktest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

func nothing(workflow.Context, runbook.Input) error { return nil }

// failures keeps what a test would have failed with.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func TestRegistered(t *testing.T) {
	sound := runbook.Runbook{
		Name: "do-nothing", About: "Does nothing.", Fits: "Always.", Run: nothing,
		Params: []runbook.Param{{Name: "why", About: "the reason", Required: true}},
	}
	change := func(how func(b *runbook.Runbook)) []runbook.Runbook {
		b := sound
		how(&b)
		return []runbook.Runbook{b}
	}
	tests := map[string]struct {
		all  []runbook.Runbook
		want []string
	}{
		"sound": {all: []runbook.Runbook{sound}},
		"name": {
			change(func(b *runbook.Runbook) { b.Name = "Do nothing" }),
			[]string{`runbook "Do nothing": its name is not lower-case words joined by hyphens`},
		},
		"twice": {
			[]runbook.Runbook{sound, sound},
			[]string{`runbook "do-nothing" is registered twice`},
		},
		"silent": {
			change(func(b *runbook.Runbook) { b.Fits = "" }),
			[]string{`runbook "do-nothing": it says not what it does (About) or when it fits (Fits)`},
		},
		"literal": {
			change(func(b *runbook.Runbook) {
				b.Run = func(workflow.Context, runbook.Input) error { return nil }
			}),
			[]string{`runbook "do-nothing": its Run is not a named function`},
		},
		"none": {
			change(func(b *runbook.Runbook) { b.Run = nil }),
			[]string{`runbook "do-nothing": its Run is not a named function`},
		},
		"parameters": {
			change(func(b *runbook.Runbook) {
				b.Params = []runbook.Param{{Name: "limit", Type: runbook.Number, Default: "low"}}
			}),
			[]string{
				`runbook "do-nothing": its parameter limit says not what it is for`,
				`runbook "do-nothing": the default does not fit: the parameters do not fit: limit must be a number, such as 0.05`,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var f failures
			runbooktest.Registered(&f, test.all)
			require.Equal(t, test.want, f.said)
		})
	}
}
