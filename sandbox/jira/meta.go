package jira

import (
	"net/http"
	"slices"
	"time"
)

func (s *Server) myself(w http.ResponseWriter, r *http.Request) error {
	user := s.renderUser(base(r), s.api())
	user["locale"] = "en_US"
	writeJSON(w, http.StatusOK, user)
	return nil
}

func (s *Server) serverInfo(w http.ResponseWriter, r *http.Request) error {
	writeJSON(w, http.StatusOK, object{
		"baseUrl": base(r), "version": "1001.0.0-SNAPSHOT", "versionNumbers": []int{1001, 0, 0},
		"deploymentType": "Cloud", "buildNumber": 100301, "serverTime": jiraTime(time.Now()), "serverTitle": "Sandbox",
	})
	return nil
}

func systemFields() []CustomField {
	return []CustomField{
		{ID: "summary", Name: "Summary", Type: "string"},
		{ID: "description", Name: "Description", Type: "string"},
		{ID: "labels", Name: "Labels", Type: "array"},
		{ID: "status", Name: "Status", Type: "status"},
		{ID: "resolution", Name: "Resolution", Type: "resolution"},
		{ID: "priority", Name: "Priority", Type: "priority"},
		{ID: "assignee", Name: "Assignee", Type: "user"},
		{ID: "reporter", Name: "Reporter", Type: "user"},
		{ID: "issuetype", Name: "Issue Type", Type: "issuetype"},
		{ID: "project", Name: "Project", Type: "project"},
		{ID: "duedate", Name: "Due date", Type: "date"},
		{ID: "created", Name: "Created", Type: "datetime"},
		{ID: "updated", Name: "Updated", Type: "datetime"},
	}
}

func (s *Server) listFields(w http.ResponseWriter, _ *http.Request) error {
	out := []object{}
	for _, f := range systemFields() {
		out = append(out, renderField(f, false))
	}
	for _, f := range s.config.Fields {
		out = append(out, renderField(f, true))
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

func renderField(f CustomField, custom bool) object {
	schema := object{"type": f.Type, "system": f.ID}
	if custom {
		schema = object{"type": f.Type, "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield"}
	}
	if f.Type == "array" {
		schema["items"] = "string"
	}
	return object{
		"id": f.ID, "key": f.ID, "name": f.Name, "custom": custom, "orderable": true,
		"navigable": true, "searchable": true, "clauseNames": []string{f.ID}, "schema": schema,
	}
}

func (s *Server) projectByPath(r *http.Request) (Project, error) {
	want := r.PathValue("project")
	i := slices.IndexFunc(s.config.Projects, func(p Project) bool { return p.Key == want || p.ID == want })
	if i < 0 {
		return Project{}, failed(http.StatusNotFound, "No project could be found with key '%s'.", want)
	}
	return s.config.Projects[i], nil
}

func (s *Server) getProject(w http.ResponseWriter, r *http.Request) error {
	p, err := s.projectByPath(r)
	if err != nil {
		return err
	}
	out := s.renderProject(base(r), p.Key)
	types := []object{}
	for _, t := range p.IssueTypes {
		types = append(types, renderIssueType(base(r), t))
	}
	out["issueTypes"] = types
	writeJSON(w, http.StatusOK, out)
	return nil
}

func (s *Server) createMeta(w http.ResponseWriter, r *http.Request) error {
	p, err := s.projectByPath(r)
	if err != nil {
		return err
	}
	types := []object{}
	for _, t := range p.IssueTypes {
		types = append(types, renderIssueType(base(r), t))
	}
	writeJSON(w, http.StatusOK, object{
		"issueTypes": types, "startAt": 0, "maxResults": 50, "total": len(types),
	})
	return nil
}

func (s *Server) createMetaFields(w http.ResponseWriter, r *http.Request) error {
	p, err := s.projectByPath(r)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(p.IssueTypes, func(t IssueType) bool { return t.ID == r.PathValue("type") }) {
		return failed(http.StatusNotFound, "No issue type with id '%s' in project %s.", r.PathValue("type"), p.Key)
	}
	fields := []object{}
	for _, f := range append(systemFields(), s.config.Fields...) {
		if slices.Contains([]string{"status", "resolution", "created", "updated"}, f.ID) {
			continue
		}
		required := f.ID == "summary" || f.ID == "project" || f.ID == "issuetype"
		fields = append(fields, object{
			"fieldId": f.ID, "key": f.ID, "name": f.Name, "required": required, "hasDefaultValue": false,
			"operations": []string{"set"}, "schema": renderField(f, false)["schema"],
		})
	}
	writeJSON(w, http.StatusOK, object{
		"fields": fields, "startAt": 0, "maxResults": 50, "total": len(fields),
	})
	return nil
}
