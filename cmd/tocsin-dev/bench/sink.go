package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Sink is a push server that answers at once and remembers when which page
// came. It speaks as much of ntfy as Tocsin does.
type Sink struct {
	server *http.Server
	url    string

	mu    sync.Mutex
	pages []Arrival
	// news is closed and made anew at each page.
	news chan struct{}
}

// Arrival is one page that came.
type Arrival struct {
	At time.Time
	// Key is the page's own, Topic whom it is for.
	Key, Topic string
	// Alert is the mark of the alert that the page names, or "".
	Alert string
}

// mark is what the summary of each measured alert holds.
const mark = "bench-%s-%06d"

// markIn finds a mark in a text.
func markIn(text string) string {
	return regexp.MustCompile(`bench-[a-z]+-\d{6}`).FindString(text)
}

// NewSink starts a Sink on a free port.
func NewSink(ctx context.Context) (*Sink, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for pages: %w", err)
	}
	s := &Sink{url: "http://" + l.Addr().String(), news: make(chan struct{})}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(l) }() // ends at Close
	return s, nil
}

// URL is where pages are posted to.
func (s *Sink) URL() string { return s.url }

// Close ends it.
func (s *Sink) Close() error { return s.server.Close() }

// ServeHTTP takes one page.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	var body struct{ Topic, Title, Message string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, "no page: "+err.Error(), http.StatusBadRequest)
		return
	}
	alert := markIn(body.Title)
	if alert == "" {
		alert = markIn(body.Message)
	}
	s.take(Arrival{At: at, Key: r.Header.Get("Idempotency-Key"), Topic: body.Topic, Alert: alert})
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"id":"1","event":"message"}`))
}

func (s *Sink) take(a Arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages = append(s.pages, a)
	close(s.news)
	s.news = make(chan struct{})
}

// Pages lists what came for the topics that begin so, in the order of
// arrival.
func (s *Sink) Pages(topic string) []Arrival {
	out, _ := s.look(topic)
	return out
}

func (s *Sink) look(topic string) ([]Arrival, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Arrival
	for _, a := range s.pages {
		if strings.HasPrefix(a.Topic, topic) {
			out = append(out, a)
		}
	}
	return out, s.news
}

// Await waits until pages about so many different alerts came for the topics
// that begin so, or until nothing at all came for as long as patience says.
func (s *Sink) Await(ctx context.Context, topic string, alerts int, patience time.Duration) {
	for {
		pages, news := s.look(topic)
		if distinct(pages) >= alerts {
			return
		}
		wait, cancel := context.WithTimeout(ctx, patience)
		select {
		case <-news:
		case <-wait.Done():
			cancel()
			return
		}
		cancel()
		if !pause(ctx, 5*time.Millisecond) { // a crowd is looked at once
			return
		}
	}
}

func distinct(pages []Arrival) int {
	seen := map[string]bool{}
	for _, a := range pages {
		seen[a.Alert] = true
	}
	delete(seen, "")
	return len(seen)
}

// Tally compares what came with what was sent: how long the first page about
// each alert took, and how many alerts were lost or paged more than once.
type Tally struct {
	Took          []time.Duration
	Lost, Doubled int
}

// Count makes the Tally of the alerts that were sent, each with when it was.
func Count(sent map[string]time.Time, pages []Arrival) Tally {
	first, times := map[string]time.Time{}, map[string]int{}
	for _, a := range pages {
		times[a.Alert]++
		if at, ok := first[a.Alert]; !ok || a.At.Before(at) {
			first[a.Alert] = a.At
		}
	}
	var out Tally
	for alert, at := range sent {
		if times[alert] == 0 {
			out.Lost++
			continue
		}
		out.Doubled += times[alert] - 1
		out.Took = append(out.Took, first[alert].Sub(at))
	}
	return out
}

// Twice lists the pages about alerts that had been paged before, by alert and
// key, beside the key of the first.
func Twice(pages []Arrival) []string {
	first := map[string]Arrival{}
	var out []string
	for _, a := range pages {
		before, again := first[a.Alert]
		if !again {
			first[a.Alert] = a
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s, and %s after it %s", a.Alert, before.Key, a.At.Sub(before.At).Round(time.Millisecond), a.Key))
	}
	return out
}
