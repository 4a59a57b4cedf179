package incident

import (
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// ViaLink is how what somebody did with the link of a page came: it proves that
// they have that page.
const ViaLink = "link"

// Header says who commands, when, and through what. It comes with every
// command, and is filled in by the API, never by the caller.
type Header struct {
	// ID is the idempotency key: a command is applied once an ID.
	ID string `json:"id"`
	By Actor  `json:"by"`
	// At is the time of the tap, which may be earlier than the moment at
	// which the incident learns of it.
	At time.Time `json:"at"`
	// Via says through what it came: api, cli, sms, ViaLink.
	Via string `json:"via,omitempty"`
	// Standings are what the catalog grants this person here.
	Standings []catalog.Standing `json:"standings,omitempty"`
	// Teams are those that this person is a member or a lead of.
	Teams []string `json:"teams,omitempty"`
}

// The commands: each is the argument of the Incident's method of that name.
type (
	// Acknowledge takes the incident, or answers the summons of Page.
	Acknowledge struct {
		// Page is the key of the page that was answered, when it was one.
		Page string `json:"page,omitempty"`
	}
	// Decline says that a paged person cannot take it.
	Decline struct {
		Reason string `json:"reason"`
	}
	// Escalate begins the next level at once.
	Escalate struct {
		Reason string `json:"reason"`
	}
	// Snooze takes the incident and asks not to be reached about it until a
	// time.
	Snooze struct {
		Until  time.Time `json:"until"`
		Reason string    `json:"reason"`
	}
	// Reassign offers the incident to a person or a team; the holder keeps it
	// until somebody accepts.
	Reassign struct {
		To     oncall.Target `json:"to"`
		Reason string        `json:"reason"`
	}
	// Classify records what triage found. Each of its answers may be
	// "unknown".
	Classify struct {
		What     string        `json:"what"`
		Impact   Impact        `json:"impact"`
		Severity catalog.Level `json:"severity"`
		WhoFixes string        `json:"who_fixes"`
		// Reason is needed to lower a confirmed severity.
		Reason string `json:"reason,omitempty"`
	}
	// AssignRole offers a role to a person.
	AssignRole struct {
		Role   Role   `json:"role"`
		Person string `json:"person"`
	}
	// AcceptRole takes a role that is offered or looked for.
	AcceptRole struct {
		Role Role `json:"role"`
	}
	// AddResponder pages a person or a team, on call or not.
	AddResponder struct {
		Target oncall.Target `json:"target"`
		Reason string        `json:"reason"`
	}
	// Feedback says whether somebody had to do something.
	Feedback struct {
		Actionable bool   `json:"actionable"`
		Reason     string `json:"reason,omitempty"`
	}
	// Note writes to the timeline.
	Note struct {
		// Investigation says that it belongs to the investigator's own notes.
		Investigation bool   `json:"investigation,omitempty"`
		Text          string `json:"text"`
		Highlight     bool   `json:"highlight,omitempty"`
	}
	// AddLink adds a titled address for people.
	AddLink struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	}
	// SetCause says what may be the cause, or what was found to be.
	SetCause struct {
		Hypothesis string `json:"hypothesis,omitempty"`
		RootCause  string `json:"root_cause,omitempty"`
	}
	// SetStatus says what happens now and next.
	SetStatus struct {
		Status   string `json:"status"`
		NextStep string `json:"next_step"`
	}
	// PostUpdate writes to the audiences of the response policy.
	PostUpdate struct {
		What  string `json:"what"`
		Doing string `json:"doing"`
		// Estimate is when it is expected to be over; zero says unknown.
		Estimate time.Time `json:"estimate,omitzero"`
	}
	// Mitigate says that users are served again.
	Mitigate struct {
		What string `json:"what"`
		// Since dates it back; zero means now.
		Since time.Time `json:"since,omitzero"`
	}
	// Resolve says that it is over and why it will stay so.
	Resolve struct {
		Fix           string   `json:"fix,omitempty"`
		Shortcut      string   `json:"shortcut,omitempty"`
		Reason        string   `json:"reason,omitempty"`
		Confirmations []string `json:"confirmations,omitempty"`
	}
	// Reopen goes back to mitigating.
	Reopen struct {
		Reason string `json:"reason"`
	}
	// Cancel ends a false alarm.
	Cancel struct {
		Reason string `json:"reason"`
	}
	// MergeInto makes this incident a part of another one, which goes on.
	MergeInto struct {
		Into   string `json:"into"`
		Reason string `json:"reason"`
	}
	// Split makes an incident of its own of some of the alerts, named by their
	// fingerprints.
	Split struct {
		Alerts []string `json:"alerts"`
		Title  string   `json:"title,omitempty"`
		Reason string   `json:"reason"`
	}
	// CorrectStamp replaces the time of a clock; the original is kept.
	CorrectStamp struct {
		Clock  Clock     `json:"clock"`
		At     time.Time `json:"at"`
		Reason string    `json:"reason"`
	}
	// AddFollowUp adds a task that closing waits for.
	AddFollowUp struct {
		Title    string           `json:"title"`
		Owner    string           `json:"owner,omitempty"`
		Priority catalog.Priority `json:"priority,omitempty"`
		Due      time.Time        `json:"due,omitzero"`
	}
	// CompleteFollowUp says that a task is done, where no tracker holds it.
	CompleteFollowUp struct {
		ID   string `json:"id"`
		Text string `json:"text,omitempty"`
	}
	// WaiveFollowUp lets the incident close without it.
	WaiveFollowUp struct {
		ID     string `json:"id"`
		Reason string `json:"reason"`
	}
	// ConfirmCollected says that all follow-ups are written down.
	ConfirmCollected struct{}
	// Close asks for closing now; it is refused with the gates not met.
	Close struct{}
	// StartRun runs a runbook.
	StartRun struct {
		Name   string            `json:"name"`
		Params map[string]string `json:"params,omitempty"`
		DryRun bool              `json:"dry_run,omitempty"`
		// BreakGlass is why it may change a target that another run changes too.
		BreakGlass string `json:"break_glass,omitempty"`
	}
	// ControlRun has a run pause, resume, skip or abort.
	ControlRun struct {
		// Run is the id of the run, or its name within the incident.
		Run    string `json:"run"`
		Do     string `json:"do"`
		Reason string `json:"reason,omitempty"`
	}
	// Answer answers a runbook's question or approval.
	Answer struct {
		Question string `json:"question"`
		Choice   string `json:"choice"`
		Reason   string `json:"reason,omitempty"`
	}
)

// Outcome is the answer to a command that was accepted.
type Outcome struct {
	Number   string        `json:"number"`
	Phase    Phase         `json:"phase"`
	Severity catalog.Level `json:"severity,omitempty"`
	Holder   string        `json:"holder,omitempty"`
	Revision int           `json:"revision"`
	// Text says in words what was done.
	Text string `json:"text"`
	// ID names what was made: a follow-up, a run.
	ID string `json:"id,omitempty"`
}

// Accepted is the text of an Outcome that nobody could compute yet: the
// command counts from now, and is applied as soon as a worker runs.
const Accepted = "accepted"
