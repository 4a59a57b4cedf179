package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// ServedRunbook is a runbook that the worker of another repository runs.
type ServedRunbook struct {
	Name string `json:"name"`
	// Queue is the task queue on which its runs are done.
	Queue string `json:"queue"`
	// Spec is what it says of itself, as JSON, which was checked.
	Spec string `json:"spec"`
	// Heard is when it was announced last.
	Heard time.Time `json:"heard"`
}

// Shelf knows which runbooks there are and where they are run.
type Shelf interface {
	// Shelve takes in runbooks that a worker of another repository runs, and
	// says of those that it cannot offer why, by name.
	Shelve(ctx context.Context, list []ServedRunbook) (refused map[string]string, err error)
	// QueueOf returns the task queue on which runs of a runbook are done, or
	// NotFound when no worker serves it. Of what comes with Tocsin it asks nobody.
	QueueOf(ctx context.Context, name string) (string, error)
}

// RunbookName names a runbook.
type RunbookName struct {
	Name string `json:"name"`
}

// Shelve takes in the runbooks of another repository's worker.
func (r *Recorder) Shelve(ctx context.Context, list []ServedRunbook) (map[string]string, error) {
	if r.Shelf == nil {
		return nil, Fail(incident.Errorf(incident.Permanent, "this process knows no runbooks"))
	}
	refused, err := r.Shelf.Shelve(ctx, list)
	if err != nil {
		return nil, Fail(fmt.Errorf("take in runbooks: %w", err))
	}
	return refused, nil
}

// QueueOf returns the task queue on which runs of a runbook are done.
func (r *Recorder) QueueOf(ctx context.Context, n RunbookName) (string, error) {
	if r.Shelf == nil {
		return "", Fail(incident.Errorf(incident.Permanent, "this process knows no runbooks"))
	}
	queue, err := r.Shelf.QueueOf(ctx, n.Name)
	return queue, Fail(err)
}
