package story_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/test/scene"
	"github.com/tocsinhq/tocsin/workflows"
)

// maxBeatEvents holds what a beat costs, on a busy machine too.
const maxBeatEvents = 40

func TestBeatsTakeTheWholeWay(t *testing.T) {
	t.Parallel()
	// The first beat makes connections, and may be too slow for a beat of this
	// hurry: every one counts by itself.
	s, w := start(t, devstack.Config{Adjust: hasten, Beat: 4 * time.Second})
	began := time.Now()
	require.Eventually(t, func() bool { return len(s.Sandbox.Heartbeat.Beats()) >= 2 }, patience, 50*time.Millisecond)
	t.Logf("two beats within %s", time.Since(began))

	number, events := endedBeat(t, s, w.Sandbox.Heartbeat.Beats()[0].Truncate(4*time.Second))
	bytes := 0
	for _, e := range events {
		bytes += proto.Size(e)
	}
	t.Logf("%s cost %d events of %d bytes: %s", number, len(events), bytes, tally(events))
	require.Less(t, len(events), maxBeatEvents)
	requireSummaries(t, events)
	requireDiscreet(t, events, map[string]string{"the watchdog's address": s.Sandbox.Heartbeat.Path(), "the key of links": s.AppConfig().LinkKey})

	c := as(t, w, scene.Primary)
	list, err := c.ListIncidentsWithResponse(t.Context(), &client.ListIncidentsParams{})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, list.StatusCode())
	require.Empty(t, list.JSON200.Incidents, "no list shows a beat")
	_, err = s.Store.Incident(t.Context(), number)
	require.Equal(t, incident.NotFound, incident.KindOf(err))
	require.Empty(t, s.Sandbox.Jira.Issues())
	require.Empty(t, s.Sandbox.Phone.Pages(""))
	require.Empty(t, w.Mails(number))
	require.True(t, ready(t, c)["watchdog"])
	engine := &workflows.Client{Temporal: s.App.Client, Namespace: "default"}
	require.NoError(t, engine.Forget(t.Context(), number))
	require.Eventually(t, func() bool {
		_, _, err := engine.Describe(t.Context(), number)
		return incident.KindOf(err) == incident.NotFound
	}, patience, 100*time.Millisecond, "Temporal keeps a beat for ever")
	require.Equal(t, incident.Invalid, incident.KindOf(engine.Forget(t.Context(), "INC-1")))
	last, err := s.Store.LastBeat(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), last, patience)
}

func TestABeatThatDoesNotArriveIsSeen(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: hasten, Beat: 2 * time.Second})
	require.NoError(t, s.Sandbox.Heartbeat.Faults.Add("beat", fault.Fault{Status: http.StatusNotFound, Times: 10_000}))
	c := as(t, w, scene.Primary)
	require.Eventually(t, func() bool { ok, there := ready(t, c)["watchdog"]; return there && !ok }, patience, 100*time.Millisecond)
	s.Sandbox.Heartbeat.Faults.Clear()
	require.Eventually(t, func() bool { return ready(t, c)["watchdog"] }, patience, 100*time.Millisecond)
	require.Empty(t, s.Sandbox.Phone.Pages(""), "nobody is woken from inside")
}

// endedBeat waits until the beat of a moment has ended, and returns it.
func endedBeat(t *testing.T, s *devstack.Stack, moment time.Time) (number string, events []*history.HistoryEvent) {
	t.Helper()
	number = incident.BeatNumber(moment)
	require.Eventually(t, func() bool {
		events = historyOf(t, s.App.Client, number)
		return slices.ContainsFunc(events, func(e *history.HistoryEvent) bool {
			return e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
		})
	}, patience, 100*time.Millisecond)
	return number, events
}

// ready returns what readiness says of each dependency.
func ready(t *testing.T, c *client.ClientWithResponses) map[string]bool {
	t.Helper()
	answer, err := c.GetReadinessWithResponse(t.Context())
	require.NoError(t, err)
	require.NotNil(t, answer.JSON200, string(answer.Body))
	out := map[string]bool{}
	for _, check := range answer.JSON200.Checks {
		out[check.Name] = check.Ok
	}
	return out
}
