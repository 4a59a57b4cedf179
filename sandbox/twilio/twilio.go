package twilio

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/disk"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

// What the zero Config stands for.
const (
	DefaultAccountSID = "AC5a0db0c5a0db0c5a0db0c5a0db0c5a0d"
	DefaultAuthToken  = "sandbox-twilio-token"
	DefaultNumber     = "+12025550100"
)

const callTimeout = 10 * time.Second

// Config says whose account it is; the zero value is the default one.
type Config struct {
	// AccountSID and AuthToken sign in, and sign what is called back.
	AccountSID, AuthToken string
	// Number is the one that the account sends from.
	Number string
	// ReplyURL is where replies are posted; empty keeps them here.
	ReplyURL string
	// Dir keeps the messages in a file of that directory; empty keeps none.
	Dir string
	// Log receives what nobody can be answered; nil discards it.
	Log *slog.Logger
}

// Message is an SMS, to a phone or from one.
type Message struct {
	SID  string    `json:"sid"`
	From string    `json:"from"`
	To   string    `json:"to"`
	Body string    `json:"body"`
	At   time.Time `json:"at"`
	// Reply says that a phone sent it.
	Reply bool `json:"reply,omitempty"`
	// Status is how far it has come, in Twilio's words, or for a reply the
	// status that its receiver answered.
	Status    string `json:"status"`
	ErrorCode int    `json:"error_code,omitempty"`
	// Callback is where its receipts go.
	Callback string `json:"callback,omitempty"`
	// Receipts are the answers to its receipts.
	Receipts []int `json:"receipts,omitempty"`
}

// Server is Twilio and the phones. It serves HTTP below /twilio/.
type Server struct {
	// Faults makes the operation "send" misbehave.
	Faults *fault.Injector

	config Config
	mux    *http.ServeMux
	pages  *page.Set
	kept   *disk.Kept[state]
	client *http.Client
	life   context.Context //nolint:containedctx // of the receipts that are under way
	stop   context.CancelFunc
	calls  sync.WaitGroup
}

// state is what survives a restart.
type state struct {
	Messages []Message       `json:"messages"`
	Off      map[string]bool `json:"off"`
	Stopped  map[string]bool `json:"stopped"`
}

// New returns a server as configured, with its messages kept in the directory
// if there is one. It fails when that cannot be read. Close it.
func New(config Config) (*Server, error) {
	config.AccountSID = cmp.Or(config.AccountSID, DefaultAccountSID)
	config.AuthToken = cmp.Or(config.AuthToken, DefaultAuthToken)
	config.Number = cmp.Or(config.Number, DefaultNumber)
	config.Log = cmp.Or(config.Log, slog.New(slog.DiscardHandler))
	s := &Server{
		config: config, mux: http.NewServeMux(), pages: page.Must(templates), Faults: fault.New("send"), client: &http.Client{Timeout: callTimeout},
	}
	s.life, s.stop = context.WithCancel(context.Background())
	var err error
	begin := state{Off: map[string]bool{}, Stopped: map[string]bool{}}
	if s.kept, err = disk.Keep(config.Dir, "twilio", begin); err != nil {
		return nil, err
	}
	s.route()
	return s, nil
}

// Close lets held requests go, and ends the receipts that are under way.
func (s *Server) Close() {
	s.Faults.Clear()
	s.stop()
	s.calls.Wait()
	s.client.CloseIdleConnections()
}

// ServeHTTP answers everything below /twilio/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Messages returns the SMS to and from a number, or with an empty one all of
// them, oldest first.
func (s *Server) Messages(number string) []Message {
	return disk.Select(s.kept, func(st *state) []Message { return st.Messages }, func(m Message) bool {
		return number == "" || m.To == number || m.From == number
	})
}

// Switch turns a phone on or off: one that is off gets nothing, which a receipt
// says.
func (s *Server) Switch(number string, on bool) error {
	return s.kept.Change(func(st *state) { st.Off[number] = !on })
}

// off reports whether a phone is switched off.
func (s *Server) off(number string) (off bool) {
	s.kept.Look(func(st *state) { off = st.Off[number] })
	return off
}

// stopped reports whether a phone wants nothing more.
func (s *Server) stopped(number string) (stopped bool) {
	s.kept.Look(func(st *state) { stopped = st.Stopped[number] })
	return stopped
}

// Forget removes every message. It fails when that cannot be kept.
func (s *Server) Forget() error { return s.kept.Change(func(st *state) { st.Messages = nil }) }

func (s *Server) keep(m Message) error {
	return s.kept.Change(func(st *state) { st.Messages = append(st.Messages, m) })
}

func (s *Server) change(sid string, edit func(*Message)) error {
	return s.kept.Change(func(st *state) {
		for n := range st.Messages {
			if st.Messages[n].SID == sid {
				edit(&st.Messages[n])
			}
		}
	})
}

// newSID returns an id as Twilio makes them.
func newSID(prefix string) string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails: see crypto/rand
	return prefix + hex.EncodeToString(random)
}
