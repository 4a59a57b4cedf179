package catalog

import (
	"time"
	"unicode/utf8"

	"github.com/tocsinhq/tocsin/oncall"
)

// Catalog is one version of everything declared. A Catalog that came from
// Parse is valid: every reference resolves. It is read-only once made, and
// then safe for concurrent use.
type Catalog struct {
	// Version is the number under which the store keeps this catalog; it is
	// no part of what is declared.
	Version     int                       `yaml:"-" json:"-"`
	Settings    Settings                  `yaml:"settings" json:"settings"`
	Teams       []Team                    `yaml:"teams" json:"teams"`
	People      []Person                  `yaml:"people" json:"people"`
	Machines    []Machine                 `yaml:"machines" json:"machines,omitempty"`
	Audiences   []Audience                `yaml:"audiences" json:"audiences,omitempty"`
	Services    []Service                 `yaml:"services" json:"services"`
	Routes      []Route                   `yaml:"routes" json:"routes,omitempty"`
	Heartbeats  []Heartbeat               `yaml:"heartbeats" json:"heartbeats,omitempty"`
	Schedules   []oncall.Schedule         `yaml:"schedules" json:"schedules,omitempty"`
	AllHours    []oncall.Hours            `yaml:"hours" json:"hours,omitempty"`
	Webhooks    []Webhook                 `yaml:"webhooks" json:"webhooks,omitempty"`
	Escalations []oncall.EscalationPolicy `yaml:"escalation_policies" json:"escalation_policies"`
	LastResort  []string                  `yaml:"last_resort" json:"last_resort"`
	Severities  []Severity                `yaml:"severities" json:"severities"`

	// Silences are of the overlay: With sets them.
	Silences []Silence `yaml:"-" json:"-"`

	// index is made once by Parse and Decode.
	index *index
}

// Settings are the answers that belong to no single team.
type Settings struct {
	// CatchAll is the service that takes what matches no other.
	CatchAll string `yaml:"catch_all" json:"catch_all"`
	// Storm bounds how many new incidents one service may open a minute; the
	// rest join one storm incident. Zero means DefaultStormKeys.
	Storm Storm `yaml:"storm" json:"storm"`
	// Bundle bounds how many pages go each by itself; the rest go together.
	Bundle Bundle `yaml:"bundle" json:"bundle,omitzero"`
	// Flapping says when an alert that fires and clears again and again stops
	// paging.
	Flapping Flapping `yaml:"flapping" json:"flapping,omitzero"`
	// NoiseReport says who is mailed the noise report of each week.
	NoiseReport NoiseReport `yaml:"noise_report" json:"noise_report,omitzero"`
	// AlertSeverities maps the value of an alert's severity label to how it
	// pages. What is not mapped is urgent.
	AlertSeverities map[string]AlertSeverity `yaml:"alert_severities" json:"alert_severities,omitempty"`
	// DoneResolutions are the JIRA resolutions that count as done.
	DoneResolutions []string `yaml:"done_resolutions" json:"done_resolutions,omitempty"`
	// Redact are regular expressions (RE2) of what must not be kept of the
	// outputs of runbooks, beside what looks like a secret anyway.
	Redact []string `yaml:"redact" json:"redact,omitempty"`
}

// Storm is the limit above which a service's new keys become one incident.
type Storm struct {
	NewKeysPerMinute int `yaml:"new_keys_per_minute" json:"new_keys_per_minute,omitempty"`
}

// Bundle is the rate above which pages to one contact method go together.
type Bundle struct {
	// PagesPerMinute counts those of one urgency. Zero means
	// DefaultPagesPerMinute.
	PagesPerMinute int `yaml:"pages_per_minute" json:"pages_per_minute,omitempty"`
}

// Flapping is how often an alert may change between firing and resolved before
// it is taken to flap.
type Flapping struct {
	// Changes within Within are no flapping yet; one more is. Zero means
	// DefaultFlappingChanges, and -1 that no alert is ever taken to flap.
	Changes int `yaml:"changes" json:"changes,omitempty"`
	// Within is also how long an alert has to be quiet until it counts again.
	// Zero means DefaultFlappingWithin.
	Within time.Duration `yaml:"within" json:"within,omitempty"`
	// Hold delays the first page of an incident that flaps from its beginning,
	// since those before it cleared by themselves. Zero means
	// DefaultFlappingHold.
	Hold time.Duration `yaml:"hold" json:"hold,omitempty"`
}

