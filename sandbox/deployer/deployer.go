package deployer

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/disk"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

// maxCalls bounds the call log; older calls are forgotten.
const maxCalls = 10_000

// Config says how the deploy target is set up.
type Config struct {
	// Token must be sent as bearer token; empty lets anybody.
	Token string
	// Services are deployed twice from the start, so that there is something
	// to go back to.
	Services []string
	// RollbackTakes is how long a rollback is running; 0 finishes it at once.
	RollbackTakes time.Duration
	// Dir keeps the state in a file of that directory; empty keeps none.
	Dir string
}

// Deployment is one revision of a service.
type Deployment struct {
	Revision   string    `json:"revision"`
	Version    string    `json:"version"`
	DeployedAt time.Time `json:"deployed_at"`
	DeployedBy string    `json:"deployed_by"`
	// Bad makes the service fail while this is its current revision. The
	// interface never tells; one has to look at the metrics.
	Bad bool `json:"bad,omitempty"`
}

// Service is what of a service is deployed, the current deployment first.
type Service struct {
	Name        string       `json:"name"`
	Next        int          `json:"next"`
	Deployments []Deployment `json:"deployments"`
	// Operation is the id of the operation that is running, if any.
	Operation string `json:"operation,omitempty"`
}

// Current is the deployment that serves.
func (s Service) Current() Deployment { return s.Deployments[0] }

// The states of an operation.
const (
	Running = "running"
	Done    = "done"
	Failed  = "failed"
)

// Operation is a rollback on its way, or how it ended.
type Operation struct {
	ID           string    `json:"id"`
	Service      string    `json:"service"`
	Kind         string    `json:"kind"`
	State        string    `json:"state"`
	FromRevision string    `json:"from_revision"`
	Revision     string    `json:"revision"`
	Reason       string    `json:"reason"`
	StartedAt    time.Time `json:"started_at"`
	FinishedAt   time.Time `json:"finished_at,omitzero"`
	Error        string    `json:"error,omitempty"`
}

// kept is an operation with what is needed to finish it and to recognise its
// request.
type kept struct {
	Operation
	Key   string    `json:"key"`
	Ends  time.Time `json:"ends"`
	Fails bool      `json:"fails,omitempty"`
}

// Call is one request to the interface, for tests that count them.
type Call struct {
	At     time.Time       `json:"at"`
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// Server is the deploy target. It serves HTTP below /deploy/.
type Server struct {
	// Faults makes operations misbehave.
	Faults *fault.Injector

	config   Config
	mux      *http.ServeMux
	pages    *page.Set
	file     *disk.File
	reporter *reporter

	mu    sync.Mutex
	takes time.Duration
	fails int
	state state
}

// state is what survives a restart.
type state struct {
	Services   map[string]*Service `json:"services"`
	Operations []*kept             `json:"operations"`
	Calls      []Call              `json:"calls"`
}

// New returns a deploy target as configured, with the state kept in its
// directory if there is one. It fails when that cannot be read. Close it.
func New(config Config) (*Server, error) {
	s := &Server{
		config: config, mux: http.NewServeMux(), pages: page.Must(templates), takes: config.RollbackTakes, reporter: newReporter(),
		Faults: fault.New("service", "rollback", "operation", "deploy"),
		state:  state{Services: map[string]*Service{}},
	}
	var err error
	if s.file, err = disk.Open(config.Dir, "deployer", &s.state, s.snapshot); err != nil {
		return nil, err
	}
	for _, name := range config.Services {
		if _, known := s.state.Services[name]; !known {
			s.deployLocked(name, Deployment{Version: "1.0.0", DeployedBy: "ci", DeployedAt: time.Now().Add(-48 * time.Hour)})
			s.deployLocked(name, Deployment{Version: "1.1.0", DeployedBy: "ci", DeployedAt: time.Now().Add(-24 * time.Hour)})
		}
	}
	s.route()
	return s, nil
}

// Close lets held requests go, and reports nothing more.
func (s *Server) Close() {
	s.Faults.Clear()
	s.reporter.close()
}

// ServeHTTP answers everything below /deploy/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) snapshot() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.MarshalIndent(s.state, "", " ")
}

// Service returns a service as it is now, and whether there is one.
func (s *Server) Service(name string) (Service, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleLocked()
	service, ok := s.state.Services[name]
	if !ok {
		return Service{}, false
	}
	return service.copy(), true
}

// Services returns every service as it is now, by name.
func (s *Server) Services() []Service {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleLocked()
	var out []Service
	for _, name := range slices.Sorted(maps.Keys(s.state.Services)) {
		out = append(out, s.state.Services[name].copy())
	}
	return out
}

func (s *Service) copy() Service {
	out := *s
	out.Deployments = slices.Clone(s.Deployments)
	return out
}

// Operations returns every operation as it is now, oldest first.
func (s *Server) Operations() []Operation {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settleLocked()
	var out []Operation
	for _, op := range s.state.Operations {
		out = append(out, op.Operation)
	}
	return out
}

// Calls returns the calls of the interface so far, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.state.Calls)
}

func (s *Server) logCall(r *http.Request, body json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Calls = append(s.state.Calls, Call{At: time.Now(), Method: r.Method, Path: r.URL.Path, Body: body})
	if len(s.state.Calls) > maxCalls {
		s.state.Calls = slices.Delete(s.state.Calls, 0, len(s.state.Calls)-maxCalls)
	}
}

// SetRollback changes how long the rollbacks from now on take, and how many
// of them fail first.
func (s *Server) SetRollback(takes time.Duration, failing int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takes, s.fails = takes, failing
}
