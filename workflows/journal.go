package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// recorder names the journal's activities for the engine; it is never called.
var recorder *activities.Recorder

const (
	// maxBatch and maxBatchText bound the entries of one write, in number and
	// in bytes: a payload carries the incident beside them.
	maxBatch     = 200
	maxBatchText = 256 << 10
	// maxSettled bounds the settled pages of one write.
	maxSettled = 100
	// journalRest is the pause after a write that can never succeed.
	journalRest = time.Minute
)

// journal writes what the incident records, in order: within the workflow task
// while the store is quick, as a regular activity while it is slow. Decisions
// never wait for it, and the first page goes before it. What happens in one
// moment is one record.
func (r *response) journal(ctx workflow.Context) {
	ready := func() bool { return r.stopping() || (!r.opening && r.asking == 0 && r.dirty()) }
	for !r.stopping() {
		if workflow.Await(ctx, ready) != nil || r.stopping() {
			return
		}
		if lastly(ctx); !ready() {
			continue
		}
		if err := r.write(ctx); err == nil {
			continue
		}
		if r.until(ctx, workflow.Now(ctx).Add(journalRest), "write the record again", r.stopping) != nil {
			return
		}
	}
}

// lastly lets everything else act first on what has happened in this moment.
func lastly(ctx workflow.Context) {
	last := false
	workflow.GoNamed(ctx, "lastly", func(workflow.Context) { last = true })
	_ = workflow.Await(ctx, func() bool { return last }) // a moment: nothing to cancel
}

// dirty reports whether the store lacks something.
func (r *response) dirty() bool {
	return r.inc.Undrained() || len(r.state.Tail) > 0 || len(r.state.Settled) > 0 || r.inc.Revision > r.recorded
}

// write records one batch. What is recorded meanwhile goes with the next.
func (r *response) write(ctx workflow.Context) error {
	r.state.entered(r.epoch, r.inc.Drain())
	batch := activities.Batch{
		Number: r.inc.Number, Epoch: r.epoch, Incident: r.inc, Ends: r.ends(),
		Decided: r.began, After: r.state.Recorded, Ordinal: r.state.Records + 1,
	}
	if len(r.state.Tail) > 0 {
		batch.Epoch, batch.Entries = r.state.Tail[0].Epoch, fitting(r.state.Tail[0].Entries)
	}
	settled, revision := min(len(r.state.Settled), maxSettled), r.inc.Revision
	batch.Pages = append(batch.Pages, r.state.Settled[:settled]...)
	for _, s := range r.inc.Summonses {
		for _, p := range s.Pages {
			batch.Pages = append(batch.Pages, *p)
		}
	}
	for _, e := range batch.Entries {
		if e.Highlight {
			r.state.Highlight = e.Sequence
		}
	}
	face := r.face()
	if err := r.record(ctx, batch); err != nil {
		r.log.Error("the record cannot be written; trying again later", "error", err)
		return err
	}
	r.state.written(len(batch.Entries))
	r.state.Settled = r.state.Settled[settled:]
	r.recorded, r.state.Recorded, r.state.Records = revision, batch.Decided, batch.Ordinal
	r.faced(face, workflow.Now(ctx))
	r.describe(ctx)
	return nil
}

// ends says how far this run and the one before it have numbered entries.
func (r *response) ends() []activities.End {
	out := []activities.End{{Epoch: r.epoch, Last: r.inc.Sequence}}
	if r.state.Earlier.Epoch != "" {
		out = append(out, r.state.Earlier)
	}
	return out
}

// watchTasks notes when each workflow task begins. The workflow's own time will
// not do: it moves on with local activities, and further for a worker that was
// stopped in one than for the worker that has done the task again meanwhile.
func (r *response) watchTasks(ctx workflow.Context) {
	length := 0
	_ = workflow.Await(ctx, func() bool { // it ends with the run
		if now := workflow.GetInfo(ctx).GetCurrentHistoryLength(); now != length {
			length, r.began = now, workflow.Now(ctx)
		}
		return r.stopping()
	})
}

// fitting returns as many of the first entries as one write may carry.
func fitting(entries []incident.Entry) []incident.Entry {
	size := 0
	for n, e := range entries {
		if size += len(e.Text); n > 0 && (n == maxBatch || size > maxBatchText) {
			return entries[:n]
		}
	}
	return entries
}

// record tries within the task first. After a failure it stays with regular
// activities until one succeeds: a store that hangs must not hold the task.
func (r *response) record(ctx workflow.Context, b activities.Batch) error {
	if !r.slow {
		still := b
		// Local activities get their arguments as they are, and run beside the
		// workflow: they need a copy.
		still.Incident = r.inc.Clone() //workflowcheck:ignore
		err := workflow.ExecuteLocalActivity(locally(ctx, journalLimit, "record"), recorder.Record, still).Get(ctx, nil)
		if err == nil {
			return nil
		}
		r.slow = true
		b.Incident = still.Incident
	}
	err := workflow.ExecuteActivity(recording(ctx, "record"), recorder.Record, b).Get(ctx, nil)
	r.slow = err != nil
	return err
}
