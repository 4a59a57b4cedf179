package jira

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxSummary     = 255
	maxDescription = 32767
	maxLabel       = 255
)

// update is the body of create, edit and transition requests.
type update struct {
	Fields     map[string]json.RawMessage              `json:"fields"`
	Update     map[string][]map[string]json.RawMessage `json:"update"`
	Properties []struct {
		Key   string          `json:"key"`
		Value json.RawMessage `json:"value"`
	} `json:"properties"`
	Transition struct {
		ID string `json:"id"`
	} `json:"transition"`
}

// editor puts the fields of a request into an issue and collects what is
// wrong with them.
type editor struct {
	config Config
	issue  *Issue
	wrong  map[string]string
}

func newEditor(config Config, issue *Issue) *editor {
	return &editor{config: config, issue: issue, wrong: map[string]string{}}
}

func (e *editor) apply(in update) {
	for name, raw := range in.Fields {
		e.field(name, raw)
	}
	for name, operations := range in.Update {
		for _, operation := range operations {
			for verb, raw := range operation {
				e.operation(name, verb, raw)
			}
		}
	}
	for _, p := range in.Properties {
		if message := checkProperty(p.Key, p.Value); message != "" {
			e.wrong["properties"] = message
			continue
		}
		if e.issue.Properties == nil {
			e.issue.Properties = map[string]json.RawMessage{}
		}
		e.issue.Properties[p.Key] = p.Value
	}
}

func (e *editor) err() error {
	if len(e.wrong) == 0 {
		return nil
	}
	return invalid(e.wrong)
}

func (e *editor) field(name string, raw json.RawMessage) {
	var message string
	switch name {
	case "summary":
		message = e.summary(raw)
	case "description":
		message = e.description(raw)
	case "labels":
		message = e.labels(raw)
	case "assignee":
		message = e.assignee(raw)
	case "priority":
		e.issue.Priority, message = named(raw, priorities(), "priority")
	case "resolution":
		e.issue.Resolution, message = named(raw, e.config.Workflow.Resolutions, "resolution")
	case "duedate":
		message = e.dueDate(raw)
	case "project", "issuetype", "parent", "reporter":
		// Create reads the first three itself; the reporter stays the caller.
	default:
		message = e.custom(name, raw)
	}
	if message != "" {
		e.wrong[name] = message
	}
}

func (e *editor) summary(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return "Operation value must be a string"
	}
	switch {
	case strings.TrimSpace(text) == "":
		return "You must specify a summary of the issue."
	case strings.ContainsAny(text, "\r\n"):
		return "The summary is invalid because it contains newline characters."
	case utf8.RuneCountInString(text) > maxSummary:
		return "Summary can't exceed 255 characters."
	}
	e.issue.Summary = text
	return ""
}

func (e *editor) description(raw json.RawMessage) string {
	var text *string
	if json.Unmarshal(raw, &text) != nil {
		return "Operation value must be a string"
	}
	if text == nil {
		e.issue.Description = ""
		return ""
	}
	if utf8.RuneCountInString(*text) > maxDescription {
		return "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
	}
	e.issue.Description = *text
	return ""
}

func checkLabel(label string) string {
	switch {
	case label == "":
		return "The label is empty."
	case strings.ContainsAny(label, " \t\r\n"):
		return fmt.Sprintf("The label '%s' contains spaces which is invalid.", label)
	case utf8.RuneCountInString(label) > maxLabel:
		return fmt.Sprintf("The label '%s' exceeds the maximum length of 255 characters.", label)
	}
	return ""
}

func (e *editor) labels(raw json.RawMessage) string {
	var labels []string
	if json.Unmarshal(raw, &labels) != nil {
		return "data was not an array of strings"
	}
	for _, label := range labels {
		if message := checkLabel(label); message != "" {
			return message
		}
	}
	slices.Sort(labels)
	e.issue.Labels = slices.Compact(labels)
	return ""
}

func (e *editor) assignee(raw json.RawMessage) string {
	var user *struct {
		AccountID *string `json:"accountId"`
	}
	if json.Unmarshal(raw, &user) != nil || (user != nil && user.AccountID == nil) {
		return "Specify the accountId of the assignee, names are no longer accepted."
	}
	e.issue.Assignee = ""
	if user != nil {
		e.issue.Assignee = *user.AccountID
	}
	return ""
}

func (e *editor) dueDate(raw json.RawMessage) string {
	var date *string
	if json.Unmarshal(raw, &date) != nil {
		return "Operation value must be a string"
	}
	if date == nil {
		e.issue.DueDate = ""
		return ""
	}
	if _, err := time.Parse(time.DateOnly, *date); err != nil {
		return "Error parsing date string: " + *date
	}
	e.issue.DueDate = *date
	return ""
}

func (e *editor) custom(name string, raw json.RawMessage) string {
	known := slices.ContainsFunc(e.config.Fields, func(f CustomField) bool { return f.ID == name })
	if !known {
		return fmt.Sprintf("Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", name)
	}
	if e.issue.Custom == nil {
		e.issue.Custom = map[string]json.RawMessage{}
	}
	e.issue.Custom[name] = raw
	return ""
}

// operation is one verb of the "update" part of a request.
func (e *editor) operation(field, verb string, raw json.RawMessage) {
	if verb == "set" {
		e.field(field, raw)
		return
	}
	if field != "labels" || (verb != "add" && verb != "remove") {
		e.wrong[field] = fmt.Sprintf("Field does not support update '%s'", verb)
		return
	}
	var label string
	if json.Unmarshal(raw, &label) != nil {
		e.wrong[field] = "data was not a string"
		return
	}
	if message := checkLabel(label); message != "" {
		e.wrong[field] = message
		return
	}
	e.issue.Labels = slices.DeleteFunc(e.issue.Labels, func(l string) bool { return l == label })
	if verb == "add" {
		e.issue.Labels = append(e.issue.Labels, label)
		slices.Sort(e.issue.Labels)
	}
}
