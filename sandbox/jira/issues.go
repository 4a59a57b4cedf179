package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Server) createIssue(w http.ResponseWriter, r *http.Request) error {
	var in update
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	issue, err := s.draft(in)
	if err != nil {
		return err
	}
	s.mu.Lock()
	issue.ID, issue.Key = s.nextIDLocked(), s.nextKeyLocked(issue.Project)
	s.storeLocked(issue)
	s.mu.Unlock()
	if err := s.file.Sync(); err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, map[string]string{
		"id": issue.ID, "key": issue.Key, "self": issueURL(base(r), issue),
	})
	return nil
}

// draft is the issue that a create request describes, without id and key.
func (s *Server) draft(in update) (*Issue, error) {
	now := time.Now()
	issue := &Issue{
		Status: s.config.Workflow.Statuses[0], Priority: "Medium", Created: now, Updated: now,
	}
	e := newEditor(s.config, issue)
	e.apply(in)
	if issue.Summary == "" && e.wrong["summary"] == "" {
		e.wrong["summary"] = "You must specify a summary of the issue."
	}
	project, ok := s.project(in.Fields["project"])
	if !ok {
		e.wrong["project"] = "Specify a valid project ID or key"
		return nil, e.err()
	}
	issue.Project = project.Key
	kind, ok := issueType(project, in.Fields["issuetype"])
	if !ok {
		e.wrong["issuetype"] = "Specify a valid issue type"
		return nil, e.err()
	}
	issue.Type = kind.Name
	if message := s.parent(issue, kind, in.Fields["parent"]); message != "" {
		e.wrong["parent"] = message
	}
	return issue, e.err()
}

func (s *Server) project(raw json.RawMessage) (Project, bool) {
	var in struct{ ID, Key string }
	if json.Unmarshal(raw, &in) != nil {
		return Project{}, false
	}
	i := slices.IndexFunc(s.config.Projects, func(p Project) bool { return p.ID == in.ID || p.Key == in.Key })
	if i < 0 {
		return Project{}, false
	}
	return s.config.Projects[i], true
}

func issueType(p Project, raw json.RawMessage) (IssueType, bool) {
	var in struct{ ID, Name string }
	if json.Unmarshal(raw, &in) != nil {
		return IssueType{}, false
	}
	i := slices.IndexFunc(p.IssueTypes, func(t IssueType) bool {
		return t.ID == in.ID || (in.ID == "" && strings.EqualFold(t.Name, in.Name))
	})
	if i < 0 {
		return IssueType{}, false
	}
	return p.IssueTypes[i], true
}

func (s *Server) parent(issue *Issue, kind IssueType, raw json.RawMessage) string {
	if raw == nil {
		if kind.Subtask {
			return "Issue type is a sub-task but parent issue key or id not specified."
		}
		return ""
	}
	var in struct{ ID, Key string }
	if json.Unmarshal(raw, &in) != nil {
		return "data was not an object"
	}
	parent, err := s.find(in.ID + in.Key)
	if err != nil {
		return "Could not find issue by id or key."
	}
	issue.Parent = parent.Key
	return ""
}

func (s *Server) getIssue(w http.ResponseWriter, r *http.Request) error {
	issue, err := s.find(r.PathValue("issue"))
	if err != nil {
		return err
	}
	wanted := fieldList(r.URL.Query()["fields"], "*all")
	out := s.renderIssue(base(r), issue, wanted)
	if names := splitAll(r.URL.Query()["properties"]); len(names) > 0 {
		out["properties"] = someProperties(issue, names)
	}
	if slices.Contains(splitAll(r.URL.Query()["expand"]), "changelog") {
		out["changelog"] = s.renderChangelog(base(r), issue)
	}
	if slices.Contains(splitAll(r.URL.Query()["expand"]), "transitions") {
		out["transitions"] = s.renderTransitions(base(r), issue, false)
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

func (s *Server) editIssue(w http.ResponseWriter, r *http.Request) error {
	var in update
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	_, err := s.change(r.PathValue("issue"), s.api(), event{}, func(issue *Issue) error {
		e := newEditor(s.config, issue)
		if _, set := in.Fields["resolution"]; set {
			e.wrong["resolution"] = "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown."
			return e.err()
		}
		e.apply(in)
		return e.err()
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) deleteIssue(w http.ResponseWriter, r *http.Request) error {
	if err := s.remove(r.PathValue("issue"), s.api()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func issueURL(base string, issue *Issue) string {
	return fmt.Sprintf("%s/rest/api/2/issue/%s", base, issue.ID)
}
