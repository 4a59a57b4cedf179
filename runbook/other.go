package runbook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// EndSignal is the signal by which an incident tells a run that another, which
// it asked for, has ended.
const EndSignal = "ended"

// Other is another runbook that a run asks for.
type Other struct {
	// ID tells it from the others that the run asks for.
	ID     string            `json:"id"`
	Name   string            `json:"name"`
	Params map[string]string `json:"params,omitempty"`
}

// End says how another run ended, in the payload of EndSignal.
type End struct {
	// ID is that of the Other, State one of those of a run.
	ID    string `json:"id"`
	State string `json:"state"`
	Text  string `json:"text,omitempty"`
}

// Run has another runbook run for the same incident, and waits until it has
// ended; nothing is returned when it is done. It is a run of its own: it claims
// its own target, asks for its own approvals and undoes what it did itself. What
// it did stays when the run that asked for it fails later. One that did not
// begin or ended in another way is an error, of kind Permanent. A runbook that
// says that it changes nothing runs no other, which may. A dry run says what it
// would run.
func Run(ctx workflow.Context, name string, params map[string]string) error {
	r := of(ctx)
	if err := r.stoppedBeforeChange(ctx); err != nil {
		return err
	}
	if problem := r.mayRun(name, params); problem != "" {
		return fmt.Errorf("the run of %s: %w", short(name), incident.Errorf(incident.Invalid, "%s", problem))
	}
	if skip, err := r.mayGoOn(ctx); skip != nil || err != nil {
		return r.skipped(ctx, skip, "the run of "+name, err)
	}
	if r.in.DryRun {
		r.pretended = true
		r.note(ctx, "would run %s with %s", name, given(params))
		return r.stopped(ctx)
	}
	r.others++
	other := Other{ID: fmt.Sprintf("other-%d", r.others), Name: name, Params: params}
	r.report(ctx, Report{Kind: Called, Text: name + " with " + given(params), Call: &other})
	r.abide(ctx, "waiting for the end of "+name, func() bool { _, ended := r.ends[other.ID]; return ended })
	if err := r.over(ctx); err != nil {
		return err
	}
	end := r.ends[other.ID]
	if end.State != Done {
		return incident.Errorf(incident.Permanent, "%s %s: %s", name, end.State, end.Text)
	}
	return nil
}

// mayRun says why another runbook cannot be run, or nothing.
func (r *run) mayRun(name string, params map[string]string) string {
	size := 0
	for _, key := range names(params) {
		size += len(key) + len(params[key])
	}
	switch {
	case !r.spec.Changes():
		return changesNothing + ", and runs no other"
	case len(name) > maxName || size > maxParams:
		return fmt.Sprintf("its name is longer than %d bytes, or its parameters than %d", maxName, maxParams)
	}
	return ""
}

// given are parameters as people read them.
func given(params map[string]string) string {
	if len(params) == 0 {
		return "no parameters"
	}
	var parts []string
	for _, name := range names(params) {
		parts = append(parts, name+"="+params[name])
	}
	return strings.Join(parts, " ")
}

// names lists the names of parameters, always in the same order.
func names(params map[string]string) []string {
	return slices.Sorted(maps.Keys(params)) //workflowcheck:ignore
}

// hearEnds takes in how the runs ended that this one asked for.
func (r *run) hearEnds(ctx workflow.Context) {
	channel := workflow.GetSignalChannel(ctx, EndSignal)
	for {
		var e End
		if !channel.Receive(ctx, &e) || ctx.Err() != nil {
			return
		}
		if r.ends == nil {
			r.ends = map[string]End{}
		}
		r.ends[e.ID] = e
	}
}
