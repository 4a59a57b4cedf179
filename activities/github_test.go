package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// repository is one of which dispatches fail, and looks for their runs.
type repository struct {
	activities.GitHubSystem
	look, fails error
	found       *systems.WorkflowRun
	asked       *int
}

func (r repository) Plan(systems.WorkflowRequest) (systems.WorkflowPlan, error) {
	return systems.WorkflowPlan{Keyed: true}, nil
}

func (r repository) FindRun(context.Context, systems.WorkflowRequest, string, time.Time) (*systems.WorkflowRun, error) {
	return r.found, r.look
}

func (r repository) Dispatch(context.Context, systems.WorkflowRequest, string, string) (systems.WorkflowRun, error) {
	*r.asked++
	return systems.WorkflowRun{ID: 2}, r.fails
}

func TestADispatchThatWasTriedBefore(t *testing.T) {
	t.Parallel()
	no := incident.Errorf(incident.Forbidden, "answered 403")
	for name, test := range map[string]struct {
		repository repository
		first      bool
		kind       incident.Kind
		asked      int
		run        int64
	}{
		"the first is not looked for":              {repository: repository{look: no}, first: true, asked: 1, run: 2},
		"a refusal of the first is one":            {repository: repository{fails: no}, first: true, asked: 1, kind: incident.Forbidden},
		"its run is there":                         {repository: repository{found: &systems.WorkflowRun{ID: 1}}, run: 1},
		"it cannot be looked for":                  {repository: repository{look: no}, kind: incident.Unavailable},
		"there is none":                            {asked: 1, run: 2},
		"a refusal says nothing of the one before": {repository: repository{fails: no}, asked: 1, kind: incident.Unavailable},
	} {
		r, asked := test.repository, 0
		r.asked = &asked
		a := &activities.GitHub{Systems: map[string]activities.GitHubSystem{"a": r}}
		run, err := a.DispatchWorkflow(t.Context(), activities.DispatchOrder{System: "a", Covers: "c", Key: "k", Again: !test.first})
		if test.kind == "" {
			require.NoError(t, err, name)
			require.Equal(t, test.run, run.ID, name)
		} else {
			require.Equal(t, test.kind, kindOf(t, err), name)
		}
		require.Equal(t, test.asked, asked, name)
	}
}

func TestNothingIsDispatchedWithoutAPlan(t *testing.T) {
	t.Parallel()
	a := &activities.GitHub{Systems: map[string]activities.GitHubSystem{"a": repository{}}}
	for _, o := range []activities.DispatchOrder{{System: "a", Key: "k"}, {System: "a", Covers: "c"}} {
		_, err := a.DispatchWorkflow(t.Context(), o)
		require.Equal(t, incident.Invalid, kindOf(t, err))
	}
}
