// Package heartbeat is a stand-in for a dead-man's switch: a secret address
// that is called while all is well, and a page that shows when it was called
// last.
//
//	GET, POST /heartbeat/ping/{key}       a beat; another key than the configured one is not found
//	GET    /heartbeat/api/beats           when beats came, oldest first, the last hundred
//	GET, POST, DELETE /heartbeat/_faults  see fault.Injector.Handler
//
// It only shows that beats are missing. Nobody is told: it forgets everything
// when it stops. Faults strike the operation "beat".
package heartbeat

import (
	"cmp"
	"crypto/subtle"
	"embed"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

//go:embed templates
var templates embed.FS

// DefaultKey is the end of the secret address of the zero Config.
const DefaultKey = "sandbox-heartbeat-key"

// DefaultAfter is when a beat is missing, of the zero Config.
const DefaultAfter = 3 * time.Minute

// Config says how the switch is set up.
type Config struct {
	// Key is the end of the secret address; DefaultKey when empty.
	Key string
	// After is for how long a beat may be missing; DefaultAfter when zero.
	After time.Duration
}

const remembers = 100

// Server is the switch. It serves HTTP below /heartbeat/.
type Server struct {
	// Faults makes the operation "beat" misbehave.
	Faults *fault.Injector

	config Config
	mux    *http.ServeMux
	pages  *page.Set

	mu    sync.Mutex
	beats []time.Time
}

// New returns a switch that has heard no beat. Close it.
func New(config Config) *Server {
	config.Key, config.After = cmp.Or(config.Key, DefaultKey), cmp.Or(config.After, DefaultAfter)
	s := &Server{config: config, mux: http.NewServeMux(), pages: page.Must(templates), Faults: fault.New("beat")}
	beat := s.Faults.Wrap("beat", http.HandlerFunc(s.hear))
	s.mux.Handle("GET /heartbeat/ping/{key}", beat)
	s.mux.Handle("POST /heartbeat/ping/{key}", beat)
	s.mux.Handle("/heartbeat/_faults", s.Faults.Handler())
	s.mux.HandleFunc("GET /heartbeat/api/beats", func(w http.ResponseWriter, _ *http.Request) {
		wire.Write(w, http.StatusOK, map[string]any{"beats": s.Beats()})
	})
	s.mux.HandleFunc("GET /heartbeat/{$}", s.show)
	return s
}

// Close lets held requests go.
func (s *Server) Close() { s.Faults.Clear() }

// ServeHTTP answers the paths of the switch.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Path is the secret path that beats are to call.
func (s *Server) Path() string { return "/heartbeat/ping/" + s.config.Key }

// Beats returns when beats came, the oldest first, the last hundred.
func (s *Server) Beats() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.beats)
}

func (s *Server) hear(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.PathValue("key")), []byte(s.config.Key)) != 1 {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	s.beats = append(s.beats, time.Now())
	s.beats = s.beats[max(len(s.beats)-remembers, 0):]
	s.mu.Unlock()
	_, _ = w.Write([]byte("OK\n")) // who hung up does not care
}

func (s *Server) show(w http.ResponseWriter, _ *http.Request) {
	var data struct {
		Last   time.Time
		Ago    time.Duration
		After  time.Duration
		Silent bool
		Beats  []time.Time
	}
	data.Beats, data.After = s.Beats(), s.config.After
	slices.Reverse(data.Beats)
	if len(data.Beats) > 0 {
		data.Last = data.Beats[0]
		data.Ago = time.Since(data.Last).Round(time.Second)
	}
	data.Silent = data.Last.IsZero() || data.Ago > data.After
	s.pages.Write(w, "beats.html", http.StatusOK, page.View{Title: "Heartbeat", Part: "heartbeat", Refresh: 5, Data: data})
}
