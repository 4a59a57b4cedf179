package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

func (s *Server) routeControl() {
	s.mux.Handle("/jira/_faults", s.Faults.Handler())
	s.mux.HandleFunc("POST /jira/_move", s.controlMove)
	s.mux.HandleFunc("PUT /jira/_webhook", s.controlWebhook)
	s.mux.HandleFunc("PUT /jira/_settings", s.controlSettings)
}

func (s *Server) controlMove(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Key     string `json:"key"`
		Project string `json:"project"`
	}
	if !wire.Read(w, r, &in) {
		return
	}
	key, err := s.Move(in.Key, "Person at the board", in.Project)
	if err != nil {
		writeError(w, err)
		return
	}
	wire.Write(w, http.StatusOK, map[string]string{"key": key})
}

func (s *Server) controlWebhook(w http.ResponseWriter, r *http.Request) {
	var in Webhook
	if wire.Read(w, r, &in) {
		s.SetWebhook(in)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) controlSettings(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IndexLag       *string `json:"index_lag"`
		StrictComments *bool   `json:"strict_comments"`
	}
	if !wire.Read(w, r, &in) {
		return
	}
	if in.IndexLag != nil {
		lag, err := time.ParseDuration(*in.IndexLag)
		if err != nil || lag < 0 || lag > maxIndexLag {
			wire.Refuse(w, http.StatusBadRequest, "bad-lag", "index_lag is a duration from \"0s\" to \"5m\"")
			return
		}
		s.SetIndexLag(lag)
	}
	if in.StrictComments != nil {
		s.mu.Lock()
		s.config.StrictComments = *in.StrictComments
		s.mu.Unlock()
	}
	w.WriteHeader(http.StatusNoContent)
}

// SetWebhook changes where changes are announced from now on.
func (s *Server) SetWebhook(target Webhook) { s.hooks.setWebhook(target) }

// SetIndexLag changes how long a write stays invisible to search, at most
// five minutes.
func (s *Server) SetIndexLag(lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.IndexLag = min(lag, maxIndexLag)
}

// Issue returns the newest version of an issue by its id or by any key it has
// had, and whether there is one. The result must not be changed.
func (s *Server) Issue(idOrKey string) (*Issue, bool) {
	issue, err := s.find(idOrKey)
	return issue, err == nil
}

// Issues returns every issue, oldest first. They must not be changed.
func (s *Server) Issues() []*Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.state.Issues), byNumber)
}

// Delete removes an issue for good, as the named person would.
func (s *Server) Delete(key, author string) error { return s.remove(key, author) }

// Move puts an issue into another project and returns its new key. The issue
// keeps its id and goes on answering to its old key.
func (s *Server) Move(key, author, project string) (string, error) {
	known := slices.ContainsFunc(s.config.Projects, func(p Project) bool { return p.Key == project })
	if !known {
		return "", failed(http.StatusBadRequest, "No project could be found with key '%s'.", project)
	}
	issue, err := s.change(key, author, event{}, func(issue *Issue) error {
		if issue.Project == project {
			return failed(http.StatusBadRequest, "%s is in project %s already.", issue.Key, project)
		}
		issue.OldKeys = append(issue.OldKeys, issue.Key)
		issue.Project, issue.Key = project, s.nextKeyLocked(project)
		return nil
	})
	if err != nil {
		return "", err
	}
	return issue.Key, nil
}

// Clone makes a copy of an issue as the named person would, and returns it:
// with its labels and properties, without its comments and links.
func (s *Server) Clone(key, author string) (*Issue, error) {
	of, err := s.find(key)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	c := of.clone()
	c.Summary, c.Creator, c.Created, c.Updated = "CLONE - "+of.Summary, author, now, now
	c.Status, c.Resolution, c.Resolved = s.config.Workflow.Statuses[0], "", time.Time{}
	c.OldKeys, c.Comments, c.Links, c.RemoteLinks, c.Attachments, c.History = nil, nil, nil, nil, nil, nil
	s.mu.Lock()
	c.ID, c.Key = s.nextIDLocked(), s.nextKeyLocked(c.Project)
	s.storeLocked(c)
	s.mu.Unlock()
	return c, s.file.Sync()
}

// transitionTo is the request that moves an issue along a transition.
func transitionTo(id, resolution string) update {
	var in update
	in.Transition.ID = id
	if resolution != "" {
		name, _ := json.Marshal(map[string]string{"name": resolution})
		in.Fields = map[string]json.RawMessage{"resolution": name}
	}
	return in
}
