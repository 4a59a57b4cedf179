package inbox

import (
	"embed"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/internal/page"
	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

//go:embed templates
var templates embed.FS

func (s *Server) route() {
	s.mux.Handle("/inbox/_faults", s.Faults.Handler())
	s.mux.HandleFunc("GET /inbox/api/messages", s.list)
	s.mux.HandleFunc("DELETE /inbox/api/messages", s.forget)
	s.mux.HandleFunc("GET /inbox/api/messages/{id}", s.show)
	s.mux.HandleFunc("DELETE /inbox/api/messages/{id}", s.forget)
	s.mux.HandleFunc("GET /inbox/{$}", s.threadsPage)
	s.mux.HandleFunc("GET /inbox/messages/{id}", s.messagePage)
	s.mux.HandleFunc("GET /inbox/messages/{id}/html", s.messageHTML)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	params := r.URL.Query()
	q := Query{To: params.Get("to"), Subject: params.Get("subject"), MessageID: params.Get("message_id")}
	var ok bool
	if q.Since, ok = wire.Since(w, r); !ok {
		return
	}
	found := s.Messages(q)
	for i, m := range found {
		found[i] = m.summary()
	}
	wire.Write(w, http.StatusOK, map[string]any{"messages": found})
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	m, ok := s.Message(r.PathValue("id"))
	if !ok {
		refuseUnknown(w)
		return
	}
	m.Raw = nil
	wire.Write(w, http.StatusOK, m)
}

func (s *Server) forget(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	gone, err := s.Forget(id)
	if err == nil && id != "" && gone == 0 {
		refuseUnknown(w)
		return
	}
	wire.Done(w, err)
}

func refuseUnknown(w http.ResponseWriter) {
	wire.Refuse(w, http.StatusNotFound, "unknown-message", "there is no such message, list them at /inbox/api/messages")
}

// thread is the mails that belong together, oldest first.
type thread struct {
	Subject string
	Last    time.Time
	Mails   []Message
}

// threads groups messages by the Message-ID that started them, the one with
// the newest mail first. Copies for several recipients stay separate mails.
func threads(messages []Message) []thread {
	byRoot := map[string]*thread{}
	var order []*thread
	for _, m := range messages {
		root := m.Thread
		if root == "" {
			root = "alone:" + m.ID
		}
		t, ok := byRoot[root]
		if !ok {
			t = &thread{Subject: m.Subject}
			byRoot[root] = t
			order = append(order, t)
		}
		t.Last = m.Received
		t.Mails = append(t.Mails, m)
	}
	out := make([]thread, 0, len(order))
	for _, t := range order {
		out = append(out, *t)
	}
	slices.SortStableFunc(out, func(a, b thread) int { return b.Last.Compare(a.Last) })
	return out
}

func (s *Server) threadsPage(w http.ResponseWriter, _ *http.Request) {
	s.pages.Write(w, "threads.html", http.StatusOK, page.View{
		Title: "Inbox", Part: "inbox", Refresh: 5, Data: threads(s.Messages(Query{})),
	})
}

// mailView is a message with what its page shows beside it.
type mailView struct {
	Message
	Shown []shownHeader
}

type shownHeader struct{ Name, Value string }

func (s *Server) messagePage(w http.ResponseWriter, r *http.Request) {
	m, ok := s.Message(r.PathValue("id"))
	if !ok {
		http.Error(w, "There is no such mail; it may have been deleted. Go back to /inbox/.", http.StatusNotFound)
		return
	}
	view := mailView{Message: m}
	for name, values := range m.Headers {
		view.Shown = append(view.Shown, shownHeader{Name: name, Value: decodeWords(strings.Join(values, ", "))})
	}
	slices.SortFunc(view.Shown, func(a, b shownHeader) int { return strings.Compare(a.Name, b.Name) })
	s.pages.Write(w, "mail.html", http.StatusOK, page.View{Title: m.Subject, Part: "inbox", Data: view})
}

// messageHTML is the mail's own HTML, shown in a frame that may do nothing.
func (s *Server) messageHTML(w http.ResponseWriter, r *http.Request) {
	m, ok := s.Message(r.PathValue("id"))
	if !ok {
		http.Error(w, "There is no such mail.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups")
	_, _ = w.Write([]byte(m.HTML))
}
