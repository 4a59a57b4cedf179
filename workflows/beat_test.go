package workflows_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
	"github.com/tocsinhq/tocsin/integrations/heartbeat"
	"github.com/tocsinhq/tocsin/workflows"
)

// beatWay is the whole way of a beat with the real intake, workflow, pager and
// channel; store and engine are in memory.
type beatWay struct {
	*intaketest.Engine
	mu       sync.Mutex
	state    workflows.State
	recorded []activities.Batch
	cost     cost
}

func (w *beatWay) Current(context.Context) (*catalog.Catalog, error) {
	return &catalog.Catalog{Settings: catalog.Settings{CatchAll: "x"}, LastResort: []string{"carol", "dave"}}, nil
}

func (w *beatWay) Start(_ context.Context, inc *incident.Incident, news []alerts.Alert, more int) (bool, error) {
	w.state = workflows.NewState(inc, news, more)
	w.state.Unlisted = true
	return true, nil
}

func (w *beatWay) Made(context.Context, string) (activities.Attempt, bool, error) {
	return activities.Attempt{}, false, nil
}

func (w *beatWay) Attempt(context.Context, ...activities.Attempt) error { return nil }

func (w *beatWay) Record(_ context.Context, b activities.Batch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.recorded = append(w.recorded, b)
	return nil
}

func (w *beatWay) Adopt(context.Context, string, string, string, time.Time) (string, error) {
	return "", incident.Errorf(incident.Invalid, "a beat adopts nothing")
}

// play runs the incident with time skipped, and clears its alert at half past.
func (w *beatWay) play(t *testing.T, url string) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	channel, err := heartbeat.New(heartbeat.Config{URL: url})
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(time.Now())
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: w.state.Incident.Number, TaskQueue: workflows.Incidents})
	env.RegisterWorkflow(workflows.Incident)
	signer := acklink.Signer{Key: []byte("0123456789abcdef0123456789abcdef"), TTL: time.Hour}
	env.RegisterActivity(&activities.Pager{
		Catalogs: w, Channels: map[string]activities.Channel{catalog.KindHeartbeat: channel}, Ledger: w, Links: activities.Links{Signer: signer},
	})
	env.RegisterActivity(&activities.Recorder{Journal: w})
	env.RegisterActivity(&activities.Publisher{})
	w.counts(env)
	env.RegisterDelayedCallback(func() {
		cleared := w.state.Alerts[0]
		cleared.Status, cleared.EndsAt = alerts.Resolved, time.Now()
		w.cost.messages++
		env.SignalWorkflow(workflows.AlertsSignal, workflows.Alerts{Alerts: []alerts.Alert{cleared}})
	}, 30*time.Second)
	env.ExecuteWorkflow(workflows.Incident, w.state)
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	return env
}

func (w *beatWay) counts(env *testsuite.TestWorkflowEnvironment) {
	env.SetOnLocalActivityStartedListener(func(*activity.Info, context.Context, []any) { w.cost.local++ })
	env.SetOnActivityStartedListener(func(i *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if i.Attempt == 1 {
			w.cost.regular++
		}
	})
	env.SetOnTimerScheduledListener(func(string, time.Duration) { w.cost.timers++ })
}

// arrive takes the alert of a beat in.
func (w *beatWay) arrive(t *testing.T, moment time.Time) {
	t.Helper()
	in := intake.New(intake.Config{Store: intaketest.NewStore(), Engine: w, Catalogs: w})
	t.Cleanup(func() { require.NoError(t, in.Close(context.Background())) })
	labels := map[string]string{"alertname": "TocsinBeat"}
	_, err := in.Take(t.Context(), alerts.Delivery{Alerts: []alerts.Alert{{
		Source: alerts.SourceBeat, Status: alerts.Firing, StartsAt: moment, Labels: labels, Fingerprint: alerts.Fingerprint(labels),
	}}})
	require.NoError(t, err)
	require.Equal(t, incident.BeatNumber(moment), w.state.Incident.Number)
}

func TestBeatArrivesAndEndsByItself(t *testing.T) {
	calls := 0
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	defer outside.Close()
	w := &beatWay{Engine: intaketest.NewEngine()}
	w.arrive(t, time.Now().Truncate(time.Second))
	w.play(t, outside.URL)
	require.Equal(t, 1, calls, "only the page feeds the watchdog, and once")
	last := w.recorded[len(w.recorded)-1].Incident
	require.Equal(t, incident.Transient, last.Phase)
	require.True(t, last.Drill)
	require.False(t, last.HoldsKey)
	require.Equal(t, []string{catalog.Watchdog}, last.Paged)
	require.Zero(t, w.cost.regular, "a beat costs no regular activity: %+v", w.cost)
	t.Logf("%+v: at most %d events", w.cost, w.cost.events())
	require.Less(t, w.cost.events(), 30)
}

func TestBeatThatCannotBeHandedOverWakesNobody(t *testing.T) {
	calls := 0
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.WriteHeader(http.StatusNotFound)
	}))
	defer outside.Close()
	w := &beatWay{Engine: intaketest.NewEngine()}
	w.arrive(t, time.Now().Truncate(time.Second))
	w.play(t, outside.URL)
	require.Equal(t, 1, calls)
	last := w.recorded[len(w.recorded)-1].Incident
	require.Equal(t, incident.Transient, last.Phase)
	require.Empty(t, last.Paged)
	require.Empty(t, last.Outbox.Notices, fmt.Sprint(last.Outbox))
}
