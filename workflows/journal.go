package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// recorder names the journal activity for the engine; it is never called.
var recorder *activities.Recorder

// maxBatch bounds the entries of one write.
const maxBatch = 200

// journal writes what the incident records, in order: within the workflow task
// while the store is quick, as a regular activity while it is slow. Decisions
// never wait for it, and the first page goes before it.
func (r *response) journal(ctx workflow.Context) {
	for !r.leaving {
		if workflow.Await(ctx, func() bool { return r.stopping() || (!r.opening && r.dirty()) }) != nil || r.stopping() {
			return
		}
		r.write(ctx)
	}
}

// dirty reports whether the store lacks something.
func (r *response) dirty() bool {
	return r.inc.Undrained() || len(r.state.Tail) > 0 || len(r.state.Settled) > 0 || r.inc.Revision > r.recorded
}

// write records one batch. What is recorded meanwhile goes with the next.
func (r *response) write(ctx workflow.Context) {
	info := workflow.GetInfo(ctx)
	r.state.Tail = append(r.state.Tail, r.inc.Drain()...)
	entries := r.state.Tail[:min(len(r.state.Tail), maxBatch)]
	settled, revision := len(r.state.Settled), r.inc.Revision
	batch := activities.Batch{
		Number: r.inc.Number, Epoch: info.OriginalRunID, Entries: entries, Pages: r.state.Settled, Incident: r.inc,
	}
	for _, s := range r.inc.Summonses {
		for _, p := range s.Pages {
			batch.Pages = append(batch.Pages, *p)
		}
	}
	if r.record(ctx, batch) != nil {
		return
	}
	r.state.Tail = r.state.Tail[len(entries):]
	r.state.Settled = r.state.Settled[settled:]
	r.recorded = revision
	r.describe(ctx)
}

// record tries within the task first. After a failure it stays with regular
// activities until one succeeds: a store that hangs must not hold the task.
func (r *response) record(ctx workflow.Context, b activities.Batch) error {
	if !r.slow {
		err := workflow.ExecuteLocalActivity(locally(ctx, journalLimit), recorder.Record, b).Get(ctx, nil)
		if err == nil {
			return nil
		}
		r.slow = true
	}
	err := workflow.ExecuteActivity(working(ctx, "record"), recorder.Record, b).Get(ctx, nil)
	r.slow = err != nil
	return err
}
