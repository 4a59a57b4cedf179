package phone

import (
	"embed"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/tocsinhq/tocsin/sandbox/internal/page"
	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

//go:embed templates
var templates embed.FS

func (s *Server) route() {
	asJSON := wire.Bearer(s.config.Token, s.publish(fromJSON))
	withHeaders := wire.Bearer(s.config.Token, s.publish(fromHeaders))
	for _, method := range []string{"POST", "PUT"} {
		s.mux.Handle(method+" /phone", s.Faults.Wrap("push", asJSON))
		s.mux.Handle(method+" /phone/{$}", s.Faults.Wrap("push", asJSON))
		s.mux.Handle(method+" /phone/{topic}", s.Faults.Wrap("push", withHeaders))
	}
	s.mux.Handle("POST /phone/hook/{name}", s.Faults.Wrap("hook", http.HandlerFunc(s.receiveHook)))
	control := s.Faults.Handler()
	for _, method := range []string{"GET", "POST", "DELETE"} {
		s.mux.Handle(method+" /phone/_faults", control)
	}
	s.mux.HandleFunc("GET /phone/api/pages", s.listPages)
	s.mux.HandleFunc("DELETE /phone/api/pages", s.forget)
	s.mux.HandleFunc("POST /phone/api/pages/{id}/actions/{n}", s.tapByAPI)
	s.mux.HandleFunc("GET /phone/api/hooks", s.listHooks)
	s.mux.HandleFunc("GET /phone/{$}", s.phonesPage)
	s.mux.HandleFunc("POST /phone/tap/{id}/{n}", s.tapAtPhone)
}

func (s *Server) listPages(w http.ResponseWriter, r *http.Request) {
	since, ok := wire.Since(w, r)
	if !ok {
		return
	}
	pages := slices.DeleteFunc(s.Pages(r.URL.Query().Get("topic")), func(p Page) bool { return p.Received.Before(since) })
	wire.Write(w, http.StatusOK, map[string]any{"pages": pages})
}

func (s *Server) listHooks(w http.ResponseWriter, r *http.Request) {
	wire.Write(w, http.StatusOK, map[string]any{"hooks": s.Hooks(r.URL.Query().Get("name"))})
}

func (s *Server) forget(w http.ResponseWriter, _ *http.Request) {
	wire.Done(w, s.Forget())
}

func (s *Server) tap(r *http.Request) (Tap, error) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		n = -1
	}
	return s.Tap(r.Context(), r.PathValue("id"), n)
}

func (s *Server) tapByAPI(w http.ResponseWriter, r *http.Request) {
	tap, err := s.tap(r)
	if err != nil {
		wire.Refuse(w, http.StatusNotFound, "unknown-button", err.Error())
		return
	}
	wire.Write(w, http.StatusOK, tap)
}

func (s *Server) tapAtPhone(w http.ResponseWriter, r *http.Request) {
	if _, err := s.tap(r); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	http.Redirect(w, r, "/phone/", http.StatusSeeOther)
}

// phoneView is one phone, its pushes newest first.
type phoneView struct {
	Topic string
	Pages []Page
}

// hookView is a webhook with its body made readable.
type hookView struct {
	Hook
	Pretty string
}

func (s *Server) phonesPage(w http.ResponseWriter, _ *http.Request) {
	byTopic := map[string][]Page{}
	for _, p := range slices.Backward(s.Pages("")) {
		byTopic[p.Topic] = append(byTopic[p.Topic], p)
	}
	var data struct {
		Phones []phoneView
		Hooks  []hookView
	}
	for _, topic := range slices.Sorted(maps.Keys(byTopic)) {
		data.Phones = append(data.Phones, phoneView{Topic: topic, Pages: byTopic[topic]})
	}
	for _, h := range slices.Backward(s.Hooks("")) {
		pretty, err := json.MarshalIndent(h.Body, "", "  ")
		if err != nil {
			pretty = h.Body
		}
		data.Hooks = append(data.Hooks, hookView{Hook: h, Pretty: string(pretty)})
	}
	s.pages.Write(w, "phones.html", http.StatusOK, page.View{Title: "Phones", Part: "phone", Refresh: 3, Data: data})
}
