package workflows

import (
	"errors"
	"fmt"
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
	if err := r.listen(ctx); err != nil {
		return fmt.Errorf("set the handlers: %w", err)
	}
	r.takeOpening(ctx)
	r.accompany(ctx)
	workflow.GoNamed(outside, "cancellation", r.heedCancellation)
	err := r.respond(ctx)
	if errors.Is(err, errLeave) {
		return r.leave(ctx)
	}
	if err != nil {
		return err
	}
	return r.finish(ctx)
}

// response is one run of an incident: its state, and what lives only as long
// as the run does.
type response struct {
	*deadlines
	state State
	inc   *incident.Incident
	log   log.Logger

	// opening holds until the first pages had their first result: until then
	// the workflow task does nothing that can fail.
	opening bool
	leaving bool
	// finished lets everything that accompanies the response end.
	finished bool
	// recorded is the last revision that the journal holds; slow says that
	// the store did not answer in time lately.
	recorded int
	slow     bool
	// inFlight are keys of what is being published; ticketing says that the
	// ticket is.
	inFlight  map[string]bool
	ticketing bool
	attended  map[string]bool
	// hinted says that the tracker told of a change.
	hinted bool
}

// begin takes up the state. A state that newer code wrote is left to a newer
// worker: the panic fails the task, and another worker takes it.
func begin(ctx workflow.Context, state State) *response {
	if state.Behaviour > behaviour {
		panic(fmt.Sprintf("state of behaviour %d needs a newer worker than this one (%d)", state.Behaviour, behaviour))
	}
	state.Behaviour, state.Since = behaviour, workflow.Now(ctx)
	for _, m := range []*map[string]int{&state.Runs} {
		if *m == nil {
			*m = map[string]int{}
		}
	}
	if state.Told == nil {
		state.Told = map[string]bool{}
	}
	if state.Known == nil {
		state.Known = map[string][][]activities.Recipient{}
	}
	return &response{
		deadlines: &deadlines{}, state: state, inc: state.Incident,
		log:      log.With(workflow.GetLogger(ctx), "incident", state.Incident.Number),
		inFlight: map[string]bool{}, attended: map[string]bool{},
	}
}

// takeOpening applies what opened the incident. In a later run there is
// nothing left to take.
func (r *response) takeOpening(ctx workflow.Context) {
	now := workflow.Now(ctx)
	fresh := r.inc.Ordinals["alert"] == 0
	if len(r.state.Alerts) > 0 || r.state.More > 0 {
		r.inc.TakeAlerts(r.state.Alerts, r.state.More, now)
		r.state.Alerts, r.state.More = nil, 0
	}
	r.inc.Begin(now)
	r.opening = fresh && r.inc.Ordinals["alert"] > 0
}

// accompany starts what runs beside the five steps.
func (r *response) accompany(ctx workflow.Context) {
	workflow.GoNamed(ctx, "deadlines", r.keep)
	workflow.GoNamed(ctx, "paging", r.page)
	workflow.GoNamed(ctx, "journal", r.journal)
	workflow.GoNamed(ctx, "publishing", r.publish)
	workflow.GoNamed(ctx, "tickets", r.watchTickets)
	workflow.GoNamed(ctx, "runbooks", r.runRunbooks)
	workflow.GoNamed(ctx, "visibility", r.show)
	r.attendDuties(ctx)
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
		r.inc.CalledOff(workflow.Now(ctx))
	}
}

// in reports whether the incident is in one of the phases.
func (r *response) in(phases ...incident.Phase) bool {
	for _, p := range phases {
		if r.inc.Phase == p {
			return true
		}
	}
	return false
}

// attend keeps one timed duty: it acts each time that its moment has come.
func (r *response) attend(ctx workflow.Context, what string, due func() time.Time, act func(now time.Time)) {
	workflow.GoNamed(ctx, what, func(ctx workflow.Context) {
		for !r.stopping() {
			at := due()
			moved := func() bool { return r.stopping() || !due().Equal(at) }
			if r.until(ctx, at, what, moved) != nil {
				return
			}
			r.takeIn(ctx)
			if now := workflow.Now(ctx); !r.stopping() && due().Equal(at) && !at.IsZero() && !now.Before(at) {
				act(now)
			}
		}
	})
}

// stopping reports whether what accompanies the response should end.
func (r *response) stopping() bool { return r.leaving || r.finished }
