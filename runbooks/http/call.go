package http

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Call makes one request that changes something.
func Call() runbook.Runbook {
	return runbook.New(call, runbook.Spec{
		Name:     "http-call",
		About:    "Makes one request to a system, of those that the systems file allows.",
		Fits:     "A system is administered over HTTP, and one request there helps: purge, switch, drain.",
		Target:   "http/{system}",
		Approval: &runbook.Approval{},
	})
}

// CallParams are the parameters of http-call.
type CallParams struct {
	System runbook.Name  `about:"the HTTP system, as the systems file names it"`
	Method string        `about:"the method" oneof:"POST PUT PATCH DELETE" default:"POST"`
	Path   string        `about:"the path below the system's address, which must fit one of its calls" match:"(/[^/?#]+)+"`
	Body   string        `about:"JSON to send, where the call takes it" optional:"true"`
	Within time.Duration `about:"how long it may take until it can be seen that it took effect, where the systems file says how" default:"2m"`
}

func call(ctx workflow.Context, p CallParams) error {
	plan, err := Planned(ctx, Request{string(p.System), systems.HTTPRequest{
		Method: p.Method, Path: p.Path, Body: p.Body, Incident: runbook.Incident(ctx).Incident,
	}})
	if err != nil {
		return err
	}
	step, err := plan.Step(ctx)
	if err != nil {
		return err
	}
	if err := runbook.Do(ctx, step); err != nil {
		return err
	}
	if plan.Answer.Status != 0 {
		if err := bring(ctx, plan.Request, plan.Answer); err != nil {
			return err
		}
	}
	if plan.Planned.Verify == "" {
		return nil
	}
	return runbook.Await(ctx, runbook.Expect(plan.Verified(), "yes"), p.Within)
}
