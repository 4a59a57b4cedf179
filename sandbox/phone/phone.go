package phone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/disk"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

const tapTimeout = 10 * time.Second

// Config says how the phones are set up; the zero value accepts everybody's
// pushes and no webhook.
type Config struct {
	// Token must be sent as bearer token to publish; empty lets anybody.
	Token string
	// HookSecrets are the signing secrets of the webhooks, by name.
	HookSecrets map[string]string
	// HookSecret is that of every webhook which has none of its own; empty
	// refuses those.
	HookSecret string
	// Dir keeps what arrived in a file of that directory; empty keeps none.
	Dir string
}

// Page is a push as it arrived.
type Page struct {
	ID       string    `json:"id"`
	Topic    string    `json:"topic"`
	Title    string    `json:"title,omitempty"`
	Message  string    `json:"message"`
	Priority int       `json:"priority"`
	Tags     []string  `json:"tags,omitempty"`
	Click    string    `json:"click,omitempty"`
	Actions  []Action  `json:"actions,omitempty"`
	Received time.Time `json:"received"`
	// Key is the sequence_id or the Idempotency-Key that it came with.
	Key string `json:"key,omitempty"`
	// Taps are the buttons that were tapped.
	Taps []Tap `json:"taps,omitempty"`
}

// Action is a button below a push.
type Action struct {
	// Action is what it does: "http" or "view".
	Action  string            `json:"action"`
	Label   string            `json:"label"`
	URL     string            `json:"url"`
	Method  string            `json:"method,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	Clear   bool              `json:"clear,omitempty"`
}

// Tap is one use of a button, with the status that came back, or the error.
type Tap struct {
	Label  string    `json:"label"`
	At     time.Time `json:"at"`
	Status int       `json:"status,omitempty"`
	Error  string    `json:"error,omitempty"`
}

// Hook is a webhook that arrived with a good signature.
type Hook struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Received time.Time `json:"received"`
	// Key is the Idempotency-Key that it came with.
	Key  string          `json:"key,omitempty"`
	Body json.RawMessage `json:"body"`
}

// Server is the push server and what it received. It serves HTTP below
// /phone/.
type Server struct {
	// Faults makes the operations "push" and "hook" misbehave.
	Faults *fault.Injector

	config Config
	mux    *http.ServeMux
	pages  *page.Set
	kept   *disk.Kept[state]
	client *http.Client
}

// state is what survives a restart.
type state struct {
	Last  int    `json:"last"`
	Pages []Page `json:"pages"`
	Hooks []Hook `json:"hooks"`
}

// New returns phones as configured, with what arrived kept in the directory
// if there is one. It fails when that cannot be read. Close it.
func New(config Config) (*Server, error) {
	s := &Server{
		config: config, mux: http.NewServeMux(), pages: page.Must(templates), Faults: fault.New("push", "hook"),
		client: &http.Client{Timeout: tapTimeout},
	}
	var err error
	if s.kept, err = disk.Keep(config.Dir, "phone", state{}); err != nil {
		return nil, err
	}
	s.route()
	return s, nil
}

// Close lets held requests go.
func (s *Server) Close() {
	s.Faults.Clear()
	s.client.CloseIdleConnections()
}

// ServeHTTP answers everything below /phone/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (st *state) nextID() string {
	st.Last++
	return strconv.Itoa(st.Last)
}

func (s *Server) keepPage(p Page) (Page, error) {
	err := s.kept.Change(func(st *state) {
		p.ID, p.Received = st.nextID(), time.Now()
		st.Pages = append(st.Pages, p)
	})
	return p, err
}

func (s *Server) keepHook(h Hook) (Hook, error) {
	err := s.kept.Change(func(st *state) {
		h.ID, h.Received = st.nextID(), time.Now()
		st.Hooks = append(st.Hooks, h)
	})
	return h, err
}

// Pages returns the pushes to a topic, or with an empty topic all of them,
// oldest first.
func (s *Server) Pages(topic string) []Page {
	return disk.Select(s.kept, func(st *state) []Page { return st.Pages }, func(p Page) bool { return topic == "" || p.Topic == topic })
}

// Hooks returns the webhooks of a name, or with an empty name all of them,
// oldest first.
func (s *Server) Hooks(name string) []Hook {
	return disk.Select(s.kept, func(st *state) []Hook { return st.Hooks }, func(h Hook) bool { return name == "" || h.Name == name })
}

// Forget removes every push and webhook. It fails when that cannot be kept.
func (s *Server) Forget() error {
	return s.kept.Change(func(st *state) { st.Pages, st.Hooks = nil, nil })
}

func (s *Server) page(id string) (Page, error) {
	for _, p := range s.Pages("") {
		if p.ID == id {
			return p, nil
		}
	}
	return Page{}, fmt.Errorf("there is no push %s, list them at /phone/api/pages", id)
}
