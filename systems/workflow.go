package systems

// WorkflowRequest names one workflow of those that the systems file has for a
// repository.
type WorkflowRequest struct {
	Workflow string `json:"workflow"`
	// Values are its inputs, as a JSON object: {"version": "1.4.2"}.
	Values string `json:"values,omitempty"`
}

// WorkflowPlan is what would be dispatched.
type WorkflowPlan struct {
	// Line says what, of which repository, and at which branch or tag; Inputs are
	// what it is given, in order: "version = 1.4.2".
	Line   string   `json:"line"`
	Inputs []string `json:"inputs,omitempty"`
	// Keyed says that its runs show the key that they were dispatched with.
	Keyed bool `json:"keyed,omitempty"`
	// Covers identifies all that the file says of it.
	Covers string `json:"covers"`
}

// WorkflowRun is one run of a workflow.
type WorkflowRun struct {
	// ID is 0 when nobody knows which run it is.
	ID int64 `json:"id,omitempty"`
	// Number counts the runs of the workflow.
	Number int `json:"number,omitempty"`
	// State is queued, in_progress, waiting, completed or another such word, and
	// Conclusion success, failure, cancelled or another, once it is completed.
	State      string `json:"state,omitempty"`
	Conclusion string `json:"conclusion,omitempty"`
}

// WorkflowCompleted is the state of a run that is over.
const WorkflowCompleted = "completed"

// WorkflowJob is a job of a run that did not end well.
type WorkflowJob struct {
	Name       string `json:"name"`
	Conclusion string `json:"conclusion"`
	// Step is the first of its steps that failed, if any did.
	Step string `json:"step,omitempty"`
}
