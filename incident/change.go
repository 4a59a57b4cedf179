package incident

import "time"

// Deployment is what runs at a deploy target, and what ran before.
type Deployment struct {
	Target   string     `json:"target"`
	Revision string     `json:"revision"`
	Version  string     `json:"version"`
	At       time.Time  `json:"at"`
	By       string     `json:"by,omitempty"`
	Previous []Revision `json:"previous,omitempty"`
}

// Revision is one earlier deployment, the newest first in a list.
type Revision struct {
	Revision string    `json:"revision"`
	Version  string    `json:"version"`
	At       time.Time `json:"at"`
}

// Rollback orders a target back to a revision. It is refused with a Conflict
// when the target no longer runs Expected; equal keys are done once.
type Rollback struct {
	Target   string `json:"target"`
	To       string `json:"to"`
	Expected string `json:"expected"`
	Key      string `json:"key"`
	Reason   string `json:"reason"`
}

// Operation is the progress of a rollback at the target.
type Operation struct {
	ID       string `json:"id"`
	Revision string `json:"revision"`
	// State is running, done or failed.
	State string `json:"state"`
}

// Measurement is the answer to a metric query. Found is false when there was
// no sample: no data is neither zero nor healthy.
type Measurement struct {
	Value float64   `json:"value"`
	At    time.Time `json:"at"`
	Found bool      `json:"found"`
}
