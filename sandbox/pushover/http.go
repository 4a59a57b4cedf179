package pushover

import (
	"crypto/subtle"
	"embed"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tocsinhq/tocsin/sandbox/internal/page"
	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

//go:embed templates
var templates embed.FS

const (
	maxForm    = 64 << 10
	maxTitle   = 250
	maxMessage = 1024
	maxURL     = 512
	emergency  = 2
	minRetry   = 30
	maxExpire  = 10800
)

var userKey = regexp.MustCompile(`^[A-Za-z0-9]{30}$`)

func (s *Server) route() {
	s.mux.Handle("POST /pushover/1/messages.json", s.Faults.Wrap("message", s.ofApplication(s.push)))
	s.mux.Handle("GET /pushover/1/receipts/{receipt}", s.ofApplication(s.showReceipt))
	s.mux.Handle("POST /pushover/1/receipts/{what}/{which}", s.Faults.Wrap("cancel", s.ofApplication(s.cancelSome)))
	s.mux.Handle("/pushover/_faults", s.Faults.Handler())
	s.mux.HandleFunc("GET /pushover/api/messages", s.list)
	s.mux.HandleFunc("DELETE /pushover/api/messages", s.forget)
	s.mux.HandleFunc("POST /pushover/api/messages/{id}/acknowledge", s.acknowledgeByAPI)
	s.mux.HandleFunc("GET /pushover/{$}", s.phonesPage)
	s.mux.HandleFunc("POST /pushover/acknowledge/{id}", s.acknowledgeAtPhone)
}

// refuse answers as Pushover does: the parameter at fault, and why.
func refuse(w http.ResponseWriter, status int, parameter, why string) {
	wire.Write(w, status, map[string]any{parameter: "invalid", "errors": []string{why}, "status": 0, "request": uuid.NewString()})
}

func confirm(w http.ResponseWriter, more map[string]any) {
	more["status"], more["request"] = 1, uuid.NewString()
	wire.Write(w, http.StatusOK, more)
}

// ofApplication lets only the application through.
func (s *Server) ofApplication(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			refuse(w, http.StatusBadRequest, "message", "cannot be read")
			return
		}
		if subtle.ConstantTimeCompare([]byte(r.Form.Get("token")), []byte(s.config.Token)) != 1 {
			refuse(w, http.StatusBadRequest, "token", "application token is invalid")
			return
		}
		next(w, r)
	})
}

func (s *Server) push(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	if parameter, why := wrong(form); parameter != "" {
		refuse(w, http.StatusBadRequest, parameter, why)
		return
	}
	m := Message{
		User: form.Get("user"), Title: form.Get("title"), Message: form.Get("message"), URL: form.Get("url"), URLTitle: form.Get("url_title"),
	}
	m.Priority, _ = strconv.Atoi(form.Get("priority"))
	if m.Priority == emergency {
		m.Receipt, m.Callback, m.Tags = newReceipt(), form.Get("callback"), strings.Split(form.Get("tags"), ",")
		m.Expires = time.Now().Add(time.Duration(number(form, "expire")) * time.Second)
	}
	if err := s.keep(m); err != nil {
		refuse(w, http.StatusInternalServerError, "message", err.Error())
		return
	}
	answer := map[string]any{}
	if m.Receipt != "" {
		answer["receipt"] = m.Receipt
	}
	confirm(w, answer)
}

func number(form url.Values, name string) int {
	n, err := strconv.Atoi(form.Get(name))
	if err != nil {
		return -1
	}
	return n
}

// wrong returns the parameter at fault and why, or "".
func wrong(form url.Values) (parameter, why string) {
	size := func(name string) int { return utf8.RuneCountInString(form.Get(name)) }
	urgent := form.Get("priority") == strconv.Itoa(emergency)
	switch {
	case !userKey.MatchString(form.Get("user")):
		return "user", "user identifier is not a valid user, group, or subscribed user key"
	case size("message") == 0:
		return "message", "message cannot be blank"
	case size("message") > maxMessage, size("title") > maxTitle:
		return "message", "message is too long"
	case size("url") > maxURL:
		return "url", "url is too long"
	case form.Get("priority") != "" && (number(form, "priority") < -2 || number(form, "priority") > emergency):
		return "priority", "priority is invalid"
	case urgent && number(form, "retry") < minRetry:
		return "retry", "retry must be at least 30 seconds"
	case urgent && (number(form, "expire") < 1 || number(form, "expire") > maxExpire):
		return "expire", "expire must be at most 10800 seconds"
	}
	return "", ""
}

