package runbooktest

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// transcript is what happened, in order, with the time since the start.
type transcript struct {
	now   func() time.Time
	start time.Time

	mu    sync.Mutex
	lines []string
}

func newTranscript(now func() time.Time) *transcript {
	return &transcript{now: now, start: now()}
}

func (t *transcript) add(format string, args ...any) {
	since := t.elapsed()
	t.mu.Lock()
	defer t.mu.Unlock()
	line := fmt.Sprintf("%02d:%02d ", int(since.Minutes()), int(since.Seconds())%60)
	t.lines = append(t.lines, line+fmt.Sprintf(format, args...))
}

func (t *transcript) elapsed() time.Duration { return t.now().Sub(t.start) }

// String is the whole transcript, a line each.
func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}
