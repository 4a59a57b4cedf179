package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// What a run and its incident agree on.
const (
	// TaskQueue is where the runs of Tocsin's own runbooks are done, and for every
	// run the activities of the kit: see Announcement for other queues.
	TaskQueue = "runbooks"
	// ReportSignal is the signal by which a run tells its incident a Report.
	ReportSignal = "run"
	// AnswerSignal is the signal by which an incident tells a run an Answer.
	AnswerSignal = "answer"
	// ControlSignal is the signal by which an incident passes a Control on.
	ControlSignal = "control"
)

// Kind says what a report is about.
type Kind string

// The kinds of report.
const (
	// Started: the run has begun.
	Started Kind = "started"
	// Stepped: a step was done, undone, or failed.
	Stepped Kind = "step"
	// Noted: something to write to the timeline.
	Noted Kind = "note"
	// Brought: something was brought to light, and kept.
	Brought Kind = "output"
	// Paged: somebody is asked to help. Ticketed: a follow-up is to be added.
	Paged    Kind = "page"
	Ticketed Kind = "ticket"
	// Degraded: a step has opened an escape hatch. Restored: one was closed.
	Degraded Kind = "degraded"
	Restored Kind = "restored"
	// Called: another runbook is to be run, whose end the run waits for.
	Called Kind = "run"
	// Asked: a question or an approval waits for a person.
	Asked Kind = "question"
	// Answered: an answer was taken; the run goes on with it.
	Answered Kind = "answered"
	// Expired: nobody answered in time; a later answer is not taken.
	Expired Kind = "expired"
	// Ended: the run is over, and with it every question still open.
	Ended Kind = "ended"
)

// The states of a run. A report carries Running until the run has ended.
const (
	Running   = incident.RunRunning
	Done      = incident.RunDone
	Failed    = incident.RunFailed
	Refused   = incident.RunRefused
	Cancelled = incident.RunCancelled
)

// Report is what a run tells its incident, in the payload of ReportSignal.
type Report struct {
	// Run is the run's workflow id; see incident.RunID.
	Run string `json:"run"`
	// Ordinal grows by one with each report of a run: what is not above the
	// last one seen is a repeat.
	Ordinal int    `json:"ordinal"`
	Kind    Kind   `json:"kind"`
	Text    string `json:"text"`
	// Question is set on the kinds Asked, Answered and Expired.
	Question *Question `json:"question,omitempty"`
	// Target is what the run changes, on the kind Started.
	Target string `json:"target,omitempty"`
	// Page is set on the kind Paged, Task on Ticketed, Hatch on Degraded and
	// Restored, and Call on Called.
	Page  *Target `json:"page,omitempty"`
	Task  *Task   `json:"task,omitempty"`
	Hatch *Hatch  `json:"hatch,omitempty"`
	Call  *Other  `json:"call,omitempty"`
	// State is how the run stands: running, or how it ended.
	State string `json:"state"`
	// At is when it happened, by the run's clock.
	At time.Time `json:"at"`
	// Before are reports that go along, the oldest first: each signal costs
	// its incident history.
	Before []Report `json:"before,omitempty"`
}

// All lists the reports that came with a signal, in their order.
func (r Report) All() []Report {
	last := r
	last.Before = nil
	return append(slices.Clone(r.Before), last)
}

// Question is what a run asks of people.
type Question struct {
	// ID is unique in the incident and fit for a path: "rollback-1-2" is the
	// second question of the first run of rollback.
	ID string `json:"id"`
	// Approval marks a gate, and Who says who may open it.
	Approval bool     `json:"approval,omitempty"`
	Who      Approval `json:"who,omitzero"`
	Text     string   `json:"text"`
	// Calls are the exact calls that would be made, and Covers identifies them:
	// an approval covers these and no others.
	Calls   []string  `json:"calls,omitempty"`
	Covers  string    `json:"covers,omitempty"`
	Choices []string  `json:"choices"`
	Until   time.Time `json:"until"`
}

// Answer is what a person chose, in the payload of AnswerSignal. Who may
// answer is for the incident to decide, before it sends one.
type Answer struct {
	Question string `json:"question"`
	Choice   string `json:"choice"`
	By       string `json:"by"`
	Reason   string `json:"reason,omitempty"`
}

// questionID names the nth question of a run so that it fits in a path.
func questionID(run string, n int) string {
	_, short, found := strings.Cut(run, "/runbook/")
	if !found {
		short = run
	}
	return fmt.Sprintf("%s-%d", strings.ReplaceAll(short, "/", "-"), n)
}
