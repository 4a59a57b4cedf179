package runbooktest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// transcript is what happened, in order, with the time since the start.
type transcript struct {
	now   func() time.Time
	start time.Time

	mu    sync.Mutex
	lines []line
	// told is behind the last line that the run said itself.
	told int
}

type line struct {
	since time.Duration
	text  string
}

func newTranscript(now func() time.Time) *transcript {
	return &transcript{now: now, start: now()}
}

// add writes down what happens now.
func (t *transcript) add(format string, args ...any) {
	since := t.elapsed()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line{since, fmt.Sprintf(format, args...)})
}

// earlier writes down what a run said at its own time and told only with what
// it said next.
func (t *transcript) earlier(at time.Time, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := line{at.Sub(t.start), fmt.Sprintf(format, args...)}
	place := t.told
	for place < len(t.lines) && t.lines[place].since < said.since {
		place++
	}
	t.lines = slices.Insert(t.lines, place, said)
	t.told = place + 1
}

// reported notes that the last line is the run's own.
func (t *transcript) reported() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told = len(t.lines)
}

func (t *transcript) elapsed() time.Duration { return t.now().Sub(t.start) }

// all returns the lines, led by minutes and seconds.
func (t *transcript) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []string
	for _, l := range t.lines {
		out = append(out, fmt.Sprintf("%02d:%02d %s", int(l.since.Minutes()), int(l.since.Seconds())%60, l.text))
	}
	return out
}

// String is the whole transcript, a line each.
func (t *transcript) String() string { return strings.Join(t.all(), "\n") }
