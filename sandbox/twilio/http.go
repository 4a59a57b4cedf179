package twilio

import (
	"embed"
	"maps"
	"net/http"
	"slices"

	"github.com/tocsinhq/tocsin/sandbox/internal/page"
	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

//go:embed templates
var templates embed.FS

func (s *Server) route() {
	s.mux.Handle("POST /twilio/2010-04-01/Accounts/{sid}/Messages.json", s.Faults.Wrap("send", s.signedIn(s.send)))
	s.mux.Handle("GET /twilio/2010-04-01/Accounts/{sid}", s.signedIn(s.showAccount))
	s.mux.Handle("/twilio/_faults", s.Faults.Handler())
	s.mux.HandleFunc("GET /twilio/api/messages", s.list)
	s.mux.HandleFunc("DELETE /twilio/api/messages", s.forget)
	s.mux.HandleFunc("POST /twilio/api/replies", s.replyByAPI)
	s.mux.HandleFunc("POST /twilio/api/phones", s.switchByAPI)
	s.mux.HandleFunc("GET /twilio/{$}", s.phonesPage)
	s.mux.HandleFunc("POST /twilio/reply", s.replyAtPhone)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	wire.Write(w, http.StatusOK, map[string]any{"messages": s.Messages(r.URL.Query().Get("number"))})
}

func (s *Server) forget(w http.ResponseWriter, _ *http.Request) {
	wire.Done(w, s.Forget())
}

func (s *Server) replyByAPI(w http.ResponseWriter, r *http.Request) {
	var in struct {
		From string `json:"from"`
		Body string `json:"body"`
	}
	if !wire.Read(w, r, &in) {
		return
	}
	answers, err := s.Reply(r.Context(), in.From, in.Body)
	if err != nil {
		wire.Refuse(w, http.StatusBadGateway, "not-taken", err.Error())
		return
	}
	wire.Write(w, http.StatusOK, map[string]any{"answers": answers})
}

func (s *Server) switchByAPI(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Number string `json:"number"`
		Off    bool   `json:"off"`
	}
	if !wire.Read(w, r, &in) {
		return
	}
	wire.Done(w, s.Switch(in.Number, !in.Off))
}

func (s *Server) replyAtPhone(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if _, err := s.Reply(r.Context(), r.PostFormValue("from"), r.PostFormValue("body")); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, "/twilio/", http.StatusSeeOther)
}

// phoneView is one phone with its messages, newest first.
type phoneView struct {
	Number   string
	Off      bool
	Messages []Message
}

func (s *Server) phonesPage(w http.ResponseWriter, _ *http.Request) {
	byNumber := map[string][]Message{}
	for _, m := range slices.Backward(s.Messages("")) {
		number := m.To
		if m.Reply {
			number = m.From
		}
		byNumber[number] = append(byNumber[number], m)
	}
	var phones []phoneView
	for _, number := range slices.Sorted(maps.Keys(byNumber)) {
		phones = append(phones, phoneView{Number: number, Off: s.off(number), Messages: byNumber[number]})
	}
	s.pages.Write(w, "sms.html", http.StatusOK, page.View{Title: "SMS", Part: "twilio", Data: phones})
}
