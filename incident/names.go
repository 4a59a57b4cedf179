package incident

import "fmt"

// The names of the commands: a command's type, as it is called on the way to
// its incident.
const (
	AcknowledgeCommand      = "acknowledge"
	SnoozeCommand           = "snooze"
	DeclineCommand          = "decline"
	EscalateCommand         = "escalate"
	ReassignCommand         = "reassign"
	ClassifyCommand         = "classify"
	AssignRoleCommand       = "assign-role"
	AcceptRoleCommand       = "accept-role"
	AddResponderCommand     = "add-responder"
	FeedbackCommand         = "feedback"
	NoteCommand             = "note"
	AddLinkCommand          = "link"
	SetStatusCommand        = "set-status"
	SetCauseCommand         = "set-cause"
	PostUpdateCommand       = "post-update"
	MitigateCommand         = "mitigate"
	ResolveCommand          = "resolve"
	ReopenCommand           = "reopen"
	CancelCommand           = "cancel"
	MergeCommand            = "merge"
	SplitCommand            = "split"
	CorrectStampCommand     = "correct-stamp"
	AddFollowUpCommand      = "add-follow-up"
	CompleteFollowUpCommand = "complete-follow-up"
	WaiveFollowUpCommand    = "waive-follow-up"
	ConfirmCollectedCommand = "confirm-collected"
	CloseCommand            = "close"
	StartRunCommand         = "start-run"
	ControlRunCommand       = "control-run"
	AnswerCommand           = "answer"
)

const (
	// NumberPrefix begins every incident's number, and so the id of its
	// workflow and of its runs.
	NumberPrefix = "INC-"
	// AwayPrefix begins the numbers that are made without the database.
	AwayPrefix = NumberPrefix + "x"
	// StormKey is the key of the incident that a service's alerts join when too
	// many new keys come at once. No group of labels has it.
	StormKey = "storm"
)

// Identity names what an incident is about: two of one identity are never
// open at once.
func Identity(service, key string) string { return service + "/" + key }

// RunID names the nth run of an incident, by its runbook; it is the id of the
// run's workflow: "INC-1042/runbook/rollback/1".
func RunID(number, runbook string, n int) string {
	return fmt.Sprintf("%s/runbook/%s/%d", number, runbook, n)
}
