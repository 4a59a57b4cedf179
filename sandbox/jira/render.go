package jira

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

type object = map[string]any

// splitAll joins repeated and comma-separated parameters into one list.
func splitAll(values []string) []string {
	var out []string
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// fieldList is the caller's choice of fields, or the operation's default.
func fieldList(values []string, fallback string) []string {
	if list := splitAll(values); len(list) > 0 {
		return list
	}
	return []string{fallback}
}

// wants tells whether a list of field names, with *all, *navigable and
// -exclusions as Jira has them, asks for a field.
func wants(list []string, field string) bool {
	if slices.Contains(list, "-"+field) {
		return false
	}
	if slices.Contains(list, field) || slices.Contains(list, "*all") {
		return true
	}
	navigable := field != "comment" && field != "attachment"
	onlyExclusions := !slices.ContainsFunc(list, func(f string) bool { return !strings.HasPrefix(f, "-") })
	return navigable && (slices.Contains(list, "*navigable") || onlyExclusions)
}

func (s *Server) renderIssue(base string, issue *Issue, wanted []string) object {
	fields := s.renderFields(base, issue)
	fields["issuelinks"] = s.renderLinks(base, issue)
	if parent, err := s.find(issue.Parent); err == nil {
		fields["parent"] = s.renderReference(base, parent)
	}
	maps.DeleteFunc(fields, func(name string, _ any) bool { return !wants(wanted, name) })
	return object{
		"expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
		"id":     issue.ID, "self": issueURL(base, issue), "key": issue.Key, "fields": fields,
	}
}

// renderFields are the fields of an issue that concern no other issue.
func (s *Server) renderFields(base string, issue *Issue) object {
	fields := object{
		"summary": issue.Summary, "description": orNull(issue.Description),
		"labels": nonNil(issue.Labels), "issuetype": s.renderType(base, issue),
		"project": s.renderProject(base, issue.Project), "status": renderStatus(base, issue.Status),
		"resolution": s.renderResolution(base, issue.Resolution), "resolutiondate": orNullTime(issue.Resolved),
		"priority": renderPriority(base, issue.Priority), "assignee": s.renderUserOrNull(base, issue.Assignee),
		"reporter": s.renderUser(base, s.creator(issue)), "creator": s.renderUser(base, s.creator(issue)),
		"created": jiraTime(issue.Created), "updated": jiraTime(issue.Updated),
		"duedate": orNull(issue.DueDate),
		"comment": s.renderCommentPage(base, issue.Key, issue.Comments), "attachment": s.renderAttachments(base, issue.Attachments),
	}
	for _, field := range s.config.Fields {
		fields[field.ID] = nil
		if value, ok := issue.Custom[field.ID]; ok {
			fields[field.ID] = value
		}
	}
	return fields
}

// renderReference is an issue as it appears inside another.
func (s *Server) renderReference(base string, issue *Issue) object {
	return object{
		"id": issue.ID, "key": issue.Key, "self": issueURL(base, issue),
		"fields": object{
			"summary": issue.Summary, "status": renderStatus(base, issue.Status),
			"priority": renderPriority(base, issue.Priority), "issuetype": s.renderType(base, issue),
		},
	}
}

func (s *Server) renderType(base string, issue *Issue) object {
	kind := IssueType{Name: issue.Type}
	for _, p := range s.config.Projects {
		i := slices.IndexFunc(p.IssueTypes, func(t IssueType) bool { return t.Name == issue.Type })
		if p.Key == issue.Project && i >= 0 {
			kind = p.IssueTypes[i]
		}
	}
	return renderIssueType(base, kind)
}

func renderIssueType(base string, t IssueType) object {
	level := 0
	if t.Subtask {
		level = -1
	}
	return object{
		"self": base + "/rest/api/2/issuetype/" + t.ID, "id": t.ID, "name": t.Name,
		"description": "", "iconUrl": base + "/icon", "subtask": t.Subtask, "hierarchyLevel": level,
	}
}

func (s *Server) renderProject(base, key string) object {
	i := slices.IndexFunc(s.config.Projects, func(p Project) bool { return p.Key == key })
	if i < 0 {
		return object{"key": key}
	}
	p := s.config.Projects[i]
	return object{
		"self": base + "/rest/api/2/project/" + p.ID, "id": p.ID, "key": p.Key, "name": p.Name,
		"projectTypeKey": "software", "simplified": false,
	}
}

func renderStatus(base string, status Status) object {
	return object{
		"self": base + "/rest/api/2/status/" + status.ID, "id": status.ID, "name": status.Name,
		"description": "", "iconUrl": base + "/icon", "statusCategory": renderCategory(base, status.Category),
	}
}

func renderCategory(base string, c Category) object {
	id, name, colour := 1, "No Category", "medium-gray"
	switch c {
	case CategoryNew:
		id, name, colour = 2, "To Do", "blue-gray"
	case CategoryIndeterminate:
		id, name, colour = 4, "In Progress", "yellow"
	case CategoryDone:
		id, name, colour = 3, "Done", "green"
	}
	return object{
		"self": fmt.Sprintf("%s/rest/api/2/statuscategory/%d", base, id),
		"id":   id, "key": string(c), "name": name, "colorName": colour,
	}
}

func (s *Server) renderResolution(base, name string) any {
	i := slices.Index(s.config.Workflow.Resolutions, name)
	if i < 0 {
		return nil
	}
	return numbered(base+"/rest/api/2/resolution/", i, name)
}

func renderPriority(base, name string) any {
	i := slices.Index(priorities(), name)
	if i < 0 {
		return nil
	}
	return numbered(base+"/rest/api/2/priority/", i, name)
}

// numbered is the i-th of a list of names that have ids from 1.
func numbered(self string, i int, name string) object {
	id := fmt.Sprint(i + 1)
	return object{"self": self + id, "id": id, "name": name}
}

func (s *Server) renderChangelog(base string, issue *Issue) object {
	histories := []object{}
	for i, change := range slices.Backward(issue.History) {
		histories = append(histories, object{
			"id": fmt.Sprint(i + 1), "author": s.renderUser(base, change.Author),
			"created": jiraTime(change.At), "items": renderItems(change.Items),
		})
	}
	return object{"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}
}

func renderItems(items []ChangeItem) []object {
	out := []object{}
	for _, item := range items {
		kind := "jira"
		if strings.HasPrefix(item.Field, "customfield_") {
			kind = "custom"
		}
		rendered := object{"field": item.Field, "fieldId": item.Field, "fieldtype": kind}
		for name, value := range map[string]string{
			"from": item.From, "fromString": item.FromString, "to": item.To, "toString": item.ToString,
		} {
			if value != "" {
				rendered[name] = value
			}
		}
		out = append(out, rendered)
	}
	return out
}

func someProperties(issue *Issue, names []string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, value := range issue.Properties {
		if slices.Contains(names, name) || slices.Contains(names, "*all") {
			out[name] = value
		}
	}
	return out
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func orNullTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return jiraTime(t)
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
