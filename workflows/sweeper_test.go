package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

// sweepWorld has something to mend of each kind.
type sweepWorld struct{ away bool }

func (w sweepWorld) err() error {
	if w.away {
		return incident.Errorf(incident.Unavailable, "the store is away")
	}
	return nil
}

func (w sweepWorld) Resend(context.Context, time.Time, int) (int, int, error) { return 2, 0, w.err() }
func (w sweepWorld) Inspect(context.Context, string) (bool, error)            { return true, nil }
func (w sweepWorld) ReportStuck(context.Context, []string) error              { return nil }
func (w sweepWorld) Looked(context.Context, []string, time.Time) error        { return nil }
func (w sweepWorld) Purge(context.Context, time.Time) (int64, error)          { return 0, nil }
func (w sweepWorld) Silent(context.Context, time.Time, int) ([]string, error) {
	return []string{"INC-1"}, nil
}

func (w sweepWorld) Incident(context.Context, string) (*incident.Incident, error) {
	return &incident.Incident{}, nil
}
func (w sweepWorld) HasHistory(context.Context, string, string) (bool, error) { return false, nil }
func (w sweepWorld) SaveHistory(context.Context, string, string, time.Time, []byte) error {
	return nil
}
func (w sweepWorld) Troubled(context.Context) ([]string, error) { return []string{"INC-2"}, nil }
func (w sweepWorld) ClosedRuns(context.Context, time.Time) ([]activities.ClosedRun, error) {
	return []activities.ClosedRun{{WorkflowID: "INC-3", RunID: "r", Closed: time.Now()}}, nil
}

func (w sweepWorld) RunHistory(context.Context, string, string) ([]byte, error) {
	return []byte("{}"), nil
}

func sweep(t *testing.T, w sweepWorld) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(&activities.Sweeper{Mender: w, Keeper: w, Runs: w})
	called := 0
	env.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { called++ })
	env.ExecuteWorkflow(workflows.Sweep)
	require.Equal(t, 1, called, "it runs often: one activity, few events")
	require.True(t, env.IsWorkflowCompleted())
	return env
}

func TestSweepMendsEverything(t *testing.T) {
	env := sweep(t, sweepWorld{})
	require.NoError(t, env.GetWorkflowError())
	var out activities.Swept
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, activities.Swept{
		Rows: activities.SweptRows{Sent: 2}, Gone: []string{"INC-1"}, Troubled: []string{"INC-2"}, Histories: 1,
	}, out)
}

func TestSweepGoesOnPastWhatFails(t *testing.T) {
	env := sweep(t, sweepWorld{away: true})
	require.ErrorContains(t, env.GetWorkflowError(), "the store is away")
}

// scheduler is a Temporal that keeps one schedule.
type scheduler struct {
	client.ScheduleClient
	client.ScheduleHandle
	created *client.ScheduleOptions
	updated *client.Schedule
}

func (s *scheduler) Create(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
	if s.created != nil {
		return nil, temporal.ErrScheduleAlreadyRunning
	}
	s.created = &o
	return s, nil
}

func (s *scheduler) GetHandle(context.Context, string) client.ScheduleHandle { return s }

func (s *scheduler) Update(_ context.Context, o client.ScheduleUpdateOptions) error {
	out, err := o.DoUpdate(client.ScheduleUpdateInput{})
	if err != nil {
		return err
	}
	s.updated = out.Schedule
	return nil
}

func TestEnsureScheduleCreatesAndUpdates(t *testing.T) {
	s := &scheduler{}
	require.NoError(t, workflows.EnsureSchedule(t.Context(), s))
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, s.created.Overlap)
	require.Equal(t, 30*time.Second, s.created.Spec.Intervals[0].Every)
	require.Nil(t, s.updated)
	require.NoError(t, workflows.EnsureSchedule(t.Context(), s))
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, s.updated.Policy.Overlap)
	require.Equal(t, 30*time.Second, s.updated.Spec.Intervals[0].Every)
}

func TestEnsureWatchCreatesAndUpdates(t *testing.T) {
	s := &scheduler{}
	for range 2 {
		require.NoError(t, workflows.EnsureWatch(t.Context(), s))
	}
	require.Equal(t, "watcher", s.created.ID)
	require.Equal(t, 10*time.Second, s.created.Spec.Intervals[0].Every)
	require.Equal(t, 10*time.Second, s.updated.Spec.Intervals[0].Every)
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, s.updated.Policy.Overlap)
}

// lifter has two alerts to take in again, and silences nobody.
type lifter struct {
	activities.Silences
}

// pulses has heard nothing yet.
type pulses struct{}

func (pulses) Pulses(context.Context) ([]activities.Pulse, error) { return nil, nil }
func (pulses) KeepPulse(context.Context, activities.Pulse) error  { return nil }
func (pulses) DropPulse(context.Context, string) error            { return nil }
func (pulses) LastWatch(context.Context) (time.Time, error)       { return time.Time{}, nil }
func (pulses) NoteWatch(context.Context, time.Time) error         { return nil }

func (lifter) Lift(context.Context, int) (int, error) { return 2, nil }

func (lifter) EndedSilences(context.Context, time.Time, int) ([]catalog.Silence, error) {
	return nil, nil
}
func (lifter) Current(context.Context) (*catalog.Catalog, error) { return &catalog.Catalog{}, nil }

func TestWatchIsOneActivity(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(&activities.Watcher{Lifter: lifter{}, Silences: lifter{}, Pulses: pulses{}, Catalogs: lifter{}})
	called := 0
	env.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { called++ })
	env.ExecuteWorkflow(workflows.Watch)
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 1, called)
	var out activities.Watched
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, activities.Watched{Lifted: 2}, out)
}

func TestTheNextRunDoesNotWaitForOneThatDied(t *testing.T) {
	for name, run := range map[string]any{"sweep": workflows.Sweep, "watch": workflows.Watch, "herald": workflows.Herald} {
		t.Run(name, func(t *testing.T) {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			env.OnActivity((&activities.Sweeper{}).Sweep, anything).Return(activities.Swept{}, nil)
			env.OnActivity((&activities.Watcher{}).Watch, anything).Return(activities.Watched{}, nil)
			env.OnActivity((&activities.Herald{}).Herald, anything).Return(activities.Heralded{}, nil)
			var missed time.Duration
			env.SetOnActivityStartedListener(func(i *activity.Info, _ context.Context, _ converter.EncodedValues) { missed = i.HeartbeatTimeout })
			env.ExecuteWorkflow(run)
			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, 4*time.Second, missed, "a worker that died is missed by the time of the next run")
		})
	}
}
