// Package workflows holds the decisions that are made over time: the incident,
// from its first alert to its last follow-up, and the few that belong to no
// incident. It waits, and asks activities to touch the world; every rule it
// applies is a method of package incident.
package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// The task queues: one a failure domain.
const (
	// Incidents runs the incident workflows and their short local work.
	Incidents = "incidents"
	// Paging hands pages over; nothing slow shares it.
	Paging = "paging"
	// Records writes to a store that is slow. Whoever serves Incidents serves
	// it too, so that no tracker or mail server that hangs stops the record.
	Records = "records"
	// Integrations mails and keeps tickets.
	Integrations = "integrations"
	// Runbooks runs runbooks, which may live in another network.
	Runbooks = "runbooks"
)

// The signals of an incident: facts from machines. Alone an acknowledgement
// comes as one too, when no worker answers its update.
const (
	AlertsSignal      = "alerts"
	AcknowledgeSignal = "acknowledge"
	TicketSignal      = "ticket"
	HandOffSignal     = "hand-off"
	PageFailedSignal  = "page-failed"
	// SuspectsSignal brings []incident.Suspect.
	SuspectsSignal = "suspects"
	// MergeSignal comes from an incident that is to be merged into this one,
	// MergedSignal is the answer to it.
	MergeSignal  = "merge"
	MergedSignal = "merged"
)

// StateQuery answers with the Incident as it stands; it is for tests and
// debugging.
const StateQuery = "state"

// Alerts is the payload of AlertsSignal: what changed, and how many firing
// alerts were left out of it.
type Alerts struct {
	Alerts []alerts.Alert `json:"alerts"`
	More   int            `json:"more,omitempty"`
	// PassedOn says that another incident passes them on: they are no whole
	// delivery, and More says nothing.
	PassedOn bool `json:"passed_on,omitempty"`
}

// PageFailed is the payload of PageFailedSignal: a page that a provider took
// will never arrive.
type PageFailed struct {
	Key    string `json:"key"`
	Reason string `json:"reason"`
}

// Command is a request from a named person, the payload of every update.
type Command[A any] struct {
	incident.Header
	Args A `json:"args"`
}

// The typed search attributes of an incident.
var (
	phaseAttribute     = temporal.NewSearchAttributeKeyKeyword("TocsinPhase")
	severityAttribute  = temporal.NewSearchAttributeKeyKeyword("TocsinSeverity")
	serviceAttribute   = temporal.NewSearchAttributeKeyKeyword("TocsinService")
	teamAttribute      = temporal.NewSearchAttributeKeyKeyword("TocsinTeam")
	commanderAttribute = temporal.NewSearchAttributeKeyKeyword("TocsinCommander")
)

// SearchAttributes lists the names of the keyword attributes that must be
// registered in the namespace.
func SearchAttributes() []string {
	return []string{
		phaseAttribute.GetName(), severityAttribute.GetName(), serviceAttribute.GetName(),
		teamAttribute.GetName(), commanderAttribute.GetName(),
	}
}

// taskTimeout is that of an incident's workflow tasks: a worker's death delays
// by as much. Local work of one task must fit into 0.8 of it.
const taskTimeout = 5 * time.Second
