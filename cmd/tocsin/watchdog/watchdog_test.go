package watchdog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/watchdog"
	"github.com/tocsinhq/tocsin/incident"
)

// pocket is where pages arrive, with the time since the story began.
type pocket struct {
	began time.Time

	mu     sync.Mutex
	broken map[string]error
	lines  []string
	keys   map[string]bool
}

func (p *pocket) Send(_ context.Context, address string, m incident.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.broken[address]; err != nil {
		p.lines = append(p.lines, fmt.Sprintf("%s %s fails", time.Since(p.began), address))
		return err
	}
	if p.keys == nil {
		p.keys = map[string]bool{}
	}
	p.keys[m.Key] = true
	p.lines = append(p.lines, fmt.Sprintf("%s %s: %s", time.Since(p.began), address, m.Title))
	return nil
}

// seen returns the lines of one receiver, or of all.
func (p *pocket) seen(address string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, line := range p.lines {
		if strings.Contains(line, address) {
			out = append(out, line)
		}
	}
	return out
}

func (p *pocket) breaks(address string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken == nil {
		p.broken = map[string]error{}
	}
	p.broken[address] = err
}

// story is one watchdog after the other over one state file.
type story struct {
	t *testing.T
	pocket
	state string
	log   bytes.Buffer
	stop  func()
	*watchdog.Watchdog
}

// play tells a story in time that passes at once.
func play(t *testing.T, tell func(*story)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &story{t: t, state: filepath.Join(t.TempDir(), "state.json")}
		s.began = time.Now()
		defer func() { s.stop() }() // the last one, whatever failed
		tell(s)
	})
}

// start starts the next watchdog.
func (s *story) start() {
	s.t.Helper()
	routes := []watchdog.Route{{Name: "push 1", Channel: &s.pocket, Address: "carol"}, {Name: "mail 1", Channel: &s.pocket, Address: "dave"}}
	c := watchdog.Config{After: 3 * time.Minute, Again: 10 * time.Minute, State: s.state, Name: "Tocsin"}
	s.Watchdog = watchdog.New(c, routes, slog.New(slog.NewTextHandler(&s.log, nil)), prometheus.NewRegistry())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	s.stop = func() {
		cancel()
		require.NoError(s.t, <-done)
	}
	synctest.Wait()
}

func (s *story) wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// beats has beats come for a while.
func (s *story) beats(d time.Duration) {
	for range d / time.Minute {
		s.Beat()
		s.wait(time.Minute)
	}
}

func TestNobodyIsPagedWhileBeatsCome(t *testing.T) {
	play(t, func(s *story) {
		s.start()
		s.wait(2*time.Minute + 59*time.Second)
		s.beats(24 * time.Hour)
		require.Empty(t, s.seen(""))
		require.NoError(t, s.Speaks())
	})
}

func TestMissingBeatsPageEveryRouteUntilTheyComeAgain(t *testing.T) {
	play(t, func(s *story) {
		s.start()
		s.beats(5 * time.Minute) // the last one at 4m
		s.wait(18*time.Minute + 30*time.Second)
		s.beats(2 * time.Minute)
		s.wait(2 * time.Minute)
		for _, who := range []string{"carol", "dave"} {
			require.Equal(t, []string{
				"7m0s " + who + ": Tocsin does not beat", "17m0s " + who + ": Tocsin does not beat",
				"23m30s " + who + ": Tocsin beats again", "27m30s " + who + ": Tocsin does not beat",
			}, s.seen(who))
		}
		require.Len(t, s.keys, 4, "each page has a key of its own: %v", s.keys)
	})
}

func TestAWatchdogThatNeverHeardABeatPagesToo(t *testing.T) {
	play(t, func(s *story) {
		s.start()
		s.wait(4 * time.Minute)
		require.Equal(t, []string{"3m0s carol: Tocsin does not beat"}, s.seen("carol"))
	})
}

func TestRestart(t *testing.T) {
	for _, test := range []struct {
		name string
		tell func(*story)
		want []string
	}{
		{"raises no false alarm", func(s *story) {
			s.beats(time.Minute)
			s.stop()
			s.wait(time.Hour) // nobody listened: that says nothing about Tocsin
			s.start()
			s.wait(2 * time.Minute)
			s.beats(2 * time.Minute)
		}, nil},
		{"is no way not to notice", func(s *story) {
			s.wait(2 * time.Minute)
			s.stop()
			s.start()
			s.wait(4 * time.Minute)
		}, []string{"5m0s"}},
		{"forgets no alarm, and pages as it would have", func(s *story) {
			s.wait(5 * time.Minute)
			s.stop()
			s.start()
			s.wait(10 * time.Minute)
		}, []string{"3m0s", "13m0s"}},
		{"pages what is overdue at once", func(s *story) {
			s.wait(5 * time.Minute)
			s.stop()
			s.wait(time.Hour)
			s.start()
		}, []string{"3m0s", "1h5m0s"}},
		{"tells of beats that come again", func(s *story) {
			s.wait(5 * time.Minute)
			s.stop()
			s.start()
			s.beats(time.Minute)
		}, []string{"3m0s", "5m0s"}},
		{"pages at once when nobody was reached before", func(s *story) {
			s.breaks("carol", incident.Errorf(incident.Unavailable, "away"))
			s.breaks("dave", incident.Errorf(incident.Unavailable, "away"))
			s.wait(3 * time.Minute)
			s.stop()
			s.breaks("carol", nil)
			s.start()
		}, []string{"3m0s", "3m0s"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, func(s *story) {
				s.start()
				test.tell(s)
				var at []string
				for _, line := range s.seen("carol") {
					when, _, _ := strings.Cut(line, " ")
					at = append(at, when)
				}
				require.Equal(t, test.want, at, "%s", s.log.String())
			})
		})
	}
}

