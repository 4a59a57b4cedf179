package runbooktest

import (
	"context"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
)

// Script is the world that a runbook is played in. Its zero value is a world
// in which nothing is deployed, no metric has data and nobody answers.
type Script struct {
	// Params are those that somebody gives, Offered those of the service, and
	// Facts what the incident knows.
	Params  map[string]string
	Offered map[string]string
	Facts   runbook.Facts
	DryRun  bool
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
	// Held are the targets that other runs change, and BreakGlass why this one
	// may change them too.
	Held       Held
	BreakGlass string
	// Controls are what people have the run do.
	Controls []Control
	// Others says how other runbooks end that this one runs, by their names; one
	// that is not here ends as done.
	Others map[string]runbook.End
	// Full has the incident take no output.
	Full bool
	// Activities returns further structs of activities, those of the systems
	// that the runbook acts on. What is said goes into the transcript.
	Activities func(say Say) []any
	// Cancel is when somebody cancels the run; zero means never.
	Cancel time.Duration
	// Gone is when the incident ceases to exist; zero means never.
	Gone time.Duration
}

// Say writes a line of the transcript, formatted as by fmt.Sprintf: what a
// stand-in of a system was told, or did.
type Say func(format string, args ...any)

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

// Held names the runs that change targets, by target.
type Held map[string]string

// Holder returns the run that changes a target.
func (h Held) Holder(_ context.Context, id string) (string, error) {
	return h[strings.TrimPrefix(id, activities.HoldID(""))], nil
}

// Control is what a person has the run do, and when.
type Control struct {
	After time.Duration
	runbook.Control
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
