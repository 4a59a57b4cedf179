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
	// Hypothesis is what may be the cause, as people think now; RootCause what
	// was found to be, once it is mitigated.
	Hypothesis string `json:"hypothesis,omitempty"`
	RootCause  string `json:"root_cause,omitempty"`
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

	// Labels are those that all alerts which opened it had in common: a runbook
	// can take parameters from them.
	Labels map[string]string `json:"labels,omitempty"`
	Alerts []AlertState      `json:"alerts,omitempty"`
	Counts Counts            `json:"counts"`
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
	Feedback Given    `json:"feedback,omitzero"`
	Breaches []Breach `json:"breaches,omitempty"`
	// Warned is when people were told that a limit is about to be broken.
	Warned time.Time `json:"warned,omitzero"`
	// Hatches are escape hatches that runs opened.
	Hatches  []Hatch          `json:"hatches,omitempty"`
	Runbooks []RunbookOffered `json:"runbooks,omitempty"`
	// Suspects are the changes that may be the cause, the likeliest first.
	Suspects []Suspect `json:"suspects,omitempty"`
	Outbox   Outbox    `json:"outbox,omitzero"`
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
	// ReadOnly says that it changes nothing.
	ReadOnly bool `json:"read_only,omitempty"`
	// Auto has it start by itself, and Decided says that it did or may not.
	Auto    *catalog.Auto `json:"auto,omitempty"`
	Decided bool          `json:"decided,omitempty"`
}

// Run is one execution of a runbook, as the incident knows it.
type Run struct {
	ID     string            `json:"id"`
	Name   string            `json:"name"`
	Params map[string]string `json:"params,omitempty"`
	DryRun bool              `json:"dry_run,omitempty"`
	// BreakGlass is why it may change a target that another run changes too.
	BreakGlass string    `json:"break_glass,omitempty"`
	By         string    `json:"by"`
	Started    time.Time `json:"started"`
	Ended      time.Time `json:"ended,omitzero"`
	// State is running, paused, done, failed, refused or cancelled.
	State string `json:"state"`
	// Target is what it changes; ReadOnly says that it has begun and changes
	// nothing.
	Target   string `json:"target,omitempty"`
	ReadOnly bool   `json:"read_only,omitempty"`
	// Parent is the run that asked for it, under the name Ask, and hears how it
	// ends; Told says that it did.
	Parent string `json:"parent,omitempty"`
	Ask    string `json:"ask,omitempty"`
	Told   bool   `json:"told,omitempty"`
	// Controls are what people have it do that it was not told yet.
	Controls []RunControl `json:"controls,omitempty"`
	// Aborted is who wants it to end, and why. Stuck says that no worker does it,
	// so that it hears nothing of that.
	Aborted *RunControl `json:"aborted,omitempty"`
	Stuck   bool        `json:"stuck,omitempty"`
	// Said counts what it has said.
	Said int `json:"said,omitempty"`
	// Latest is what it last said of what it does, while it runs.
	Latest string `json:"latest,omitempty"`
	// Outcome says, beyond what State says, how it ended; it may be empty.
	Outcome string `json:"outcome,omitempty"`
}

// Question is what a runbook asks of people.
type Question struct {
	ID  string `json:"id"`
	Run string `json:"run"`
	// Approval marks a gate. Standings and Team say who may open it, instead of
	// the policy; People how many must, when it is more than one; and Approved
	// who did so far.
	Approval  bool               `json:"approval,omitempty"`
	Standings []catalog.Standing `json:"standings,omitempty"`
	Team      string             `json:"team,omitempty"`
	People    int                `json:"people,omitempty"`
	Approved  []string           `json:"approved,omitempty"`
	// Calls are the exact calls that it is about while it is open, and Covers
	// identifies them: an approval covers no others.
	Calls    []string  `json:"calls,omitempty"`
	Covers   string    `json:"covers,omitempty"`
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
	// Told says that its run was told the answer.
	Told bool `json:"told,omitempty"`
}

// Open reports whether the question still waits for an answer.
func (q Question) Open() bool { return q.Answered.IsZero() }

// ToTell reports whether its run is still to be told the answer.
func (q Question) ToTell() bool { return q.Answer != "" && !q.Told }
