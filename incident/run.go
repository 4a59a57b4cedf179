package incident

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// The states of a run.
const (
	RunRunning   = "running"
	RunDone      = "done"
	RunFailed    = "failed"
	RunRefused   = "refused"
	RunCancelled = "cancelled"
)

// StartRun runs a runbook for this incident, in any phase before closed. The
// caller has checked that the runbook exists and that its parameters fit.
func (i *Incident) StartRun(h Header, c StartRun, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "run a runbook"); err != nil {
		return Outcome{}, err
	}
	switch {
	case i.Phase.Over():
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an open incident")
	case c.Name == "":
		return Outcome{}, Errorf(Invalid, "name: say which runbook")
	case slices.ContainsFunc(i.Runs, func(r Run) bool { return r.Name == c.Name && !r.DryRun && r.Ended.IsZero() && !c.DryRun }):
		return Outcome{}, Refusal(c.Name+" is running already", "the end of that run")
	}
	i.heard(h, now)
	i.ordinal("run")
	r := Run{
		ID:   fmt.Sprintf("%s/runbook/%s/%d", i.Number, c.Name, i.Ordinals["run"]),
		Name: c.Name, Params: c.Params, DryRun: c.DryRun, By: h.By.ID, Started: now, State: RunRunning,
	}
	i.Runs = append(i.Runs, r)
	i.did(h, now, "run.started", "%s runs %s.", h.By.ID, r.Name)
	out := i.outcome(c.Name + " is running")
	out.ID = r.ID
	return out, nil
}

// run returns the run with this id, or nil.
func (i *Incident) run(id string) *Run {
	n := slices.IndexFunc(i.Runs, func(r Run) bool { return r.ID == id })
	if n < 0 {
		return nil
	}
	return &i.Runs[n]
}

// RunNoted records what a run did or found.
func (i *Incident) RunNoted(run, text string, now time.Time) {
	i.record(Entry{Kind: "run.note", Recorded: now, Actor: Self(), Source: run, Text: text})
}

// RunEnded records how a run ended, and withdraws what it still asked.
func (i *Incident) RunEnded(run, state, outcome string, now time.Time) {
	r := i.run(run)
	if r == nil || !r.Ended.IsZero() {
		return
	}
	r.Ended, r.State, r.Outcome = now, state, outcome
	for n := range i.Questions {
		if i.Questions[n].Run == run {
			i.withdraw(&i.Questions[n], now)
		}
	}
	i.record(Entry{Kind: "run." + state, Recorded: now, Actor: Self(), Source: run, Highlight: true, Text: fmt.Sprintf("%s %s: %s", r.Name, state, outcome)})
}

// RunAsked pages people about a run's question. An approval pages its
// approver and escalates at half its time.
func (i *Incident) RunAsked(q Question, now time.Time) {
	if slices.ContainsFunc(i.Questions, func(k Question) bool { return k.ID == q.ID }) {
		return
	}
	i.Questions = append(i.Questions, q)
	i.record(Entry{Kind: "question", Recorded: now, Actor: Self(), Source: q.Run, Highlight: true, Text: fmt.Sprintf("%s (until %s)", q.Text, q.Until.UTC().Format("15:04:05 MST"))})
	i.summon(&Summons{
		Kind: ForQuestion, Subject: q.ID, Why: q.Text, Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: i.answerers(q, now),
	})
}

// answerers returns whom a question pages: first the commander or holder, and
// at half its time the leads of the team and the service's first level. Who
// started the run is not asked to approve it, unless the policy allows that.
func (i *Incident) answerers(q Question, now time.Time) []oncall.Level {
	half := max(q.Until.Sub(now)/2, time.Second)
	starter := ""
	if r := i.run(q.Run); r != nil && q.Approval && !i.Response().Authority.SelfApproval {
		starter = r.By
	}
	var first, second []oncall.Target
	for _, p := range []string{i.Roles[Commander], i.Holder} {
		if p != "" && p != starter && len(first) == 0 {
			first = append(first, oncall.Target{Person: p})
		}
	}
	for _, lead := range i.Policy.Leads {
		if lead != starter {
			second = append(second, oncall.Target{Person: lead})
		}
	}
	if len(i.Policy.Escalation.Levels) > 0 {
		second = append(second, i.Policy.Escalation.Levels[0].Targets...)
	}
	return []oncall.Level{{Targets: first, Timeout: half}, {Targets: second, Timeout: half}}
}

// Answer answers a run's question. An approval takes the policy's authority;
// approving one's own run only where the policy allows it.
func (i *Incident) Answer(h Header, c Answer, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "answer a runbook's question"); err != nil {
		return Outcome{}, err
	}
	n := slices.IndexFunc(i.Questions, func(q Question) bool { return q.ID == c.Question })
	if n < 0 {
		return Outcome{}, Errorf(NotFound, "%s has no question %q", i.Number, c.Question)
	}
	q := &i.Questions[n]
	switch {
	case !q.Open():
		return Outcome{}, Refusal("it was answered already: "+cmp.Or(q.Answer, "expired"), "an open question")
	case !slices.Contains(q.Choices, c.Choice):
		return Outcome{}, Errorf(Invalid, "choice: %q is not one of %s", c.Choice, join(q.Choices))
	case !h.At.Before(q.Until):
		return Outcome{}, Refusal("it expired at "+q.Until.UTC().Format(time.RFC3339), "an open question")
	}
	self := i.run(q.Run) != nil && i.run(q.Run).By == h.By.ID
	if err := i.mayAnswer(h, *q, c.Choice, self); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	q.By, q.Answer, q.Answered, q.Self = h.By.ID, c.Choice, now, self && q.Approval
	i.endQuestion(q.ID, now, h.By.ID)
	i.did(h, now, "answered", "%s: %s%s", q.Text, c.Choice, selfNote(q.Self))
	return i.outcome("answered: " + c.Choice), nil
}

func selfNote(self bool) string {
	if self {
		return " (by the person who started the run)"
	}
	return ""
}

// Refuse is the choice of an approval that nobody needs authority for.
const Refuse = "refuse"

func (i *Incident) mayAnswer(h Header, q Question, choice string, self bool) error {
	if !q.Approval || choice == Refuse {
		return nil
	}
	authority := i.Response().Authority
	if self && !authority.SelfApproval {
		return Errorf(Forbidden, "%s started this run; somebody else must approve it", h.By.ID)
	}
	allowed := authority.Approve
	if len(allowed) == 0 {
		allowed = []catalog.Standing{catalog.CommanderRole, catalog.HolderRole, catalog.TeamLead, catalog.StandingMember}
	}
	return i.mustHave(h, allowed, "approve")
}

// Expired withdraws a question whose time is over: it counts as refused.
func (i *Incident) Expired(question string, now time.Time) {
	for n := range i.Questions {
		if i.Questions[n].ID == question {
			i.withdraw(&i.Questions[n], now)
		}
	}
}

func (i *Incident) withdraw(q *Question, now time.Time) {
	if !q.Open() {
		return
	}
	q.Answered = now
	i.endQuestion(q.ID, now, "")
	i.note(now, "question.expired", "Nobody answered: %s", q.Text)
}

func (i *Incident) endQuestion(id string, now time.Time, by string) {
	for _, s := range i.open(ofKind(ForQuestion)) {
		if s.Subject == id {
			i.end(s, now, by)
		}
	}
}
