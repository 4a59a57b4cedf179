package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/incident"
)

// kept remembers which runs have their history kept, as far back as a run may
// still appear in a list of the engine. It is safe for concurrent use.
type kept struct {
	mu   sync.Mutex
	last time.Time
	runs map[string]time.Time
}

// since returns from when on runs are to be listed, which is first or later,
// and forgets those that are not listed any more.
func (k *kept) since(first time.Time) time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	if from := k.last.Add(-overlap); from.After(first) {
		first = from
	}
	maps.DeleteFunc(k.runs, func(_ string, closed time.Time) bool { return closed.Before(first) })
	return first
}

func (k *kept) has(run ClosedRun) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.runs[run.RunID]
	return ok
}

// add remembers a run. It is the last one when all before it are kept too: a
// run that failed is listed again until it is too old.
func (k *kept) add(run ClosedRun, last bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.runs == nil {
		k.runs = map[string]time.Time{}
	}
	k.runs[run.RunID] = run.Closed
	if last && run.Closed.After(k.last) {
		k.last = run.Closed
	}
}

// TemporalRuns answers what the sweeper asks, from Temporal.
type TemporalRuns struct{ Client client.Client }

// The ids of incidents, and of the runs of their runbooks, begin so.
const ofIncidents = `WorkflowId STARTS_WITH "` + incident.NumberPrefix + `"`

// Troubled implements Runs.
func (t TemporalRuns) Troubled(ctx context.Context) ([]string, error) {
	found, err := t.list(ctx, ofIncidents+` AND ExecutionStatus = "Running" AND TemporalReportedProblems IS NOT NULL`, sweepRuns)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, info := range found {
		number, _, _ := strings.Cut(info.GetExecution().GetWorkflowId(), "/")
		if !slices.Contains(out, number) {
			out = append(out, number)
		}
	}
	return out, nil
}

// ClosedRuns implements Runs.
func (t TemporalRuns) ClosedRuns(ctx context.Context, since time.Time) ([]ClosedRun, error) {
	query := fmt.Sprintf(`%s AND ExecutionStatus != "Running" AND CloseTime >= %q`, ofIncidents, since.UTC().Format(time.RFC3339Nano))
	found, err := t.list(ctx, query, 0)
	if err != nil {
		return nil, err
	}
	var out []ClosedRun
	for _, info := range found {
		out = append(out, ClosedRun{
			WorkflowID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId(), Closed: info.GetCloseTime().AsTime(),
		})
	}
	slices.SortFunc(out, func(a, b ClosedRun) int { return a.Closed.Compare(b.Closed) })
	return out, nil
}

// list reads pages until there are limit executions; zero reads all.
func (t TemporalRuns) list(ctx context.Context, query string, limit int) ([]*workflow.WorkflowExecutionInfo, error) {
	var out []*workflow.WorkflowExecutionInfo
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 500}
	for {
		page, err := t.Client.ListWorkflow(ctx, request)
		if err != nil {
			return nil, incident.Errorf(incident.Unavailable, "list runs: %w", err)
		}
		out = append(out, page.GetExecutions()...)
		request.NextPageToken = page.GetNextPageToken()
		if len(request.NextPageToken) == 0 || (limit > 0 && len(out) >= limit) {
			return out, nil
		}
	}
}

// RunHistory implements Runs. A run that the engine has forgotten has an empty
// history, which is kept as such: there is nothing more to be had.
func (t TemporalRuns) RunHistory(ctx context.Context, workflowID, runID string) ([]byte, error) {
	var whole history.History
	events := t.Client.GetWorkflowHistory(ctx, workflowID, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if _, forgotten := errors.AsType[*serviceerror.NotFound](err); forgotten {
			break
		}
		if err != nil {
			return nil, incident.Errorf(incident.Unavailable, "read the history of %s: %w", workflowID, err)
		}
		whole.Events = append(whole.Events, event)
	}
	data, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(&whole)
	if err != nil {
		return nil, fmt.Errorf("encode the history of %s: %w", workflowID, err)
	}
	return data, nil
}
