package inbox

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/disk"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

// Config says how the inbox is set up; the zero value keeps mail of anybody
// in memory.
type Config struct {
	// Username and Password, where set, must be given by AUTH PLAIN.
	Username, Password string
	// Dir keeps the messages in a file of that directory; empty keeps none.
	Dir string
	// Log receives what nobody can be answered; nil discards it.
	Log *slog.Logger
}

// Server is the inbox. It serves HTTP below /inbox/ and, by Serve, SMTP.
type Server struct {
	// Faults makes the operations "rcpt" and "data" misbehave.
	Faults *fault.Injector

	config Config
	mux    *http.ServeMux
	smtp   *smtp.Server
	pages  *page.Set
	kept   *disk.Kept[state]
	life   context.Context
	cancel context.CancelFunc
}

// state is what survives a restart.
type state struct {
	Last     int       `json:"last"`
	Messages []Message `json:"messages"`
}

// Query selects messages; what is empty selects all.
type Query struct {
	// To is an address of the envelope, in any case.
	To string
	// Subject is a part of the subject, in any case.
	Subject string
	// MessageID is the whole Message-ID, with its angle brackets.
	MessageID string
	// Since leaves out what was received before.
	Since time.Time
}

// New returns an inbox as configured, with the messages kept in its directory
// if there is one. It fails when those cannot be read. Close it.
func New(config Config) (*Server, error) {
	config.Log = cmp.Or(config.Log, slog.New(slog.DiscardHandler))
	s := &Server{config: config, mux: http.NewServeMux(), pages: page.Must(templates), Faults: fault.New("rcpt", "data")}
	var err error
	if s.kept, err = disk.Keep(config.Dir, "inbox", state{}); err != nil {
		return nil, err
	}
	s.life, s.cancel = context.WithCancel(context.Background())
	s.smtp = s.newSMTP()
	s.route()
	return s, nil
}

// Close stops the SMTP server and ends its connections.
func (s *Server) Close() error { return s.closeSMTP(s.cancel) }

// ServeHTTP answers everything below /inbox/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) accept(from string, to []string, raw []byte) error {
	m := Read(raw)
	m.From, m.To, m.Received = from, slices.Clone(to), time.Now()
	return s.kept.Change(func(st *state) {
		st.Last++
		m.ID = strconv.Itoa(st.Last)
		st.Messages = append(st.Messages, m)
	})
}

// Messages returns the messages that a query selects, oldest first.
func (s *Server) Messages(q Query) []Message {
	return disk.Select(s.kept, func(st *state) []Message { return st.Messages }, q.selects)
}

func (q Query) selects(m Message) bool {
	toThem := q.To == "" || slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, q.To) })
	about := strings.Contains(strings.ToLower(m.Subject), strings.ToLower(q.Subject))
	same := q.MessageID == "" || q.MessageID == m.MessageID
	return toThem && about && same && !m.Received.Before(q.Since)
}

// Message returns the message with an id, and whether there is one.
func (s *Server) Message(id string) (m Message, found bool) {
	s.kept.Look(func(st *state) {
		if i := slices.IndexFunc(st.Messages, func(m Message) bool { return m.ID == id }); i >= 0 {
			m, found = st.Messages[i], true
		}
	})
	return m, found
}

// Forget removes the message with an id, or with an empty id all of them, and
// returns how many those were. It fails when that cannot be kept.
func (s *Server) Forget(id string) (gone int, err error) {
	err = s.kept.Change(func(st *state) {
		before := len(st.Messages)
		st.Messages = slices.DeleteFunc(st.Messages, func(m Message) bool { return id == "" || m.ID == id })
		gone = before - len(st.Messages)
	})
	return gone, err
}
