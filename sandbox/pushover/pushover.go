package pushover

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/disk"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

// DefaultToken is the application of the zero Config.
const DefaultToken = "sandboxpushoverapplication0000"

const callTimeout = 10 * time.Second

// Config says which application may push; the zero value is the default one.
type Config struct {
	// Token is the application's.
	Token string
	// Dir keeps the messages in a file of that directory; empty keeps none.
	Dir string
}

// Message is a push as it arrived.
type Message struct {
	ID       string    `json:"id"`
	User     string    `json:"user"`
	Title    string    `json:"title,omitempty"`
	Message  string    `json:"message"`
	Priority int       `json:"priority"`
	URL      string    `json:"url,omitempty"`
	URLTitle string    `json:"url_title,omitempty"`
	Received time.Time `json:"received"`

	// Receipt is that of an emergency; the rest says how it stands.
	Receipt      string    `json:"receipt,omitempty"`
	Callback     string    `json:"callback,omitempty"`
	Tags         []string  `json:"tags,omitempty"`
	Expires      time.Time `json:"expires,omitzero"`
	Cancelled    time.Time `json:"cancelled,omitzero"`
	Acknowledged time.Time `json:"acknowledged,omitzero"`
	// CalledBack is the status that the callback was answered with.
	CalledBack int `json:"called_back,omitempty"`
}

// Rings reports whether the phone makes a noise at a moment.
func (m Message) Rings(at time.Time) bool {
	return m.Receipt != "" && m.Cancelled.IsZero() && m.Acknowledged.IsZero() && at.Before(m.Expires)
}

// Server is Pushover and the phones. It serves HTTP below /pushover/.
type Server struct {
	// Faults makes the operations "message" and "cancel" misbehave.
	Faults *fault.Injector

	config Config
	mux    *http.ServeMux
	pages  *page.Set
	kept   *disk.Kept[state]
	client *http.Client
}

// state is what survives a restart.
type state struct {
	Messages []Message `json:"messages"`
}

// New returns a server as configured, with its messages kept in the directory
// if there is one. It fails when that cannot be read. Close it.
func New(config Config) (*Server, error) {
	config.Token = cmp.Or(config.Token, DefaultToken)
	s := &Server{
		config: config, mux: http.NewServeMux(), pages: page.Must(templates), Faults: fault.New("message", "cancel"),
		client: &http.Client{Timeout: callTimeout},
	}
	var err error
	if s.kept, err = disk.Keep(config.Dir, "pushover", state{}); err != nil {
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

// ServeHTTP answers everything below /pushover/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Messages returns the pushes to a user, or with an empty one all of them,
// oldest first.
func (s *Server) Messages(user string) []Message {
	return disk.Select(s.kept, func(st *state) []Message { return st.Messages }, func(m Message) bool { return user == "" || m.User == user })
}

// Forget removes every message. It fails when that cannot be kept.
func (s *Server) Forget() error { return s.kept.Change(func(st *state) { st.Messages = nil }) }

func (s *Server) keep(m Message) error {
	return s.kept.Change(func(st *state) {
		m.ID, m.Received = strconv.Itoa(len(st.Messages)+1), time.Now()
		st.Messages = append(st.Messages, m)
	})
}

// change edits the messages that fit, and reports how many they are.
func (s *Server) change(fits func(Message) bool, edit func(*Message)) (n int, err error) {
	err = s.kept.Change(func(st *state) {
		for i := range st.Messages {
			if fits(st.Messages[i]) {
				edit(&st.Messages[i])
				n++
			}
		}
	})
	return n, err
}

// Acknowledge answers an emergency in the app, as its user would, which calls
// back whoever sent it. It fails when there is no such emergency, or when
// nobody took the callback.
func (s *Server) Acknowledge(ctx context.Context, id string) error {
	all := s.Messages("")
	n := slices.IndexFunc(all, func(m Message) bool { return m.ID == id && m.Receipt != "" })
	if n < 0 {
		return fmt.Errorf("there is no emergency %s, list them at /pushover/api/messages", id)
	}
	same := func(m Message) bool { return m.ID == id }
	if _, err := s.change(same, func(m *Message) { m.Acknowledged = time.Now() }); err != nil {
		return err
	}
	if all[n].Callback == "" {
		return nil
	}
	status, err := s.callBack(ctx, all[n])
	if err != nil {
		return fmt.Errorf("call the sender back: %w", err)
	}
	_, err = s.change(same, func(m *Message) { m.CalledBack = status })
	if status >= http.StatusBadRequest {
		return errors.Join(err, fmt.Errorf("the callback was answered with %d", status))
	}
	return err
}

func (s *Server) callBack(ctx context.Context, m Message) (int, error) {
	form := url.Values{
		"receipt": {m.Receipt}, "acknowledged": {"1"}, "acknowledged_at": {strconv.FormatInt(time.Now().Unix(), 10)},
		"acknowledged_by": {m.User}, "acknowledged_by_device": {"sandbox"},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Callback, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxForm))
	return resp.StatusCode, resp.Body.Close()
}

// newReceipt returns 30 letters and digits, as Pushover makes them.
func newReceipt() string { return strings.ToLower((rand.Text() + rand.Text())[:30]) }
