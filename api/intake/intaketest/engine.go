package intaketest

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/incident"
)

// Workflow is an incident as the engine runs it.
type Workflow struct {
	Incident *incident.Incident
	// Told are the alerts of its start and of every signal, in order.
	Told    []alerts.Alert
	Signals int
	Open    bool
}

// Engine runs workflows in memory: a number is started once for ever.
type Engine struct {
	mu        sync.Mutex
	workflows map[string]*Workflow
	starts    []string
	away      bool
	losing    bool
	maxAlerts int
}

// NewEngine returns an engine that runs nothing yet.
func NewEngine() *Engine { return &Engine{workflows: map[string]*Workflow{}, maxAlerts: 50} }

// SetAway makes every call fail, or succeed again.
func (e *Engine) SetAway(away bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.away = away
}

// LoseAnswers makes every start happen and answer that nobody knows, or answer
// again.
func (e *Engine) LoseAnswers(lose bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.losing = lose
}

// SetMaxAlerts bounds what a start or signal may carry.
func (e *Engine) SetMaxAlerts(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.maxAlerts = n
}

// Finish ends a workflow; Delete leaves no trace of it.
func (e *Engine) Finish(number string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.workflows[number].Open = false
}

// Delete removes a workflow as an operator or a lost database would.
func (e *Engine) Delete(number string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.workflows, number)
}

// Run puts a workflow there that the store knows nothing about.
func (e *Engine) Run(inc *incident.Incident) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.workflows[inc.Number] = &Workflow{Incident: inc, Open: true}
}

// Starts returns the numbers that were started, in order.
func (e *Engine) Starts() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.starts)
}

// Numbers returns the numbers that run or ran, sorted.
func (e *Engine) Numbers() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.workflows))
}

// Workflow returns a copy of a workflow; its zero value when there is none.
func (e *Engine) Workflow(number string) Workflow {
	e.mu.Lock()
	defer e.mu.Unlock()
	w, ok := e.workflows[number]
	if !ok {
		return Workflow{}
	}
	out := *w
	out.Told = slices.Clone(w.Told)
	out.Incident = w.Incident.Clone()
	return out
}

// Start implements intake.Engine.
func (e *Engine) Start(_ context.Context, inc *incident.Incident, news []alerts.Alert, more int) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.check(news); err != nil {
		return false, err
	}
	if _, ok := e.workflows[inc.Number]; ok {
		return false, incident.Errorf(incident.Conflict, "%s was started before", inc.Number)
	}
	inc.TakeAlerts(news, more, inc.Stamp(incident.TriggeredAt))
	e.workflows[inc.Number] = &Workflow{Incident: inc, Told: slices.Clone(news), Open: true}
	e.starts = append(e.starts, inc.Number)
	if e.losing {
		return false, incident.Errorf(incident.Unavailable, "the answer was lost")
	}
	return true, nil
}

// Signal implements intake.Engine.
func (e *Engine) Signal(_ context.Context, number string, news []alerts.Alert, more int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.check(news); err != nil {
		return err
	}
	w, ok := e.workflows[number]
	if !ok || !w.Open {
		return incident.Errorf(incident.NotFound, "there is no workflow %s", number)
	}
	w.Incident.TakeAlerts(news, more, w.Incident.Stamp(incident.TriggeredAt))
	w.Told = append(w.Told, news...)
	w.Signals++
	return nil
}

// Describe implements intake.Engine.
func (e *Engine) Describe(_ context.Context, number string) (string, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.check(nil); err != nil {
		return "", false, err
	}
	w, ok := e.workflows[number]
	if !ok {
		return "", false, incident.Errorf(incident.NotFound, "there is no workflow %s", number)
	}
	return intake.Identity(w.Incident.Service, w.Incident.Key), w.Open, nil
}

func (e *Engine) check(news []alerts.Alert) error {
	switch {
	case e.away:
		return incident.Errorf(incident.Unavailable, "the engine is away")
	case len(news) > e.maxAlerts:
		return incident.Errorf(incident.Invalid, "the payload is too large")
	}
	return nil
}