// NoiseReport says who is mailed the weekly noise report.
type NoiseReport struct {
	// Audience is the id of one that is not external; empty mails nobody.
	Audience string `yaml:"audience" json:"audience,omitempty"`
}

// AlertSeverity is what an alert's severity label means here.
type AlertSeverity struct {
	Urgency  Urgency `yaml:"urgency" json:"urgency"`
	Severity Level   `yaml:"severity" json:"severity,omitempty"`
}

// Urgency says how one is paged.
type Urgency string

// The urgencies. NotPaged is recorded and pages nobody.
const (
	Urgent   Urgency = "urgent"
	Ordinary Urgency = "ordinary"
	NotPaged Urgency = "none"
)

// Team owns services.
type Team struct {
	ID      string   `yaml:"id" json:"id"`
	Name    string   `yaml:"name" json:"name"`
	Members []string `yaml:"members" json:"members"`
	// Leads have the authority that policies call "team-lead".
	Leads []string `yaml:"leads" json:"leads,omitempty"`
}

// Person is someone who can be paged, or who commands.
type Person struct {
	ID   string `yaml:"id" json:"id"`
	Name string `yaml:"name" json:"name"`
	// Zone is the IANA zone in which times are shown to this person.
	Zone string `yaml:"zone" json:"zone,omitempty"`
	// Admin may do whatever a policy grants to any authority.
	Admin bool `yaml:"admin" json:"admin,omitempty"`
	// JIRA is the account id to assign follow-ups to, when there is one.
	JIRA     string          `yaml:"jira" json:"jira,omitempty"`
	Contacts []ContactMethod `yaml:"contacts" json:"contacts,omitempty"`
	Rules    Rules           `yaml:"rules" json:"rules,omitzero"`
}

// ContactMethod is one way to reach a person. Its address never leaves the
// catalog and the sending activity.
type ContactMethod struct {
	ID string `yaml:"id" json:"id"`
	// Kind is the channel: email, push, webhook or console.
	Kind    string `yaml:"kind" json:"kind"`
	Address string `yaml:"address" json:"address,omitempty"`
	// Verified says that its person reads it: the catalog vouches for it, or
	// they sent back a code.
	Verified bool `yaml:"verified" json:"verified,omitempty"`
	// Own says that its person added it.
	Own bool `yaml:"-" json:"-"`
}

// Rules say how a person wants to be reached.
type Rules struct {
	Urgent   []Rule `yaml:"urgent" json:"urgent,omitempty"`
	Ordinary []Rule `yaml:"ordinary" json:"ordinary,omitempty"`
	// Quiet are the hours, in the person's zone, in which ordinary pages wait.
	Quiet []oncall.Window `yaml:"quiet" json:"quiet,omitempty"`
}

// Rule uses one contact method some time after the page is due.
type Rule struct {
	Contact string        `yaml:"contact" json:"contact"`
	After   time.Duration `yaml:"after" json:"after,omitempty"`
	// Unverified flags a contact method that is used although nobody knows
	// whether its person reads it: they have no verified one.
	Unverified bool `yaml:"-" json:"-"`
}

// Machine may send and report, but never acknowledge, approve, waive or
// change a phase.
type Machine struct {
	ID   string `yaml:"id" json:"id"`
	Name string `yaml:"name" json:"name,omitempty"`
}

// Audience is a list of readers of status updates: a mailing list, not a
// user.
type Audience struct {
	ID      string `yaml:"id" json:"id"`
	Name    string `yaml:"name" json:"name,omitempty"`
	Address string `yaml:"address" json:"address"`
	// External readers never get an automatic update.
	External bool `yaml:"external" json:"external,omitempty"`
}

// Webhook is an address that an escalation policy can tell of an incident.
// Nobody answers there. The address never leaves the catalog and the sending
// activity.
type Webhook struct {
	ID      string `yaml:"id" json:"id"`
	Name    string `yaml:"name" json:"name,omitempty"`
	Address string `yaml:"address" json:"address"`
}

