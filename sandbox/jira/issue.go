package jira

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Issue is one version of an issue. Versions are never changed once they can
// be seen; a change makes a new one.
type Issue struct {
	ID          string   `json:"id"`
	Key         string   `json:"key"`
	OldKeys     []string `json:"old_keys,omitempty"`
	Project     string   `json:"project"`
	Type        string   `json:"type"`
	Summary     string   `json:"summary"`
	Description string   `json:"description,omitempty"`
	Labels      []string `json:"labels,omitempty"`
	Status      Status   `json:"status"`
	Resolution  string   `json:"resolution,omitempty"`
	Priority    string   `json:"priority"`
	Assignee    string   `json:"assignee,omitempty"`
	// Creator is empty for the account of the API.
	Creator     string                     `json:"creator,omitempty"`
	Parent      string                     `json:"parent,omitempty"`
	DueDate     string                     `json:"due_date,omitempty"`
	Custom      map[string]json.RawMessage `json:"custom,omitempty"`
	Created     time.Time                  `json:"created"`
	Updated     time.Time                  `json:"updated"`
	Resolved    time.Time                  `json:"resolved,omitzero"`
	Comments    []Comment                  `json:"comments,omitempty"`
	RemoteLinks []RemoteLink               `json:"remote_links,omitempty"`
	Links       []Link                     `json:"links,omitempty"`
	Properties  map[string]json.RawMessage `json:"properties,omitempty"`
	Attachments []Attachment               `json:"attachments,omitempty"`
	History     []Change                   `json:"history,omitempty"`
}

// Comment is what somebody wrote below an issue, in wiki markup.
type Comment struct {
	ID      string    `json:"id"`
	Author  string    `json:"author"`
	Body    string    `json:"body"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// RemoteLink points from an issue to a page elsewhere.
type RemoteLink struct {
	ID           int             `json:"id"`
	GlobalID     string          `json:"global_id,omitempty"`
	Relationship string          `json:"relationship,omitempty"`
	Application  json.RawMessage `json:"application,omitempty"`
	Object       json.RawMessage `json:"object"`
}

// Link ties two issues; it is stored with both of them.
type Link struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	// Inward and Outward are the ids of the issues at the two ends: the inward
	// issue "blocks", the outward one "is blocked by", as the REST API has it.
	Inward  string `json:"inward"`
	Outward string `json:"outward"`
}

// Attachment is a file attached to an issue.
type Attachment struct {
	ID       string    `json:"id"`
	Filename string    `json:"filename"`
	MimeType string    `json:"mime_type"`
	Author   string    `json:"author"`
	Created  time.Time `json:"created"`
	Content  []byte    `json:"content"`
}

// Change is one entry of an issue's history.
type Change struct {
	At     time.Time    `json:"at"`
	Author string       `json:"author"`
	Items  []ChangeItem `json:"items"`
}

// ChangeItem is one field's change. The strings are what a person reads, From
// and To the ids behind them where there are any.
type ChangeItem struct {
	Field      string `json:"field"`
	From       string `json:"from,omitempty"`
	FromString string `json:"from_string,omitempty"`
	To         string `json:"to,omitempty"`
	ToString   string `json:"to_string,omitempty"`
}

func (i *Issue) clone() *Issue {
	c := *i
	c.OldKeys = slices.Clone(i.OldKeys)
	c.Labels = slices.Clone(i.Labels)
	c.Custom = maps.Clone(i.Custom)
	c.Comments = slices.Clone(i.Comments)
	c.RemoteLinks = slices.Clone(i.RemoteLinks)
	c.Links = slices.Clone(i.Links)
	c.Properties = maps.Clone(i.Properties)
	c.Attachments = slices.Clone(i.Attachments)
	c.History = slices.Clone(i.History)
	return &c
}

// diff lists the fields in which two versions of an issue differ.
func diff(from, to *Issue) []ChangeItem {
	var items []ChangeItem
	add := func(field, a, b string) {
		if a != b {
			items = append(items, ChangeItem{Field: field, FromString: a, ToString: b})
		}
	}
	if from.Status.ID != to.Status.ID {
		items = append(items, ChangeItem{
			Field: "status", From: from.Status.ID, FromString: from.Status.Name,
			To: to.Status.ID, ToString: to.Status.Name,
		})
	}
	add("resolution", from.Resolution, to.Resolution)
	add("summary", from.Summary, to.Summary)
	add("description", from.Description, to.Description)
	add("labels", strings.Join(from.Labels, " "), strings.Join(to.Labels, " "))
	add("priority", from.Priority, to.Priority)
	add("assignee", from.Assignee, to.Assignee)
	add("duedate", from.DueDate, to.DueDate)
	add("Parent", from.Parent, to.Parent)
	add("issuetype", from.Type, to.Type)
	add("project", from.Project, to.Project)
	add("Key", from.Key, to.Key)
	fields := maps.Clone(from.Custom)
	if fields == nil {
		fields = map[string]json.RawMessage{}
	}
	maps.Copy(fields, to.Custom)
	for _, id := range slices.Sorted(maps.Keys(fields)) {
		add(id, plain(from.Custom[id]), plain(to.Custom[id]))
	}
	return items
}

// plain is a JSON value as a person would read it.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}
