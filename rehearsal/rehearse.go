package rehearsal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
	"github.com/tocsinhq/tocsin/workflows"
)

// number is that of every rehearsed incident.
const number = incident.NumberPrefix + "1"

// Rehearse plays the plan and returns what would have happened. It fails when
// the plan names what is not there.
func Rehearse(ctx context.Context, p Plan) (*Transcript, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("rehearse: %w", err)
	}
	p.From = p.From.UTC().Truncate(time.Second)
	if routed := p.routed(); !routed.Pages() {
		return unpaged(p, routed), nil
	}
	s := newStage(p)
	for !s.done {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("rehearse: %w", err)
		}
		if err := s.run(); err != nil {
			return nil, fmt.Errorf("rehearse: %w", err)
		}
	}
	return s.transcript(), nil
}

// stage is what a rehearsal takes place on.
type stage struct {
	plan     Plan
	incident *incident.Incident
	state    workflows.State
	until    time.Time
	*record
	cast *cast

	// present is the environment of the run under way.
	present atomic.Pointer[testsuite.TestWorkflowEnvironment]
	start   time.Time
	done    bool
}

func newStage(p Plan) *stage {
	a, routed := p.alert(), p.routed()
	if len(routed.Routes) > 0 {
		a.Urgency, a.Severity = string(routed.Urgency), string(routed.Severity)
	}
	s := &stage{plan: p, start: p.From, until: p.From.Add(p.For), record: newRecord()}
	s.now = s.clock
	s.incident = incident.New(opening(p, a, routed))
	s.state = workflows.NewState(s.incident, []alerts.Alert{a}, 0)
	s.state.Unlisted = true
	s.cast = newCast(s)
	return s
}

// opening is what the intake makes of the alert.
func opening(p Plan, a alerts.Alert, routed catalog.Routed) incident.Opening {
	policy, _ := p.Catalog.Policy(routed.Service)
	policy.Hold = routed.Hold
	return incident.Opening{
		Number: number, Title: a.Summary(), Policy: policy, Urgency: routed.Urgency, Severity: routed.Severity,
		By: incident.Machine(a.Source), Source: a.Source, At: p.From,
	}
}

func (s *stage) clock() time.Time { return s.present.Load().Now().UTC() }

// run plays one run of the workflow. The environment says by a panic what
// went wrong with it.
func (s *stage) run() (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the rehearsed workflow broke: %v", cause)
		}
	}()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	s.present.Store(env)
	env.SetStartTime(s.start)
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: number, TaskQueue: workflows.Incidents})
	env.SetTestTimeout(time.Minute)
	env.SetDetachedChildWait(false)
	env.RegisterWorkflow(workflows.Incident)
	s.register(env)
	s.cast.enter()
	env.RegisterDelayedCallback(func() { s.end(env) }, max(s.until.Sub(s.start), 0)+moment)
	env.ExecuteWorkflow(workflows.Incident, s.state)
	return s.ended(env)
}

// register puts the real activities on the stage, with nothing behind them
// that reaches anybody.
func (s *stage) register(env *testsuite.TestWorkflowEnvironment) {
	still := inForce{unbundled(s.plan.Catalog)}
	links := activities.Links{Base: "https://tocsin.example.org", Signer: acklink.Signer{Key: make([]byte, acklink.MinKey)}}
	pager := &activities.Pager{Catalogs: still, Channels: s.channels(), Ledger: s.record, Links: links, Turns: s.record, Now: s.clock}
	// Notices are not what is rehearsed: they need no channel.
	unheard := &activities.Pager{Catalogs: still, Channels: silent(), Ledger: nowhere{}, Links: links, Now: s.clock}
	env.RegisterActivity(pager)
	env.RegisterActivity(&activities.Publisher{Pager: unheard, Mailer: nowhere{}, Incidents: nowhere{}})
	env.RegisterActivity(&activities.Recorder{Journal: s.record})
}

// end stops to watch: what the workflow does to come to its end was never
// part of the plan.
func (s *stage) end(env *testsuite.TestWorkflowEnvironment) {
	s.close()
	env.CancelWorkflow()
}

// ended takes the state of a run that continues as a new one.
func (s *stage) ended(env *testsuite.TestWorkflowEnvironment) error {
	if !env.IsWorkflowCompleted() {
		return errors.New("the rehearsed workflow did not come to its end")
	}
	s.start = env.Now()
	err := env.GetWorkflowError()
	again, ok := errors.AsType[*workflow.ContinueAsNewError](err)
	if !ok {
		s.done = true
		return err
	}
	s.state = workflows.State{}
	if err := json.Unmarshal(again.Input.GetPayloads()[0].GetData(), &s.state); err != nil {
		return fmt.Errorf("take up the state of the run before: %w", err)
	}
	return nil
}

// inForce is the catalog that is rehearsed.
type inForce struct{ *catalog.Catalog }

// unbundled lets each page go by itself: what goes together waits by the clock on
// the wall, and one incident is no flood.
func unbundled(c *catalog.Catalog) *catalog.Catalog {
	out := *c
	out.Settings.Bundle.PagesPerMinute = math.MaxInt
	return &out
}

// Current returns it.
func (f inForce) Current(context.Context) (*catalog.Catalog, error) { return f.Catalog, nil }
