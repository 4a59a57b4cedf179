package catalog

import (
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Level names a severity: SEV1 (worst) to SEV5. The empty level means that
// nobody has said yet.
type Level string

// The severities.
const (
	SEV1 Level = "SEV1"
	SEV2 Level = "SEV2"
	SEV3 Level = "SEV3"
	SEV4 Level = "SEV4"
	SEV5 Level = "SEV5"
)

// Levels lists the severities from the worst to the mildest.
func Levels() []Level { return []Level{SEV1, SEV2, SEV3, SEV4, SEV5} }

// Scope says who is affected by an incident.
type Scope string

// The scopes of an impact; ScopeUnknown is an honest answer to classify with.
const (
	External     Scope = "external"
	Internal     Scope = "internal"
	Nobody       Scope = "nobody"
	ScopeUnknown Scope = "unknown"
)

// Severity is one level with what it means and what it demands.
type Severity struct {
	Level Level `yaml:"level" json:"level"`
	// Criteria are sentences to hold an incident against.
	Criteria []string `yaml:"criteria" json:"criteria"`
	Urgency  Urgency  `yaml:"urgency" json:"urgency"`
	// Response is demanded whatever the impact; External replaces it when
	// people outside are affected.
	Response ResponsePolicy  `yaml:"response" json:"response"`
	External *ResponsePolicy `yaml:"response_external" json:"response_external,omitempty"`
}

// For returns the response policy for an impact of this severity.
func (s Severity) For(scope Scope) ResponsePolicy {
	if scope == External && s.External != nil {
		return *s.External
	}
	return s.Response
}

// ResponsePolicy is what a severity demands.
type ResponsePolicy struct {
	// Page lists whom to page besides the service's escalation policy.
	Page      []oncall.Target `yaml:"page" json:"page,omitempty"`
	Commander Commander       `yaml:"commander" json:"commander,omitzero"`
	Updates   Updates         `yaml:"updates" json:"updates,omitzero"`
	Limits    Limits          `yaml:"limits" json:"limits,omitzero"`
	Closing   Closing         `yaml:"closing" json:"closing,omitzero"`
	Authority Authority       `yaml:"authority" json:"authority,omitzero"`
	// Ticket asks for a JIRA ticket of the incident.
	Ticket bool `yaml:"ticket" json:"ticket,omitempty"`
	// StillOnIt is the silence after which the holder is asked whether they
	// are still on it; zero never asks.
	StillOnIt time.Duration `yaml:"still_on_it" json:"still_on_it,omitempty"`
	// Snooze is for how long the holder may rest; zero forbids it.
	Snooze time.Duration `yaml:"snooze" json:"snooze,omitempty"`
	// Stabilisation is how long after resolved a relapse reopens the
	// incident; later it is a recurrence.
	Stabilisation time.Duration `yaml:"stabilisation" json:"stabilisation,omitempty"`
}

// CommanderSource says who becomes commander.
type CommanderSource string

// The sources of a commander.
const (
	// FirstResponder makes the first to acknowledge the commander.
	FirstResponder CommanderSource = "first_responder"
	// Secondary pages the secondary of the schedule that was paged.
	Secondary CommanderSource = "secondary"
	// FromSchedule pages whoever is on call in Commander.Schedule.
	FromSchedule CommanderSource = "schedule"
)

// Commander says whether an incident commander is demanded, and from where.
type Commander struct {
	Required bool            `yaml:"required" json:"required,omitempty"`
	Source   CommanderSource `yaml:"source" json:"source,omitempty"`
	Schedule string          `yaml:"schedule" json:"schedule,omitempty"`
	// Timeout is how long one candidate may take to accept.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Updates says when which audiences hear.
type Updates struct {
	Audiences []string `yaml:"audiences" json:"audiences,omitempty"`
	// First is due this long after the acknowledgement; Every is the cadence.
	First time.Duration `yaml:"first" json:"first,omitempty"`
	Every time.Duration `yaml:"every" json:"every,omitempty"`
	// Remind is how long before an update is due its writer is reminded.
	Remind time.Duration `yaml:"remind" json:"remind,omitempty"`
}

// Limits bound the phases; a breach escalates and is recorded.
type Limits struct {
	Acknowledge time.Duration `yaml:"acknowledge" json:"acknowledge,omitempty"`
	Mitigate    time.Duration `yaml:"mitigate" json:"mitigate,omitempty"`
	Resolve     time.Duration `yaml:"resolve" json:"resolve,omitempty"`
}

// Closing says what must be true before an incident resolves and closes.
type Closing struct {
	// Fix demands the fixing change, or a recorded shortcut, to resolve.
	Fix bool `yaml:"fix" json:"fix,omitempty"`
	// Confirmations lists what people must confirm to resolve.
	Confirmations []string `yaml:"confirmations" json:"confirmations,omitempty"`
	// Collected demands that a person confirms that follow-ups are collected;
	// without it the incident waits CollectWithin (24 hours when zero).
	Collected     bool          `yaml:"collected" json:"collected,omitempty"`
	CollectWithin time.Duration `yaml:"collect_within" json:"collect_within,omitempty"`
	// Due maps a follow-up's priority to how long it may take.
	Due map[Priority]time.Duration `yaml:"follow_up_due" json:"follow_up_due,omitempty"`
}

// Priority ranks follow-ups.
type Priority string

// The priorities of a follow-up.
const (
	High   Priority = "high"
	Medium Priority = "medium"
	Low    Priority = "low"
)

// Standing is an authority that a policy can name.
type Standing string

// The standings: roles on the incident, and what the catalog grants.
const (
	Anyone         Standing = "anyone"
	HolderRole     Standing = "holder"
	CommanderRole  Standing = "commander"
	TeamLead       Standing = "team-lead"
	Administrator  Standing = "admin"
	StandingMember Standing = "team-member"
)

// Authority names who may do what changes an incident's duties. An empty list
// grants it to the commander, a lead of the owning team and administrators.
type Authority struct {
	Lower  []Standing `yaml:"lower" json:"lower,omitempty"`
	Cancel []Standing `yaml:"cancel" json:"cancel,omitempty"`
	Waive  []Standing `yaml:"waive" json:"waive,omitempty"`
	// Approve says who may answer a runbook's approval; an empty list grants
	// it as above and to every responder.
	Approve []Standing `yaml:"approve" json:"approve,omitempty"`
	// SelfApproval lets a person approve a run that they started.
	SelfApproval bool `yaml:"self_approval" json:"self_approval,omitempty"`
}
