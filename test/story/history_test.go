package story_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"
)

// historyOf returns the events of every run of a workflow, the first run's
// first.
func historyOf(t *testing.T, c client.Client, id string) []*history.HistoryEvent {
	t.Helper()
	d, err := c.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	var out []*history.HistoryEvent
	for run := d.GetWorkflowExecutionInfo().GetFirstRunId(); run != ""; {
		events := eventsOf(t, c, id, run)
		out = append(out, events...)
		run = events[len(events)-1].GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	return out
}

func eventsOf(t *testing.T, c client.Client, id, run string) []*history.HistoryEvent {
	t.Helper()
	var out []*history.HistoryEvent
	events := c.GetWorkflowHistory(context.WithoutCancel(t.Context()), id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		out = append(out, e)
	}
	require.NotEmpty(t, out)
	return out
}

// tally counts events by type, for people who wonder what an incident costs.
func tally(events []*history.HistoryEvent) string {
	counts := map[string]int{}
	for _, e := range events {
		counts[e.GetEventType().String()]++
		if scheduled := e.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
			counts["("+scheduled.GetActivityType().GetName()+")"]++
		}
		if signaled := e.GetWorkflowExecutionSignaledEventAttributes(); signaled != nil {
			counts["("+signaled.GetSignalName()+")"]++
		}
	}
	return fmt.Sprint(counts)
}

// children lists the workflows that a history started.
func children(events []*history.HistoryEvent) []string {
	var out []string
	for _, e := range events {
		if started := e.GetStartChildWorkflowExecutionInitiatedEventAttributes(); started != nil {
			out = append(out, started.GetWorkflowId())
		}
	}
	return out
}

// requireSummaries holds every activity, timer and child to telling a
// stranger what it is for.
func requireSummaries(t *testing.T, events []*history.HistoryEvent) {
	t.Helper()
	for _, e := range events {
		switch e.GetEventType() {
		case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, enums.EVENT_TYPE_TIMER_STARTED, enums.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
			require.NotNil(t, e.GetUserMetadata().GetSummary(), "event %d (%s) has no summary", e.GetEventId(), e.GetEventType())
		}
	}
}

// requireDiscreet holds a history to none of the forbidden words, wherever
// they may hide: payloads, headers, summaries, failures, ids.
func requireDiscreet(t *testing.T, events []*history.HistoryEvent, forbidden map[string]string) {
	t.Helper()
	for _, e := range events {
		wire, err := proto.Marshal(e)
		require.NoError(t, err)
		for what, word := range forbidden {
			require.NotEmpty(t, word, what)
			require.False(t, bytes.Contains(wire, []byte(word)), "event %d (%s) holds %s (%s): %s", e.GetEventId(), e.GetEventType(), what, word, e)
		}
	}
}
