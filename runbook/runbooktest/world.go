package runbooktest

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// target is a deploy target that honours keys and expected revisions.
type target struct {
	script *transcript
	polls  int

	mu       sync.Mutex
	deployed map[string]incident.Deployment
	faults   []Fault
	done     map[string]*operation
}

type operation struct {
	incident.Operation
	polls int
}

var _ activities.Deployer = (*target)(nil)

func newTarget(s Script, script *transcript) *target {
	t := &target{
		script:   script,
		polls:    s.Polls,
		deployed: map[string]incident.Deployment{},
		faults:   s.Faults,
		done:     map[string]*operation{},
	}
	for _, d := range s.Deployed {
		t.deployed[d.Target] = d
	}
	return t
}

// Deployed says what runs.
func (t *target) Deployed(_ context.Context, name string) (incident.Deployment, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d, ok := t.deployed[name]
	if !ok {
		return d, incident.Errorf(incident.NotFound, "there is no target %s", name)
	}
	return d, nil
}

// Rollback does what is ordered, once a key, unless a fault befalls it.
func (t *target) Rollback(_ context.Context, r incident.Rollback) (incident.Operation, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.done[r.Key]
	again := ""
	if known != nil {
		again = ", the same key again"
	}
	t.script.add("calls rollback %s %s (expected %s%s)", r.Target, r.To, r.Expected, again)
	fault := t.fault()
	switch {
	case fault == Down:
		return incident.Operation{}, incident.Errorf(incident.Unavailable, "the target does not answer")
	case fault == Forbidden:
		return incident.Operation{}, incident.Errorf(incident.Forbidden, "the target refuses the credentials")
	case known != nil:
		return known.Operation, nil
	}
	op, err := t.apply(r, fault == Broken)
	if err == nil && fault == Lost {
		return incident.Operation{}, incident.Errorf(incident.Unavailable, "the answer was lost")
	}
	if fault == Forgotten {
		op.ID = "op-0"
	}
	return op, err
}

// Operation says how an order stands.
func (t *target) Operation(_ context.Context, _, id string) (incident.Operation, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, op := range t.done {
		if op.ID != id {
			continue
		}
		if op.polls > 0 {
			op.polls--
			return incident.Operation{ID: op.ID, State: activities.OperationRunning}, nil
		}
		if op.State == activities.OperationRunning {
			op.State = activities.OperationDone
		}
		return op.Operation, nil
	}
	return incident.Operation{}, incident.Errorf(incident.NotFound, "there is no operation %s", id)
}

func (t *target) apply(r incident.Rollback, broken bool) (incident.Operation, error) {
	now := t.deployed[r.Target]
	if now.Revision != r.Expected {
		return incident.Operation{}, incident.Errorf(incident.Conflict,
			"%s runs %s, not %s", r.Target, now.Revision, r.Expected)
	}
	op := &operation{polls: t.polls}
	op.ID, op.Revision, op.State = fmt.Sprintf("op-%d", len(t.done)+1), r.To, activities.OperationRunning
	if broken {
		op.State = activities.OperationFailed
	} else {
		t.set(r.Target, r.To)
	}
	t.done[r.Key] = op
	return op.Operation, nil
}

func (t *target) deploy(d Deploy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.script.add("somebody deploys %s %s", d.Target, d.Revision)
	t.set(d.Target, d.Revision)
}

func (t *target) set(name, revision string) {
	d := t.deployed[name]
	gone := incident.Revision{Revision: d.Revision, Version: d.Version, At: d.At}
	d.Previous = append([]incident.Revision{gone}, d.Previous...)
	d.Target, d.Revision, d.Version, d.At = name, revision, "", t.script.now()
	t.deployed[name] = d
}

func (t *target) fault() Fault {
	if len(t.faults) == 0 {
		return OK
	}
	first := t.faults[0]
	t.faults = t.faults[1:]
	return first
}

// metric answers every query with the next sample.
type metric struct {
	script *transcript

	mu      sync.Mutex
	samples []float64
}

var _ activities.Metrics = (*metric)(nil)

// Query answers with the next sample, or the last one for ever.
func (m *metric) Query(_ context.Context, expr string) (incident.Measurement, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value := math.NaN()
	if len(m.samples) > 0 {
		value = m.samples[0]
		m.samples = m.samples[min(1, len(m.samples)-1):]
	}
	if math.IsNaN(value) {
		m.script.add("measures %s: no data", expr)
		return incident.Measurement{}, nil
	}
	m.script.add("measures %s: %s", expr, strconv.FormatFloat(value, 'g', 6, 64))
	return incident.Measurement{Value: value, At: m.script.now(), Found: true}, nil
}

// outputs writes what is kept into the transcript.
type outputs struct {
	script *transcript
	full   bool
}

// KeepOutput keeps an output, unless no more are kept.
func (o outputs) KeepOutput(_ context.Context, _ string, out incident.Output) error {
	if o.full {
		return incident.Errorf(incident.Refused, "the incident has too many outputs already")
	}
	o.script.add("keeps %s:", out.Title)
	for line := range strings.Lines(out.Body) {
		o.script.add("  %s", strings.TrimRight(line, "\n"))
	}
	return nil
}