// Service is something that breaks, and has an owner.
type Service struct {
	ID   string `yaml:"id" json:"id"`
	Name string `yaml:"name" json:"name"`
	Team string `yaml:"team" json:"team"`
	// Match routes an alert here when all its matchers hold, in the form
	// `label="value"`, `!=`, `=~`, `!~`. The first matching service wins.
	Match []string `yaml:"match" json:"match,omitempty"`
	// GroupBy lists the labels that tell one incident from another; empty
	// means the alert name (or the source's own grouping).
	GroupBy    []string `yaml:"group_by" json:"group_by,omitempty"`
	Escalation string   `yaml:"escalation" json:"escalation"`
	// Hold delays the first page: an alert that clears within it pages nobody.
	Hold       time.Duration `yaml:"hold" json:"hold,omitempty"`
	Dashboards []Link        `yaml:"dashboards" json:"dashboards,omitempty"`
	Runbooks   []RunbookUse  `yaml:"runbooks" json:"runbooks,omitempty"`
	Ticket     Ticketing     `yaml:"ticket" json:"ticket,omitzero"`
	// DependsOn lists the services that it cannot do without: what is changed of
	// them may be the cause of its incidents.
	DependsOn []string `yaml:"depends_on" json:"depends_on,omitempty"`
	Changes   Changes  `yaml:"changes" json:"changes,omitzero"`
}

// Changes says how what is changed of a service is told apart and taken back.
type Changes struct {
	// Repositories are those on GitHub whose deployments and pushes are changes
	// of the service: "acme/payments".
	Repositories []string `yaml:"repositories" json:"repositories,omitempty"`
	// Environments are those on GitHub whose deployments are changes of the
	// service; none means production.
	Environments []string `yaml:"environments" json:"environments,omitempty"`
	// Deployments are those of Kubernetes whose rollouts are changes of the
	// service, each by cluster, namespace and name: "main/shop/payments".
	Deployments []string `yaml:"deployments" json:"deployments,omitempty"`
	// Undo is what takes a deployment back whose report does not say it, and any
	// rollout.
	Undo Undo `yaml:"undo" json:"undo,omitzero"`
}

// MaxRunParams bounds what the parameters of one run weigh together: an incident
// carries them.
const MaxRunParams = 1000

// Undo is a runbook that takes a change back, and its parameters.
type Undo struct {
	Runbook string            `yaml:"runbook" json:"runbook"`
	Params  map[string]string `yaml:"params" json:"params,omitempty"`
}

// RunParamChars is what the parameters of a run weigh together, in characters.
func RunParamChars(params map[string]string) int {
	total := 0
	for name, value := range params {
		total += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
	}
	return total
}

// Link is a titled address for people.
type Link struct {
	Title string `yaml:"title" json:"title"`
	URL   string `yaml:"url" json:"url"`
}

// RunbookUse attaches a runbook to a service, with this service's parameters.
type RunbookUse struct {
	Name string `yaml:"name" json:"name"`
	// Match narrows the use to alerts for which all matchers hold.
	Match  []string          `yaml:"match" json:"match,omitempty"`
	Params map[string]string `yaml:"params" json:"params,omitempty"`
	// Auto has it start by itself when an incident opens; nil leaves it to
	// people.
	Auto *Auto `yaml:"auto" json:"auto,omitempty"`
}

// Auto is how often a runbook may start by itself.
type Auto struct {
	// PerHour is how many runs may start by themselves for the service within an
	// hour. A runbook that changes something needs it; zero is, for a diagnostic,
	// DefaultDiagnostics within DiagnosticsWithin.
	PerHour int `yaml:"per_hour" json:"per_hour,omitempty"`
}

// Ticketing says where the service's tickets live.
type Ticketing struct {
	Project   string `yaml:"project" json:"project,omitempty"`
	IssueType string `yaml:"issue_type" json:"issue_type,omitempty"`
	// TaskType is the issue type of follow-ups.
	TaskType string `yaml:"task_type" json:"task_type,omitempty"`
}
