package deployer

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/internal/page"
	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

//go:embed templates
var templates embed.FS

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (s *Server) route() {
	routes := []struct {
		op, pattern string
		handle      http.HandlerFunc
	}{
		{"service", "GET /deploy/services/{name}", s.getService},
		{"rollback", "POST /deploy/services/{name}/rollback", s.postRollback},
		{"operation", "GET /deploy/operations/{id}", s.getOperation},
		{"deploy", "POST /deploy/services/{name}/deploy", s.postDeploy},
	}
	for _, route := range routes {
		s.mux.Handle(route.pattern, s.Faults.Wrap(route.op, wire.Bearer(s.config.Token, s.logged(route.handle))))
	}
	s.mux.Handle("GET /deploy/api/calls", wire.Bearer(s.config.Token, http.HandlerFunc(s.listCalls)))
	s.mux.Handle("PUT /deploy/api/settings", wire.Bearer(s.config.Token, http.HandlerFunc(s.putSettings)))
	s.mux.Handle("/deploy/_faults", s.Faults.Handler())
	s.mux.HandleFunc("GET /deploy/{$}", s.deployPage)
	s.mux.HandleFunc("POST /deploy/press/{name}", s.press)
}

// logged writes a call into the log before it is done.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxBody))
		if err != nil {
			wire.Refuse(w, http.StatusRequestEntityTooLarge, "body-too-large", "send a smaller body")
			return
		}
		var logged json.RawMessage
		if json.Valid(body) {
			logged = body
		}
		s.logCall(r, logged)
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, err error) {
	if p := new(problem); errors.As(err, &p) {
		wire.Refuse(w, p.status, p.kind, p.detail)
		return
	}
	wire.Refuse(w, http.StatusInternalServerError, "not-kept", err.Error())
}

// onWire is a deployment as the interface tells of it.
type onWire struct {
	Revision   string    `json:"revision"`
	Version    string    `json:"version"`
	DeployedAt time.Time `json:"deployed_at"`
	DeployedBy string    `json:"deployed_by"`
}

func tell(d Deployment) onWire {
	return onWire{Revision: d.Revision, Version: d.Version, DeployedAt: d.DeployedAt, DeployedBy: d.DeployedBy}
}

func (s *Server) getService(w http.ResponseWriter, r *http.Request) {
	service, ok := s.Service(r.PathValue("name"))
	if !ok {
		wire.Refuse(w, http.StatusNotFound, "unknown-service", "there is no service of that name here")
		return
	}
	previous := []onWire{}
	for _, d := range service.Deployments[1:] {
		previous = append(previous, tell(d))
	}
	wire.Write(w, http.StatusOK, struct {
		Service string `json:"service"`
		onWire
		Previous []onWire `json:"previous"`
	}{service.Name, tell(service.Current()), previous})
}

func (s *Server) postRollback(w http.ResponseWriter, r *http.Request) {
	var in RollbackRequest
	if !wire.Read(w, r, &in) {
		return
	}
	op, err := s.rollback(r.PathValue("name"), in)
	if err != nil {
		refuse(w, err)
		return
	}
	wire.Write(w, http.StatusOK, op)
}

func (s *Server) getOperation(w http.ResponseWriter, r *http.Request) {
	ops := s.Operations()
	i := slices.IndexFunc(ops, func(op Operation) bool { return op.ID == r.PathValue("id") })
	if i < 0 {
		wire.Refuse(w, http.StatusNotFound, "unknown-operation", "there is no operation of that id here")
		return
	}
	wire.Write(w, http.StatusOK, ops[i])
}

func (s *Server) postDeploy(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Version    string `json:"version"`
		DeployedBy string `json:"deployed_by"`
		Bad        bool   `json:"bad"`
	}
	if !wire.Read(w, r, &in) {
		return
	}
	name := r.PathValue("name")
	if !namePattern.MatchString(name) {
		wire.Refuse(w, http.StatusBadRequest, "bad-name", "name a service with small letters, digits and hyphens")
		return
	}
	d, err := s.Deploy(name, Deployment{Version: in.Version, DeployedBy: in.DeployedBy, Bad: in.Bad})
	if err != nil {
		refuse(w, err)
		return
	}
	wire.Write(w, http.StatusCreated, tell(d))
}

func (s *Server) listCalls(w http.ResponseWriter, _ *http.Request) {
	wire.Write(w, http.StatusOK, map[string]any{"calls": append([]Call{}, s.Calls()...)})
}

func (s *Server) putSettings(w http.ResponseWriter, r *http.Request) {
	var in struct {
		RollbackTakes string `json:"rollback_takes"`
		FailRollbacks int    `json:"fail_rollbacks"`
	}
	if !wire.Read(w, r, &in) {
		return
	}
	takes, err := time.ParseDuration(in.RollbackTakes)
	if err != nil || takes < 0 || in.FailRollbacks < 0 {
		wire.Refuse(w, http.StatusBadRequest, "bad-settings", "rollback_takes is a duration such as \"2s\", fail_rollbacks a number from 0")
		return
	}
	s.SetRollback(takes, in.FailRollbacks)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) deployPage(w http.ResponseWriter, _ *http.Request) {
	ops := s.Operations()
	slices.Reverse(ops)
	data := struct {
		Services   []Service
		Operations []Operation
	}{s.Services(), ops}
	s.pages.Write(w, "deploy.html", http.StatusOK, page.View{Title: "Deployments", Part: "deploy", Refresh: 5, Data: data})
}

// press is the page's button that deploys.
func (s *Server) press(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if _, known := s.Service(name); !known {
		http.Error(w, "There is no such service; go back to /deploy/.", http.StatusNotFound)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxBody)
	if _, err := s.Deploy(name, Deployment{DeployedBy: "person at the page", Bad: r.PostFormValue("bad") != ""}); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	http.Redirect(w, r, "/deploy/", http.StatusSeeOther)
}
