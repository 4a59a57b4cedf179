package activities

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"time"
)

// Mender repairs what a crash or an operator left: by the way that every
// delivery takes.
type Mender interface {
	// Resend sends what was wanted before a time and was never marked as
	// accepted, at most limit rows.
	Resend(ctx context.Context, before time.Time, limit int) (sent, failed int, err error)
	// Inspect looks whether a silent incident still has its workflow; when it
	// has not, the catch-all service is paged and its key is freed.
	Inspect(ctx context.Context, number string) (gone bool, err error)
	// ReportStuck pages the catch-all service about an incident that makes no
	// progress, once.
	ReportStuck(ctx context.Context, number string) error
}

// Keeper knows which incidents are silent, and keeps the histories of runs
// for the time after the engine has forgotten them.
type Keeper interface {
	// Silent lists the open incidents that recorded nothing since then.
	Silent(ctx context.Context, since time.Time) ([]string, error)
	HasHistory(ctx context.Context, workflowID, runID string) (bool, error)
	SaveHistory(ctx context.Context, workflowID, runID string, closed time.Time, gz []byte) error
}

// Runs is what the sweeper asks of the engine.
type Runs interface {
	// Troubled lists the incidents whose workflow fails again and again.
	Troubled(ctx context.Context) ([]string, error)
	// ClosedRuns lists runs of incidents and runbooks that ended at since or
	// later, in the order in which they ended.
	ClosedRuns(ctx context.Context, since time.Time) ([]ClosedRun, error)
	// RunHistory returns the history of a run as JSON.
	RunHistory(ctx context.Context, workflowID, runID string) ([]byte, error)
}

// ClosedRun names a run that has ended.
type ClosedRun struct {
	WorkflowID string    `json:"workflow_id"`
	RunID      string    `json:"run_id"`
	Closed     time.Time `json:"closed"`
}

// The bounds of one sweep; what is beyond waits for the next one.
const (
	// sweepAfter is how long a row may wait for its own process to mark it.
	sweepAfter = 15 * time.Second
	sweepRows  = 500
	// silence is how long an incident may record nothing before it is looked
	// at.
	silence   = 10 * time.Minute
	sweepRuns = 100
	// looksBack is from when on the first sweep of a process looks for
	// histories: the shortest retention that a namespace should have.
	looksBack = 7 * 24 * time.Hour
	// overlap is how late a run may appear in a list of the engine.
	overlap = 10 * time.Minute
)

// Sweeper mends what nobody else comes back for. Its activities may run at
// any time and any number of times.
type Sweeper struct {
	Mender Mender
	Keeper Keeper
	Runs   Runs
	// Now is time.Now when nil.
	Now func() time.Time

	kept kept
}

// SweptRows counts the rows that were sent again.
type SweptRows struct {
	Sent   int `json:"sent"`
	Failed int `json:"failed"`
}

// SendWaiting sends what is wanted of incidents and was not accepted for 15
// seconds: a process died between a claim and its mark.
func (s *Sweeper) SendWaiting(ctx context.Context) (SweptRows, error) {
	sent, failed, err := s.Mender.Resend(ctx, s.now().Add(-sweepAfter), sweepRows)
	return SweptRows{Sent: sent, Failed: failed}, Fail(err)
}

// InspectSilent looks at open incidents that have recorded nothing for 10
// minutes, and returns those whose workflow was gone.
func (s *Sweeper) InspectSilent(ctx context.Context) ([]string, error) {
	numbers, err := s.Keeper.Silent(ctx, s.now().Add(-silence))
	if err != nil {
		return nil, Fail(err)
	}
	var gone []string
	var failed error
	for _, number := range numbers {
		lost, err := s.Mender.Inspect(ctx, number)
		failed = errors.Join(failed, err)
		if lost {
			gone = append(gone, number)
		}
	}
	return gone, Fail(failed)
}

// ReportTroubled pages the catch-all service about incidents whose workflow
// fails again and again, and returns them.
func (s *Sweeper) ReportTroubled(ctx context.Context) ([]string, error) {
	numbers, err := s.Runs.Troubled(ctx)
	if err != nil {
		return nil, Fail(err)
	}
	var failed error
	for _, number := range numbers {
		failed = errors.Join(failed, s.Mender.ReportStuck(ctx, number))
	}
	return numbers, Fail(failed)
}

// KeepHistories stores the histories of runs that have ended, since the
// engine forgets a run after its retention though its incident may live on.
// It returns how many were new.
func (s *Sweeper) KeepHistories(ctx context.Context) (int, error) {
	runs, err := s.Runs.ClosedRuns(ctx, s.kept.since(s.now().Add(-looksBack)))
	if err != nil {
		return 0, Fail(err)
	}
	saved := 0
	for _, run := range runs {
		if s.kept.has(run) {
			continue
		}
		isNew, err := s.keep(ctx, run)
		if err != nil {
			return saved, Fail(err)
		}
		s.kept.add(run)
		if !isNew {
			continue
		}
		if saved++; saved == sweepRuns {
			break
		}
	}
	return saved, nil
}

// keep stores one history, unless it is kept already.
func (s *Sweeper) keep(ctx context.Context, run ClosedRun) (isNew bool, err error) {
	has, err := s.Keeper.HasHistory(ctx, run.WorkflowID, run.RunID)
	if err != nil || has {
		return false, err
	}
	history, err := s.Runs.RunHistory(ctx, run.WorkflowID, run.RunID)
	if err != nil {
		return false, err
	}
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	if _, err := w.Write(history); err != nil {
		return false, fmt.Errorf("compress the history of %s: %w", run.WorkflowID, err)
	}
	if err := w.Close(); err != nil {
		return false, fmt.Errorf("compress the history of %s: %w", run.WorkflowID, err)
	}
	return true, s.Keeper.SaveHistory(ctx, run.WorkflowID, run.RunID, run.Closed, gz.Bytes())
}

func (s *Sweeper) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}