func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (s *Server) showReceipt(w http.ResponseWriter, r *http.Request) {
	receipt := strings.TrimSuffix(r.PathValue("receipt"), ".json")
	all := s.Messages("")
	n := slices.IndexFunc(all, func(m Message) bool { return m.Receipt == receipt && receipt != "" })
	if n < 0 {
		refuse(w, http.StatusNotFound, "receipt", "receipt not found; may be invalid or expired")
		return
	}
	m := all[n]
	confirm(w, map[string]any{
		"acknowledged": flag(!m.Acknowledged.IsZero()), "acknowledged_at": stamp(m.Acknowledged), "expires_at": stamp(m.Expires),
		"expired": flag(!time.Now().Before(m.Expires) || !m.Cancelled.IsZero()),
	})
}

// cancelSome tells the two ways to cancel apart, whose addresses overlap:
// cancel_by_tag/{tag}.json and {receipt}/cancel.json.
func (s *Server) cancelSome(w http.ResponseWriter, r *http.Request) {
	switch what, which := r.PathValue("what"), r.PathValue("which"); {
	case what == "cancel_by_tag":
		s.cancelByTag(w, strings.TrimSuffix(which, ".json"))
	case which == "cancel.json":
		s.cancel(w, what)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) cancel(w http.ResponseWriter, receipt string) {
	n, err := s.change(func(m Message) bool { return m.Receipt == receipt && m.Cancelled.IsZero() }, silence)
	switch {
	case err != nil:
		refuse(w, http.StatusInternalServerError, "receipt", err.Error())
	case n == 0:
		refuse(w, http.StatusNotFound, "receipt", "receipt not found; may be invalid or expired")
	default:
		confirm(w, map[string]any{})
	}
}

func (s *Server) cancelByTag(w http.ResponseWriter, tag string) {
	n, err := s.change(func(m Message) bool { return slices.Contains(m.Tags, tag) && m.Rings(time.Now()) }, silence)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "tag", err.Error())
		return
	}
	confirm(w, map[string]any{"canceled": n})
}

func silence(m *Message) { m.Cancelled = time.Now() }

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	wire.Write(w, http.StatusOK, map[string]any{"messages": s.Messages(r.URL.Query().Get("user"))})
}

func (s *Server) forget(w http.ResponseWriter, _ *http.Request) {
	wire.Done(w, s.Forget())
}

func (s *Server) acknowledgeByAPI(w http.ResponseWriter, r *http.Request) {
	if err := s.Acknowledge(r.Context(), r.PathValue("id")); err != nil {
		wire.Refuse(w, http.StatusConflict, "not-acknowledged", err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) acknowledgeAtPhone(w http.ResponseWriter, r *http.Request) {
	if err := s.Acknowledge(r.Context(), r.PathValue("id")); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	http.Redirect(w, r, "/pushover/", http.StatusSeeOther)
}

// phoneView is one user's phone, its pushes newest first.
type phoneView struct {
	User     string
	Messages []messageView
}

// messageView is a push, and whether it rings now.
type messageView struct {
	Message
	Ringing bool
}

func (s *Server) phonesPage(w http.ResponseWriter, _ *http.Request) {
	var phones []phoneView
	now := time.Now()
	for _, m := range slices.Backward(s.Messages("")) {
		n := slices.IndexFunc(phones, func(p phoneView) bool { return p.User == m.User })
		if n < 0 {
			phones, n = append(phones, phoneView{User: m.User}), len(phones)
		}
		phones[n].Messages = append(phones[n].Messages, messageView{m, m.Rings(now)})
	}
	s.pages.Write(w, "pushover.html", http.StatusOK, page.View{Title: "Pushover", Part: "pushover", Refresh: 3, Data: phones})
}
