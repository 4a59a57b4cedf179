package jira

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Server) listTransitions(w http.ResponseWriter, r *http.Request) error {
	issue, err := s.find(r.PathValue("issue"))
	if err != nil {
		return err
	}
	withFields := slices.Contains(splitAll(r.URL.Query()["expand"]), "transitions.fields")
	writeJSON(w, http.StatusOK, object{
		"expand": "transitions", "transitions": s.renderTransitions(base(r), issue, withFields),
	})
	return nil
}

// available lists the transitions that start from an issue's status.
func (s *Server) available(issue *Issue) []Transition {
	var out []Transition
	for _, t := range s.config.Workflow.Transitions {
		if len(t.From) == 0 && t.To != issue.Status.ID || slices.Contains(t.From, issue.Status.ID) {
			out = append(out, t)
		}
	}
	return out
}

func (s *Server) status(id string) Status {
	i := slices.IndexFunc(s.config.Workflow.Statuses, func(st Status) bool { return st.ID == id })
	if i < 0 {
		return Status{ID: id, Name: id, Category: CategoryIndeterminate}
	}
	return s.config.Workflow.Statuses[i]
}

func (s *Server) renderTransitions(base string, issue *Issue, withFields bool) []object {
	out := []object{}
	for _, t := range s.available(issue) {
		to := s.status(t.To)
		rendered := object{
			"id": t.ID, "name": t.Name, "to": renderStatus(base, to), "hasScreen": to.Category == CategoryDone,
			"isGlobal": len(t.From) == 0, "isInitial": false, "isAvailable": true, "isConditional": false, "looped": false,
		}
		if withFields {
			rendered["fields"] = s.transitionFields(base, t, to)
		}
		out = append(out, rendered)
	}
	return out
}

func (s *Server) transitionFields(base string, t Transition, to Status) object {
	if to.Category != CategoryDone {
		return object{}
	}
	allowed := []object{}
	for i, name := range s.config.Workflow.Resolutions {
		allowed = append(allowed, numbered(base+"/rest/api/2/resolution/", i, name))
	}
	return object{"resolution": object{
		"required": t.RequireResolution, "key": "resolution", "name": "Resolution", "hasDefaultValue": false,
		"operations": []string{"set"}, "allowedValues": allowed,
		"schema": object{"type": "resolution", "system": "resolution"},
	}}
}

func (s *Server) doTransition(w http.ResponseWriter, r *http.Request) error {
	var in update
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	// An empty "update" and "fields" is what go-jira always sends.
	_, err := s.change(r.PathValue("issue"), s.api(), event{}, func(issue *Issue) error {
		return s.move(issue, in)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) move(issue *Issue, in update) error {
	if in.Transition.ID == "" {
		return failed(http.StatusBadRequest, "Missing 'transition' identifier")
	}
	i := slices.IndexFunc(s.available(issue), func(t Transition) bool { return t.ID == in.Transition.ID })
	if i < 0 {
		return failed(http.StatusBadRequest, "Transition id '%s' is not valid for this issue.", in.Transition.ID)
	}
	t := s.available(issue)[i]
	to := s.status(t.To)
	e := newEditor(s.config, issue)
	for name := range in.Fields {
		if name != "resolution" || to.Category != CategoryDone {
			e.wrong[name] = "Field '" + name + "' cannot be set. It is not on the appropriate screen, or unknown."
		}
	}
	// Leaving a finished status forgets why it was finished.
	issue.Resolution, issue.Resolved = "", time.Time{}
	if len(e.wrong) == 0 {
		e.apply(update{Fields: in.Fields})
	}
	if t.RequireResolution && issue.Resolution == "" && e.wrong["resolution"] == "" {
		e.wrong["resolution"] = "Resolution is required."
	}
	if issue.Resolution != "" {
		issue.Resolved = time.Now()
	}
	issue.Status = to
	return e.err()
}

// Transition moves an issue as the named person would, with a resolution or
// none, to the status of that name (in any case). It fails when no transition
// leads there, or when that one needs a resolution.
func (s *Server) Transition(key, author, status, resolution string) error {
	_, err := s.change(key, author, event{}, func(issue *Issue) error {
		for _, t := range s.available(issue) {
			if strings.EqualFold(s.status(t.To).Name, status) {
				return s.move(issue, transitionTo(t.ID, resolution))
			}
		}
		return failed(http.StatusBadRequest, "No transition leads from %s to %s.", issue.Status.Name, status)
	})
	return err
}
