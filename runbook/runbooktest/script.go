package runbooktest

import (
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// Script is the world that a runbook is played in. Its zero value is a world
// in which nothing is deployed, no metric has data and nobody answers.
type Script struct {
	Params map[string]string
	DryRun bool
	// Deployed is what runs at each deploy target.
	Deployed []incident.Deployment
	// Deploys are deployments by somebody else while the runbook runs.
	Deploys []Deploy
	// Faults befall the calls to the deploy target that change something: the
	// first call, the second call, and so on.
	Faults []Fault
	// Polls is how often an operation is still running when it is looked at.
	Polls int
	// Samples are what the metric query answers, one after the other, the last
	// one for ever; NaN is no data. None at all is no data either.
	Samples []float64
	// Answers answer the questions, one after the other.
	Answers []Answer
	// Cancel is when somebody cancels the run; zero means never.
	Cancel time.Duration
	// Gone is when the incident ceases to exist; zero means never.
	Gone time.Duration
}

// Answer is what a person says, and how long after the question. The zero
// Answer leaves its question unanswered.
type Answer struct {
	After  time.Duration
	By     string
	Choice string
	Reason string
	// To names another question than the one just asked.
	To string
}

// Deploy puts a new revision on a target.
type Deploy struct {
	After    time.Duration
	Target   string
	Revision string
}

// Fault is what befalls one call that changes something.
type Fault int

// The faults. OK is none.
const (
	OK Fault = iota
	// Down: the call never reached the target.
	Down
	// Lost: the target did it, and its answer was lost.
	Lost
	// Forbidden: the target refused the credentials.
	Forbidden
	// Broken: the target took the order, and its operation failed without
	// changing anything.
	Broken
	// Forgotten: the target took the order and did it, and knows nothing of
	// its operation when asked.
	Forgotten
)
