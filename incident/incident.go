// Package incident holds the words and the rules of an incident: its phases
// and who may move it between them, roles, clocks, what is owed to whom, the
// timeline, and the gates that closing waits for. It is pure: every rule is a
// method that looks at nothing but the incident and its arguments, so that a
// workflow, a test and a rehearsal apply the same ones. Every time is UTC.
package incident

import (
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// Phase is where an incident stands.
type Phase string

// The phases.
const (
	Triggered  Phase = "triggered"
	Triaging   Phase = "triaging"
	Mitigating Phase = "mitigating"
	Mitigated  Phase = "mitigated"
	Resolved   Phase = "resolved"
	Closed     Phase = "closed"
	Transient  Phase = "transient"
	Cancelled  Phase = "cancelled"
	Merged     Phase = "merged"
)

// Over reports whether the phase is final.
func (p Phase) Over() bool {
	return p == Closed || p == Transient || p == Cancelled || p == Merged
}

// Active reports whether responders are at work or wanted: before resolved.
func (p Phase) Active() bool {
	return p == Triggered || p == Triaging || p == Mitigating || p == Mitigated
}

// Incident is the durable unit of response. Its fields are the whole truth:
// it can be written as JSON at any moment and taken up again from there.
type Incident struct {
	// Number names it for ever: "INC-1042". It is the workflow's id too.
	Number  string `json:"number"`
	Title   string `json:"title"`
	Phase   Phase  `json:"phase"`
	Service string `json:"service"`
	Team    string `json:"team"`
	// Key is the dedup key within the service.
	Key   string `json:"key,omitempty"`
	Storm bool   `json:"storm,omitempty"`
	// Drill marks an exercise.
	Drill bool `json:"drill,omitempty"`
	// Origin says through what it was opened: alertmanager, generic, api, cli.
	Origin string `json:"origin"`
	// Recurs names the incident that this one repeats.
	Recurs string `json:"recurs,omitempty"`
	// SplitFrom names the incident whose alerts this one took.
	SplitFrom string `json:"split_from,omitempty"`
	// Into names the incident that this one was merged into.
	Into string `json:"into,omitempty"`
	// Absorbed lists the incidents that were merged into this one.
	Absorbed []Absorbed `json:"absorbed,omitempty"`
	// Held says that nobody was told: a hold is running, or the incident ended
	// within it. HeldUntil is when that hold ended with a page.
	Held      bool      `json:"held,omitempty"`
	HeldUntil time.Time `json:"held_until,omitzero"`
	// Openings is how often its key was opened of late, this time among them,
	// where that is so often that it flaps from its beginning; zero otherwise.
	Openings int `json:"openings,omitempty"`
	// Recovered marks that every alert cleared before anyone acknowledged.
	Recovered bool `json:"recovered,omitempty"`

	Urgency catalog.Urgency `json:"urgency"`
	// Severity is the present one; Provisional until a person confirms it.
	Severity    catalog.Level `json:"severity"`
	Provisional bool          `json:"provisional,omitempty"`
	// Highest is the worst severity that a person confirmed.
	Highest catalog.Level `json:"highest,omitempty"`
	Impact  Impact        `json:"impact,omitzero"`

	// What is wrong and who can fix it, as classified.
	What     string `json:"what,omitempty"`
	WhoFixes string `json:"who_fixes,omitempty"`
	// Status and NextStep are the commander's single source of truth.
	Status   string `json:"status,omitempty"`
	NextStep string `json:"next_step,omitempty"`

	// Holder is the person who acknowledged, until another accepts it.
	Holder string `json:"holder,omitempty"`
	// Heard is when the holder was last heard of.
	Heard time.Time `json:"heard,omitzero"`
	// Snoozed is set while the holder rests.
	Snoozed Snoozed         `json:"snoozed,omitzero"`
	Roles   map[Role]string `json:"roles,omitempty"`
	// Offers are roles that await acceptance.
	Offers     []Offer  `json:"offers,omitempty"`
	Responders []string `json:"responders,omitempty"`
	// Paged lists everyone who was paged, in the order of their first page.
	Paged []string `json:"paged,omitempty"`

	Clocks Clocks `json:"clocks"`

	// Relapsed is when mitigating began again the last time; AckedAgain when
	// somebody acknowledged that.
	Relapsed   time.Time `json:"relapsed,omitzero"`
	AckedAgain time.Time `json:"acked_again,omitzero"`

	Alerts []AlertState `json:"alerts,omitempty"`
	Counts Counts       `json:"counts"`
	// Flaps count how often alerts have changed of late; Flapped says that one
	// of them flapped at any time.
	Flaps   []Flap `json:"flaps,omitempty"`
	Flapped bool   `json:"flapped,omitempty"`
	// Affected lists the services that its alerts have named.
	Affected []string       `json:"affected,omitempty"`
	Links    []catalog.Link `json:"links,omitempty"`
	Ticket   TicketRef      `json:"ticket,omitzero"`
	// TicketDone says that somebody moved the incident's ticket to done.
	TicketDone bool `json:"ticket_done,omitempty"`
	// Tracked says that a tracker keeps the tickets of this incident.
	Tracked   bool       `json:"tracked,omitempty"`
	FollowUps []FollowUp `json:"follow_ups,omitempty"`
	Summonses []*Summons `json:"summonses,omitempty"`
	Runs      []Run      `json:"runs,omitempty"`
	Questions []Question `json:"questions,omitempty"`
	Updates   Updates    `json:"updates,omitzero"`
	Closing   Closing    `json:"closing,omitzero"`
	// Feedback is what people said last of whether it was actionable.
	Feedback Given            `json:"feedback,omitzero"`
	Breaches []Breach         `json:"breaches,omitempty"`
	Runbooks []RunbookOffered `json:"runbooks,omitempty"`
	Outbox   Outbox           `json:"outbox,omitzero"`
	// Demanded lists the targets that response policies had paged already.
	Demanded []oncall.Target `json:"demanded,omitempty"`
	// HoldsKey says that alerts with this key belong here.
	HoldsKey bool `json:"holds_key,omitempty"`
	// MoreKeys says that it has taken over the keys of others.
	MoreKeys bool `json:"more_keys,omitempty"`

	Policy catalog.Policy `json:"policy"`
	// Sequence numbers the timeline; Revision grows with every change.
	Sequence int `json:"sequence"`
	Revision int `json:"revision"`
	// Ordinals count what was made of each kind, so that ids never repeat.
	Ordinals map[string]int `json:"ordinals,omitempty"`

	entries []Entry
}

// Impact says who is affected, how many, and what they cannot do. Since when
// is the clock ImpactStarted.
type Impact struct {
	Scope catalog.Scope `json:"scope,omitempty"`
	// Users is in words: "about 2,000", "unknown".
	Users  string `json:"users,omitempty"`
	Cannot string `json:"cannot,omitempty"`
}

// AlertState is the last word of one alert.
type AlertState struct {
	alerts.Fact
	Name    string    `json:"name"`
	Summary string    `json:"summary"`
	EndsAt  time.Time `json:"ends_at,omitzero"`
	// Suppressed is the id of the silence in which it began to fire.
	Suppressed string `json:"suppressed,omitempty"`
}

// Counts keep what the capped lists leave out.
type Counts struct {
	Alerts int `json:"alerts"`
	Firing int `json:"firing"`
	// More counts firing alerts that are in no list: truncated by the source
	// or beyond the cap.
	More int `json:"more,omitempty"`
}

// RunbookOffered is a runbook that fits, with its parameters filled in.
type RunbookOffered struct {
	Name   string            `json:"name"`
	About  string            `json:"about,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}

// Run is one execution of a runbook, as the incident knows it.
type Run struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Params  map[string]string `json:"params,omitempty"`
	DryRun  bool              `json:"dry_run,omitempty"`
	By      string            `json:"by"`
	Started time.Time         `json:"started"`
	Ended   time.Time         `json:"ended,omitzero"`
	// State is running, done, failed, refused or cancelled.
	State string `json:"state"`
	// Outcome says, beyond what State says, how it ended; it may be empty.
	Outcome string `json:"outcome,omitempty"`
}

// Question is what a runbook asks of people.
type Question struct {
	ID  string `json:"id"`
	Run string `json:"run"`
	// Approval marks a gate that needs the policy's authority.
	Approval bool      `json:"approval,omitempty"`
	Text     string    `json:"text"`
	Choices  []string  `json:"choices"`
	Asked    time.Time `json:"asked"`
	Until    time.Time `json:"until"`
	By       string    `json:"answered_by,omitempty"`
	Answer   string    `json:"answer,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Answered time.Time `json:"answered,omitzero"`
	// Self marks an approval given by the person who started the run.
	Self bool `json:"self,omitempty"`
}

// Open reports whether the question still waits for an answer.
func (q Question) Open() bool { return q.Answered.IsZero() }
