package jira

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/disk"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

// Server is the stand-in. It serves everything below /jira/.
type Server struct {
	// Faults makes operations misbehave; see Ops for their names.
	Faults *fault.Injector

	mux *http.ServeMux
	// meta serves the paths below issue/createmeta, which one ServeMux cannot
	// tell from those of an issue called createmeta.
	meta  *http.ServeMux
	hooks *announcer
	pages *page.Set
	file  *disk.File

	mu     sync.Mutex
	config Config
	state  state
	// ids finds an issue's id by its id and by every key it has had.
	ids   map[string]string
	index map[string][]version
}

// state is what survives a restart.
type state struct {
	NextID  int               `json:"next_id"`
	NextKey map[string]int    `json:"next_key"`
	Issues  map[string]*Issue `json:"issues"`
}

const restPath = "/jira/rest/api/2/"

type handler func(w http.ResponseWriter, r *http.Request) error

// New returns a stand-in as configured, with the state kept in its directory
// if there is one. It fails when that state cannot be read. Close it.
func New(config Config) (*Server, error) {
	s := &Server{
		config: config.withDefaults(),
		state:  state{NextID: 10000, NextKey: map[string]int{}, Issues: map[string]*Issue{}},
		ids:    map[string]string{},
		index:  map[string][]version{},
		mux:    http.NewServeMux(),
		meta:   http.NewServeMux(),
		pages:  page.Must(templates),
	}
	var err error
	if s.file, err = disk.Open(config.Dir, "jira", &s.state, s.snapshot); err != nil {
		return nil, err
	}
	for id, issue := range s.state.Issues {
		s.ids[id] = id
		for _, key := range append(issue.OldKeys, issue.Key) {
			s.ids[key] = id
		}
	}
	s.hooks = newAnnouncer(s.config)
	s.Faults = fault.New(s.routeREST()...)
	s.routeControl()
	s.routeBoard()
	return s, nil
}

// Close stops announcing changes, and lets held requests go.
func (s *Server) Close() {
	s.Faults.Clear()
	s.hooks.close()
}

func (s *Server) snapshot() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.MarshalIndent(s.state, "", " ")
}

// ServeHTTP answers everything below /jira/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, restPath+"issue/createmeta/") {
		s.meta.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// rest is a handler behind the faults of its operation and authentication. It
// answers errors in Jira's form, and keeps the state before it answers.
func (s *Server) rest(op string, handle handler) http.Handler {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.authenticate(r)
		if err == nil {
			err = handle(w, r)
		}
		if err != nil {
			writeError(w, err)
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Faults.Wrap(op, inner).ServeHTTP(w, r)
	})
}

// authenticate hides issues from strangers, as Jira does, and refuses them
// everything else.
func (s *Server) authenticate(r *http.Request) error {
	email, token, _ := r.BasicAuth()
	sameEmail := subtle.ConstantTimeCompare([]byte(email), []byte(s.config.Email))
	sameToken := subtle.ConstantTimeCompare([]byte(token), []byte(s.config.Token))
	if sameEmail&sameToken == 1 {
		return nil
	}
	if r.PathValue("issue") != "" {
		return notFound()
	}
	return failed(http.StatusUnauthorized, "Client must be authenticated to access this resource.")
}

// base is the address of /jira as the caller of r sees it.
func base(r *http.Request) string { return "http://" + r.Host + "/jira" }

func (s *Server) api() string { return s.config.Email }

func jiraTime(t time.Time) string { return t.Format("2006-01-02T15:04:05.000-0700") }
