package githubactions

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// Plan says what would be dispatched. It fails with NotFound when the file has
// no such workflow, and with Invalid when the inputs do not fit.
func (s *System) Plan(r systems.WorkflowRequest) (systems.WorkflowPlan, error) {
	a, err := s.find(r)
	if err != nil {
		return systems.WorkflowPlan{}, err
	}
	plan := systems.WorkflowPlan{Line: a.line(s), Inputs: a.shown(), Keyed: a.KeyInput != "", Covers: a.covers(s)}
	if len(plan.Line)+len(strings.Join(plan.Inputs, "; ")) > maxShown {
		return plan, incident.Errorf(incident.Invalid, "with its inputs it is longer than %d bytes, which no approval shows whole", maxShown)
	}
	return plan, nil
}

// asked is a workflow with its inputs.
type asked struct {
	workflow
	values []string
}

func (s *System) find(r systems.WorkflowRequest) (asked, error) {
	w, ok := s.workflows[r.Workflow]
	if !ok {
		return asked{}, incident.Errorf(incident.NotFound, "the systems file has no workflow %q for %s: there are %s",
			r.Workflow, s.config.Name, strings.Join(slices.Sorted(maps.Keys(s.workflows)), ", "))
	}
	given, err := w.inputs.Take(r.Values, nil)
	return asked{w, given}, err
}

func (a asked) line(s *System) string {
	return fmt.Sprintf("dispatch %s of %s at %s", a.File, s.config.Repository, a.Ref)
}

func (a asked) shown() []string {
	var out []string
	for n, p := range a.inputs {
		out = append(out, p.Name+" = "+a.values[n])
	}
	if a.KeyInput != "" {
		out = append(out, a.KeyInput+" = the key of this step")
	}
	return out
}

// given are the inputs as they are sent.
func (a asked) given(key string) map[string]string {
	out := map[string]string{}
	for n, p := range a.inputs {
		out[p.Name] = a.values[n]
	}
	if a.KeyInput != "" {
		out[a.KeyInput] = key
	}
	return out
}

// covers identifies what is dispatched and where: what an approval is given for.
func (a asked) covers(s *System) string {
	sum := sha256.New()
	for _, part := range append([]string{s.base, a.line(s)}, a.shown()...) {
		fmt.Fprintf(sum, "%d %s\n", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}
