package jira

import (
	"cmp"
	"log/slog"
	"time"
)

// Category is a status category's key. Names of statuses are anybody's
// choice; categories are the same in every project.
type Category string

// The categories that Jira knows.
const (
	CategoryNew           Category = "new"
	CategoryIndeterminate Category = "indeterminate"
	CategoryDone          Category = "done"
)

// Config says how the stand-in is set up. The zero value is usable: a project
// OPS with an English workflow, no webhook, no index lag, and the credentials
// DefaultEmail and DefaultToken.
type Config struct {
	// Email and Token are the basic-auth credentials that it accepts.
	Email, Token string
	// BaseURL is the address of /jira as seen from outside, used in links
	// inside webhooks; requests are answered with links to the host they asked.
	BaseURL string
	// Projects are those that issues can be created in.
	Projects []Project
	// Workflow is that of every project.
	Workflow Workflow
	// Fields are the custom fields on every screen.
	Fields []CustomField
	// IndexLag is how long a write stays invisible to search.
	IndexLag time.Duration
	// StrictComments refuses comments that carry fields which the published
	// description marks as read-only.
	StrictComments bool
	// Webhook is where changes are announced.
	Webhook Webhook
	// Dir keeps the state in a file of that directory; empty keeps none.
	Dir string
	// Log receives what nobody can be answered; nil discards it.
	Log *slog.Logger
}

// The credentials of the zero Config.
const (
	DefaultEmail = "tocsin@example.com"
	DefaultToken = "sandbox-jira-token"
)

// Project is a container of issues; its key starts their keys.
type Project struct {
	ID, Key, Name string
	IssueTypes    []IssueType
}

// IssueType is a kind of issue.
type IssueType struct {
	ID, Name string
	Subtask  bool
}

// CustomField is a field beyond Jira's own. Type is its schema type: string,
// number, date, datetime or option.
type CustomField struct {
	ID, Name, Type string
}

// Status is a step of a workflow.
type Status struct {
	ID, Name string
	Category Category
}

// Transition leads to a status. From lists the statuses it starts from; an
// empty list is every status but its own target.
type Transition struct {
	ID, Name string
	From     []string
	To       string
	// RequireResolution refuses the transition without a resolution.
	RequireResolution bool
}

// Workflow is the statuses of an issue, the first being the initial one, and
// the ways between them.
type Workflow struct {
	Statuses    []Status
	Transitions []Transition
	// Resolutions are the names that a finished issue may carry.
	Resolutions []string
}

// EnglishWorkflow is To Do, In Progress, Done, with the resolutions of a fresh
// site. Done needs a resolution where requireResolution says so.
func EnglishWorkflow(requireResolution bool) Workflow {
	return threeSteps(
		[3]string{"To Do", "In Progress", "Done"},
		[]string{"Done", "Won't Do", "Duplicate", "Cannot Reproduce"},
		requireResolution,
	)
}

// GermanWorkflow is the same workflow on a site whose administrator speaks
// German, for clients that must not rely on names.
func GermanWorkflow(requireResolution bool) Workflow {
	return threeSteps(
		[3]string{"Zu erledigen", "In Arbeit", "Fertig"},
		[]string{"Fertig", "Wird nicht erledigt", "Duplikat", "Nicht reproduzierbar"},
		requireResolution,
	)
}

func threeSteps(names [3]string, resolutions []string, requireResolution bool) Workflow {
	return Workflow{
		Statuses: []Status{
			{ID: "10000", Name: names[0], Category: CategoryNew},
			{ID: "10001", Name: names[1], Category: CategoryIndeterminate},
			{ID: "10002", Name: names[2], Category: CategoryDone},
		},
		Transitions: []Transition{
			{ID: "11", Name: names[0], To: "10000"},
			{ID: "21", Name: names[1], To: "10001"},
			{ID: "31", Name: names[2], To: "10002", RequireResolution: requireResolution},
		},
		Resolutions: resolutions,
	}
}

// Webhook is where and how changes are announced; an empty URL announces
// nothing.
type Webhook struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
	// Duplicate sends every event twice under the same identifier.
	Duplicate bool `json:"duplicate"`
	// Reorder sends each event after the one that follows it closely.
	Reorder bool `json:"reorder"`
	// RetryEvery is the pause between the attempts of one event; 0 is 1 second.
	RetryEvery time.Duration `json:"-"`
}

func (c Config) withDefaults() Config {
	if c.Email == "" && c.Token == "" {
		c.Email, c.Token = DefaultEmail, DefaultToken
	}
	if c.BaseURL == "" {
		c.BaseURL = "http://127.0.0.1:8090/jira"
	}
	if len(c.Projects) == 0 {
		c.Projects = []Project{
			{ID: "10000", Key: "OPS", Name: "Operations"},
			{ID: "10001", Key: "SHOP", Name: "Web shop"},
		}
	}
	for i := range c.Projects {
		if len(c.Projects[i].IssueTypes) == 0 {
			c.Projects[i].IssueTypes = []IssueType{
				{ID: "10010", Name: "Incident"},
				{ID: "10011", Name: "Task"},
				{ID: "10012", Name: "Bug"},
				{ID: "10013", Name: "Sub-task", Subtask: true},
			}
		}
	}
	if len(c.Workflow.Statuses) == 0 {
		c.Workflow = EnglishWorkflow(true)
	}
	if c.Fields == nil {
		c.Fields = []CustomField{
			{ID: "customfield_10101", Name: "Severity", Type: "string"},
			{ID: "customfield_10102", Name: "Phase", Type: "string"},
			{ID: "customfield_10103", Name: "Commander", Type: "string"},
		}
	}
	if c.Webhook.RetryEvery == 0 {
		c.Webhook.RetryEvery = time.Second
	}
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	return c
}
