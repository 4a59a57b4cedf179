package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/redact"
	"github.com/tocsinhq/tocsin/systems"
)

// GitHubSystem is a repository. The errors of Dispatch are of kind Unavailable
// when nobody knows whether a workflow was dispatched; after any other kind it
// was not.
type GitHubSystem interface {
	// Plan says what would be dispatched, without doing it.
	Plan(r systems.WorkflowRequest) (systems.WorkflowPlan, error)
	// State says whether the workflow is active.
	State(ctx context.Context, r systems.WorkflowRequest) (string, error)
	// Dispatch dispatches it, provided that it is what covers identifies.
	Dispatch(ctx context.Context, r systems.WorkflowRequest, covers, key string) (systems.WorkflowRun, error)
	// FindRun looks for the run that shows a key; nil is none to be seen.
	FindRun(ctx context.Context, r systems.WorkflowRequest, key string, since time.Time) (*systems.WorkflowRun, error)
	// Run says how a run stands.
	Run(ctx context.Context, id int64) (systems.WorkflowRun, error)
	// FailedJobs lists the jobs of a run that did not end well.
	FailedJobs(ctx context.Context, id int64) ([]systems.WorkflowJob, error)
}

// GitHub are the activities that dispatch workflows of repositories, by name,
// and follow their runs.
type GitHub struct{ Systems map[string]GitHubSystem }

// DispatchOrder is one workflow of a named repository.
type DispatchOrder struct {
	System  string                  `json:"system"`
	Request systems.WorkflowRequest `json:"request"`
	// Covers identifies the plan that was approved, Key the dispatch.
	Covers string `json:"covers,omitempty"`
	Key    string `json:"key,omitempty"`
	// Since is when it was first tried, Again that it was tried before.
	Since time.Time `json:"since,omitzero"`
	Again bool      `json:"again,omitempty"`
	// Run is the ID of the run that is meant, 0 for the one that shows the key.
	Run int64 `json:"run,omitempty"`
}

// PlanDispatch says what would be dispatched.
func (a *GitHub) PlanDispatch(_ context.Context, o DispatchOrder) (systems.WorkflowPlan, error) {
	s, err := a.system(o.System)
	if err != nil {
		return systems.WorkflowPlan{}, Fail(err)
	}
	plan, err := s.Plan(o.Request)
	return plan, Fail(err)
}

// WorkflowState says whether a workflow is active.
func (a *GitHub) WorkflowState(ctx context.Context, o DispatchOrder) (string, error) {
	s, err := a.system(o.System)
	if err != nil {
		return "", Fail(err)
	}
	state, err := s.State(ctx, o.Request)
	return state, Fail(err)
}

// DispatchWorkflow dispatches a workflow at its first attempt alone, since a run
// shows only some time after it was dispatched. Later attempts look for the run
// that shows the key, and fail with Unavailable while none does. What a person
// orders again is dispatched again when no run shows the key.
func (a *GitHub) DispatchWorkflow(ctx context.Context, o DispatchOrder) (systems.WorkflowRun, error) {
	s, err := a.system(o.System)
	if err == nil && (o.Covers == "" || o.Key == "") {
		err = incident.Errorf(incident.Invalid, "a dispatch names its plan and a key")
	}
	if err != nil {
		return systems.WorkflowRun{}, Fail(err)
	}
	run, err := dispatchOnce(ctx, s, o)
	if err != nil && o.Again && final(incident.KindOf(err)) {
		err = incident.Errorf(incident.Unavailable, "%w; an earlier try may have taken effect", err)
	}
	return run, Fail(cleanError(AfterOther(ctx, err)))
}

// lookFirst bounds the look for a run that is there already: there must be time
// left to dispatch in.
const lookFirst = 3 * time.Second

func dispatchOnce(ctx context.Context, s GitHubSystem, o DispatchOrder) (systems.WorkflowRun, error) {
	later := activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt > 1
	plan, err := s.Plan(o.Request)
	if err != nil {
		return systems.WorkflowRun{}, err
	}
	if plan.Keyed && (later || o.Again) {
		looking, stop := context.WithTimeout(ctx, lookFirst)
		defer stop()
		found, err := s.FindRun(looking, o.Request, o.Key, o.Since)
		if err != nil {
			return systems.WorkflowRun{}, incident.Errorf(incident.Unavailable, "%w; whether it was dispatched cannot be seen", err)
		}
		if found != nil {
			return *found, nil
		}
	}
	if later {
		return systems.WorkflowRun{}, incident.Errorf(incident.Unavailable, "its answer was lost, and no run that shows its key is to be seen")
	}
	return s.Dispatch(ctx, o.Request, o.Covers, o.Key)
}

// WorkflowRun says how a run stands. It has no ID while none shows the key.
func (a *GitHub) WorkflowRun(ctx context.Context, o DispatchOrder) (systems.WorkflowRun, error) {
	s, err := a.system(o.System)
	if err != nil {
		return systems.WorkflowRun{}, Fail(err)
	}
	if o.Run != 0 {
		run, err := s.Run(ctx, o.Run)
		return run, Fail(cleanError(err))
	}
	found, err := s.FindRun(ctx, o.Request, o.Key, o.Since)
	if err != nil || found == nil {
		return systems.WorkflowRun{}, Fail(cleanError(err))
	}
	return *found, nil
}

// FailedJobs lists the jobs of a run that did not end well, without what looks
// like a secret in their names.
func (a *GitHub) FailedJobs(ctx context.Context, o DispatchOrder) ([]systems.WorkflowJob, error) {
	s, err := a.system(o.System)
	if err != nil {
		return nil, Fail(err)
	}
	jobs, err := s.FailedJobs(ctx, o.Run)
	for n := range jobs {
		jobs[n].Name, _ = redact.Text(jobs[n].Name)
		jobs[n].Step, _ = redact.Text(jobs[n].Step)
	}
	return jobs, Fail(cleanError(err))
}

func (a *GitHub) system(name string) (GitHubSystem, error) {
	if a == nil {
		a = &GitHub{}
	}
	return systemOf("github", a.Systems, name)
}
