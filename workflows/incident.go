package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// Incident is the whole response to one incident, from its first alert until
// its last follow-up is done. It reads like the five steps; paging, updates,
// deadlines and tickets run beside them.
//
// It ends when the incident is closed, cancelled, merged or transient, or
// continues as a new run with the same state.
func Incident(ctx workflow.Context, state State) error {
	outside := ctx
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	r := begin(ctx, state)
	workflow.GoNamed(ctx, "tasks", r.watchTasks)
	r.takeOpening(ctx) // first: commands that wait already run as soon as they are listened to
	if err := r.listen(ctx); err != nil {
		return fmt.Errorf("set the handlers: %w", err)
	}
	r.coordinate(ctx)
	workflow.GoNamed(outside, "cancellation", r.heedCancellation)
	err := r.respond(ctx)
	if errors.Is(err, errLeave) {
		return r.leave(ctx)
	}
	if err != nil {
		return err
	}
	return r.close(ctx)
}

// response is one run of an incident: its state, and what lives only as long
// as the run does.
type response struct {
	*deadlines
	state State
	inc   *incident.Incident
	log   log.Logger
	// epoch is the id of this run: a reset makes a new one. began is when the
	// present workflow task began, by the engine's clock.
	epoch string
	began time.Time

	// opening holds until the first pages had their first result: until then
	// the workflow task does nothing that can fail.
	opening bool
	leaving bool
	// finished lets everything that accompanies the response end.
	finished bool

	// asking counts look-ups within the present task, trying all look-ups and
	// first tries at a page, busy everything that is being sent, started or
	// asked.
	// telling what a run is being told.
	asking, trying, busy, telling int
	// waiting counts the commands that wait for the first look-up.
	waiting  int
	attended map[string]bool
	tried    map[string]bool
	inFlight map[string]bool
	// ringing is what rings though nobody need answer it any more.
	ringing []activities.Ringing

	// recorded is the last revision that the journal holds; slow says that
	// the store did not answer in time lately.
	recorded int
	slow     bool
	ticket   ticketing
}

// begin takes up the state. A state that newer code wrote is left to a newer
// worker: the panic fails the task, and another worker takes it.
func begin(ctx workflow.Context, state State) *response {
	if state.Behaviour > behaviour {
		panic(fmt.Sprintf("state of behaviour %d needs a newer worker than this one (%d)", state.Behaviour, behaviour))
	}
	state.Behaviour, state.Since = behaviour, workflow.Now(ctx)
	state.ready()
	r := &response{
		state: state, inc: state.Incident, began: state.Since,
		log:      log.With(workflow.GetLogger(ctx), "incident", state.Incident.Number),
		epoch:    workflow.GetInfo(ctx).WorkflowExecution.RunID,
		attended: map[string]bool{}, tried: map[string]bool{}, inFlight: map[string]bool{},
	}
	if len(r.state.Tail) > 0 && r.state.Tail[0].Epoch == unnumbered {
		r.state.Tail[0].Epoch = cmp.Or(workflow.GetInfo(ctx).FirstRunID, r.epoch)
	}
	r.deadlines = newDeadlines(r.within)
	if r.state.Listed == (facets{}) {
		r.state.Listed = r.facets() // the start has set them
	}
	return r
}

// takeOpening applies what opened the incident. In a later run there is
// nothing left to take.
func (r *response) takeOpening(ctx workflow.Context) {
	now := workflow.Now(ctx)
	r.inc.Track(!r.state.NoTracker)
	fresh := r.inc.Ordinals["alert"] == 0
	if len(r.state.Alerts) > 0 || r.state.More > 0 {
		r.takeAlerts(Alerts{Alerts: r.state.Alerts, More: r.state.More}, now)
		r.state.Alerts, r.state.More = nil, 0
	}
	r.inc.Begin(now)
	r.opening = fresh && r.inc.Ordinals["alert"] > 0
	r.describe(ctx)
}

// respond goes through the steps. Going back to an earlier phase is a turn of
// the loop; a step that the phase has left behind returns at once.
func (r *response) respond(ctx workflow.Context) error {
	for !r.inc.Phase.Over() {
		for _, step := range []func(workflow.Context) error{r.triage, r.mitigate, r.resolve, r.followUp} {
			if err := step(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// errLeave says that this run is to continue as a new one.
var errLeave = errors.New("the run is long enough")

// await waits for a fact about the incident, or for the run to be left.
func (r *response) await(ctx workflow.Context, fact func() bool) error {
	err := workflow.Await(ctx, func() bool { return fact() || r.inc.Phase.Over() || r.mustLeave(ctx) })
	if err == nil && r.mustLeave(ctx) && !r.inc.Phase.Over() {
		return errLeave
	}
	return err
}

// heedCancellation takes the cancellation of the workflow as the command
// cancel: everyone who was told is told. All else runs disconnected from it.
func (r *response) heedCancellation(ctx workflow.Context) {
	if workflow.Await(ctx, r.stopping) != nil && !r.stopping() {
		_ = r.whenLaidOut(ctx)
		r.inc.CalledOff(workflow.Now(ctx))
	}
}

// in reports whether the incident is in one of the phases.
func (r *response) in(phases ...incident.Phase) bool {
	return slices.Contains(phases, r.inc.Phase)
}

// stopping reports whether what accompanies the response should end.
func (r *response) stopping() bool { return r.leaving || r.finished }

// within reports whether the present task still looks up, pages or records
// within itself.
func (r *response) within() bool {
	return r.opening || r.asking > 0 || (!r.slow && r.dirty())
}

// effect counts what is being sent, started or asked, until the returned
// function is called: a run is not left meanwhile.
func (r *response) effect() (done func()) {
	r.busy++
	return func() { r.busy-- }
}
