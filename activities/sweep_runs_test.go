package activities_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// visibility is a Temporal that lists executions, two pages of them, and has
// one history.
type visibility struct {
	client.Client
	queries []string
	pages   [][]*workflow.WorkflowExecutionInfo
	events  []*history.HistoryEvent
	err     error
}

func (v *visibility) ListWorkflow(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	v.queries = append(v.queries, r.GetQuery())
	page := len(r.GetNextPageToken())
	out := &workflowservice.ListWorkflowExecutionsResponse{Executions: v.pages[page]}
	if page+1 < len(v.pages) {
		out.NextPageToken = append(r.GetNextPageToken(), 1)
	}
	return out, v.err
}

func (v *visibility) GetWorkflowHistory(context.Context, string, string, bool, enums.HistoryEventFilterType) client.HistoryEventIterator {
	return v
}

func (v *visibility) HasNext() bool { return len(v.events) > 0 || v.err != nil }

func (v *visibility) Next() (*history.HistoryEvent, error) {
	if v.err != nil {
		return nil, v.err
	}
	event := v.events[0]
	v.events = v.events[1:]
	return event, nil
}

func execution(id, run string, closed time.Time) *workflow.WorkflowExecutionInfo {
	return &workflow.WorkflowExecutionInfo{
		Execution: &common.WorkflowExecution{WorkflowId: id, RunId: run}, CloseTime: timestamppb.New(closed),
	}
}

func TestTroubledNamesEachIncidentOnce(t *testing.T) {
	v := &visibility{pages: [][]*workflow.WorkflowExecutionInfo{
		{execution("INC-1", "a", swept), execution("INC-2/runbook/rollback/1", "b", swept)}, {execution("INC-2", "c", swept)},
	}}
	numbers, err := activities.TemporalRuns{Client: v}.Troubled(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"INC-1", "INC-2"}, numbers)
	require.Len(t, v.queries, 2)
	require.Contains(t, v.queries[0], "TemporalReportedProblems IS NOT NULL")
}

func TestClosedRunsAreInTheOrderOfTheirEnd(t *testing.T) {
	v := &visibility{pages: [][]*workflow.WorkflowExecutionInfo{
		{execution("INC-1", "late", swept)}, {execution("INC-2", "early", swept.Add(-time.Hour))},
	}}
	runs, err := activities.TemporalRuns{Client: v}.ClosedRuns(t.Context(), swept.Add(-24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, []activities.ClosedRun{
		{WorkflowID: "INC-2", RunID: "early", Closed: swept.Add(-time.Hour)}, {WorkflowID: "INC-1", RunID: "late", Closed: swept},
	}, runs)
	require.Contains(t, v.queries[0], `CloseTime >= "2026-03-01T12:00:00Z"`)
}

func TestRunHistoryCanBeReplayed(t *testing.T) {
	v := &visibility{events: []*history.HistoryEvent{
		{EventId: 1, EventType: enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED}, {EventId: 2, EventType: enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED},
	}}
	data, err := activities.TemporalRuns{Client: v}.RunHistory(t.Context(), "INC-1", "a")
	require.NoError(t, err)
	read, err := client.HistoryFromJSON(bytes.NewReader(data), client.HistoryJSONOptions{})
	require.NoError(t, err)
	require.Len(t, read.GetEvents(), 2)
}

func TestForgottenHistoryIsEmpty(t *testing.T) {
	v := &visibility{err: serviceerror.NewNotFound("gone")}
	data, err := activities.TemporalRuns{Client: v}.RunHistory(t.Context(), "INC-1", "a")
	require.NoError(t, err)
	require.JSONEq(t, "{}", string(data))
}

func TestTemporalAwayIsUnavailable(t *testing.T) {
	v := &visibility{err: serviceerror.NewUnavailable("away"), pages: [][]*workflow.WorkflowExecutionInfo{nil}}
	runs := activities.TemporalRuns{Client: v}
	_, err := runs.Troubled(t.Context())
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	_, err = runs.ClosedRuns(t.Context(), swept)
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	_, err = runs.RunHistory(t.Context(), "INC-1", "a")
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}
