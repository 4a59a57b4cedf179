package runbooktest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

type params struct {
	Why string `about:"the reason"`
}

func nothing(workflow.Context, params) error { return nil }

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
	says := runbook.Spec{Name: "do-nothing", About: "Does nothing.", Fits: "Always."}
	sound := runbook.New(nothing, says)
	silent := says
	silent.Fits = ""
	var missing func(workflow.Context, params) error
	tests := map[string]struct {
		all  []runbook.Runbook
		want []string
	}{
		"sound": {all: []runbook.Runbook{sound}},
		"twice": {[]runbook.Runbook{sound, sound}, []string{`runbook "do-nothing" is registered twice`}},
		"silent": {
			[]runbook.Runbook{runbook.New(nothing, silent)},
			[]string{`runbook "do-nothing": it says not what it does (About) or when it fits (Fits)`},
		},
		"literal": {
			[]runbook.Runbook{runbook.New(func(workflow.Context, params) error { return nil }, says)},
			[]string{`runbook "do-nothing": it is not a named function`},
		},
		"none": {[]runbook.Runbook{runbook.New(missing, says)}, []string{`runbook "do-nothing": it is not a named function`}},
		"parameters": {
			[]runbook.Runbook{runbook.New(func(workflow.Context, string) error { return nil }, says)},
			[]string{`runbook "do-nothing": it is not a named function`, `runbook "do-nothing": the parameters of a runbook are a struct, not a string`},
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