func TestStateThatIsOfNoUse(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when such stories begin
	for _, test := range []struct {
		name, state string
		first       string
	}{
		{"empty", ``, "3m0s"},
		{"cut off", `{"raised": "2026`, "3m0s"},
		{"no time", `{"raised": "yesterday"}`, "3m0s"},
		{"something else", `[1, 2]`, "3m0s"},
		{"paged in the future: the clock was set back", fmt.Sprintf(`{"raised": %q, "paged": %q}`, now.Format(time.RFC3339), now.AddDate(5, 0, 0).Format(time.RFC3339)), "10m0s"},
		{"paged long ago: the clock was set on", `{"raised": "1970-01-01T00:00:00Z", "paged": "1970-01-01T00:00:00Z"}`, "0s"},
		{"a beat of the future", fmt.Sprintf(`{"last_beat": %q}`, now.AddDate(5, 0, 0).Format(time.RFC3339)), "3m0s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, func(s *story) {
				require.NoError(t, os.WriteFile(s.state, []byte(test.state), 0o600))
				s.start()
				s.wait(11 * time.Minute)
				require.Contains(t, s.seen("carol")[0], test.first+" carol")
			})
		})
	}
}

func TestARouteThatFailsIsTriedAgainAndKeepsNoOtherWaiting(t *testing.T) {
	play(t, func(s *story) {
		s.breaks("carol", incident.Errorf(incident.Unavailable, "the push server answered 503"))
		s.start()
		s.wait(3*time.Minute + 20*time.Second)
		require.Equal(t, []string{"3m0s dave: Tocsin does not beat"}, s.seen("dave"))
		require.NoError(t, s.Speaks(), "one route is enough")
		s.breaks("carol", nil)
		s.wait(time.Minute)
		require.Equal(t, []string{"3m0s carol fails", "3m15s carol fails", "3m30s carol: Tocsin does not beat"}, s.seen("carol"))
	})
}

func TestWhatCanNeverSucceedWaitsForTheNextPage(t *testing.T) {
	play(t, func(s *story) {
		s.breaks("carol", incident.Errorf(incident.Permanent, "the push server answered 403"))
		s.start()
		s.wait(14 * time.Minute)
		require.Equal(t, []string{"3m0s carol fails", "13m0s carol fails"}, s.seen("carol"))
	})
}

func TestAWatchdogThatCannotPageIsLoud(t *testing.T) {
	play(t, func(s *story) {
		s.breaks("carol", incident.Errorf(incident.Unavailable, "away"))
		s.breaks("dave", errors.New("away"))
		s.start()
		s.wait(3*time.Minute + time.Second)
		require.ErrorContains(t, s.Speaks(), "no route takes the page")
		require.Contains(t, s.log.String(), "NOBODY CAN BE PAGED")
		s.breaks("dave", nil)
		s.wait(20 * time.Second)
		require.NoError(t, s.Speaks())
		require.Equal(t, "3m15s dave: Tocsin does not beat", s.seen("dave")[1])
	})
}

func TestBeatsComeAgainBeforeAnybodyWasReached(t *testing.T) {
	play(t, func(s *story) {
		s.breaks("carol", incident.Errorf(incident.Unavailable, "away"))
		s.start()
		s.wait(3*time.Minute + time.Second)
		s.Beat()
		synctest.Wait()
		s.breaks("carol", nil)
		s.wait(time.Minute)
		require.Equal(t, []string{"3m0s carol fails", "3m1s carol fails", "3m16s carol: Tocsin beats again"}, s.seen("carol"), "the alarm is overtaken")
	})
}

func TestAStateThatCannotBeKeptIsRefused(t *testing.T) {
	w := watchdog.New(watchdog.Config{After: time.Minute, Again: time.Minute, State: filepath.Join(t.TempDir(), "no", "such", "folder")}, nil, slog.New(slog.DiscardHandler), nil)
	require.ErrorContains(t, w.Run(t.Context()), "keep the state")
}
