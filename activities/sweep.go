package activities

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/incident"
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
	// ReportStuck pages the catch-all service about the incidents that make no
	// progress: all in one incident, and each once.
	ReportStuck(ctx context.Context, numbers []string) error
}

// Keeper knows which incidents are silent, keeps the histories of runs for
// the time after the engine has forgotten them, and forgets what nobody asks
// for any more.
type Keeper interface {
	// Silent lists open incidents that recorded nothing since then and were
	// not looked at since then, at most limit of them.
	Silent(ctx context.Context, since time.Time, limit int) ([]string, error)
	// Looked notes that these incidents were looked at.
	Looked(ctx context.Context, numbers []string, at time.Time) error
	// Incident returns an incident as it was last recorded.
	Incident(ctx context.Context, number string) (*incident.Incident, error)
	// Purge removes some of what nobody asks for any more, and returns how
	// many rows; zero when none are left.
	Purge(ctx context.Context, now time.Time) (int64, error)
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
	// at, and then until it is looked at again.
	silence = 10 * time.Minute
	// sweepSilent is how many are looked at: an incident that waits weeks for
	// its follow-ups is silent too.
	sweepSilent = 200
	// sweepRuns bounds the histories that are saved, and those that fail.
	sweepRuns = 100
	// sweepStep bounds each step; the others have their turn all the same.
	sweepStep = 20 * time.Second
	// purgeEvery is how often old rows are looked for.
	purgeEvery = time.Hour
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

	mu     sync.Mutex
	purged time.Time
}

// Swept says what one sweep found.
type Swept struct {
	Rows      SweptRows `json:"rows"`
	Gone      []string  `json:"gone,omitempty"`
	Troubled  []string  `json:"troubled,omitempty"`
	Histories int       `json:"histories,omitempty"`
	Purged    int64     `json:"purged,omitempty"`
}

// Sweep does every step once: it sends what was not accepted, looks at silent
// incidents, reports those that are stuck, keeps histories and purges. What
// fails is left to the next sweep and does not keep the rest from being done;
// the error says all of it.
func (s *Sweeper) Sweep(ctx context.Context) (Swept, error) {
	defer beat(ctx)()
	var out Swept
	var failed error
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) (err error) { out.Rows, err = s.SendWaiting(ctx); return err },
		func(ctx context.Context) (err error) { out.Gone, err = s.InspectSilent(ctx); return err },
		func(ctx context.Context) (err error) { out.Troubled, err = s.ReportTroubled(ctx); return err },
		func(ctx context.Context) (err error) { out.Histories, err = s.KeepHistories(ctx); return err },
		func(ctx context.Context) (err error) { out.Purged, err = s.Purge(ctx); return err },
	} {
		within, cancel := context.WithTimeout(ctx, sweepStep)
		failed = errors.Join(failed, Fail(step(within)))
		cancel()
	}
	return out, failed
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
	return SweptRows{Sent: sent, Failed: failed}, err
}

// InspectSilent looks at some of the open incidents that have recorded nothing
// for 10 minutes, each every 10 minutes at most, and returns those whose
// workflow was gone.
func (s *Sweeper) InspectSilent(ctx context.Context) ([]string, error) {
	now := s.now()
	numbers, err := s.Keeper.Silent(ctx, now.Add(-silence), sweepSilent)
	if err != nil {
		return nil, err
	}
	var gone, looked []string
	var failed error
	for _, number := range numbers {
		lost, err := s.Mender.Inspect(ctx, number)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		looked = append(looked, number)
		if lost {
			gone = append(gone, number)
		}
	}
	return gone, errors.Join(failed, s.Keeper.Looked(ctx, looked, now))
}

// ReportTroubled pages the catch-all service about incidents whose workflow
// fails again and again, and returns them. Those that Tocsin opened about
// itself are left out: one that is stuck must not open the next.
func (s *Sweeper) ReportTroubled(ctx context.Context) ([]string, error) {
	numbers, err := s.Runs.Troubled(ctx)
	if err != nil {
		return nil, err
	}
	numbers = slices.DeleteFunc(numbers, func(number string) bool {
		i, err := s.Keeper.Incident(ctx, number)
		return err == nil && i.Origin == string(incident.Tocsin) // who is not known is reported
	})
	if len(numbers) == 0 {
		return nil, nil
	}
	return numbers, s.Mender.ReportStuck(ctx, numbers)
}

// KeepHistories stores the histories of runs that have ended, since the
// engine forgets a run after its retention though its incident may live on.
// It returns how many were new. One that cannot be kept is tried again by the
// next sweep, and does not stop the others.
func (s *Sweeper) KeepHistories(ctx context.Context) (int, error) {
	runs, err := s.Runs.ClosedRuns(ctx, s.kept.since(s.now().Add(-looksBack)))
	if err != nil {
		return 0, err
	}
	saved, failures := 0, 0
	var failed error
	for _, run := range runs {
		if saved == sweepRuns || failures == sweepRuns || ctx.Err() != nil {
			break
		}
		if s.kept.has(run) {
			continue
		}
		isNew, err := s.keep(ctx, run)
		if err != nil {
			failures++
			failed = errors.Join(failed, err)
			continue
		}
		s.kept.add(run, failures == 0)
		if isNew {
			saved++
		}
	}
	return saved, failed
}

// Purge removes what nobody asks for any more, once an hour, and returns how
// many rows.
func (s *Sweeper) Purge(ctx context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(s.purged) < purgeEvery {
		return 0, nil
	}
	var sum int64
	for {
		n, err := s.Keeper.Purge(ctx, now)
		sum += n
		if err != nil {
			return sum, err
		}
		if n == 0 {
			s.purged = now
			return sum, nil
		}
	}
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
