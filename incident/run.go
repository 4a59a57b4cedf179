package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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

const (
	// maxRuns bounds the runs that are carried, the latest ones; maxParams the
	// characters of one run's parameters together.
	maxRuns   = 20
	maxParams = 1000
	// maxQuestions bounds the questions that are carried, the open ones and
	// the latest.
	maxQuestions = 20
)

// StartRun runs a runbook for this incident, in any phase before closed. The
// caller has checked that the runbook exists and that its parameters fit.
func (i *Incident) StartRun(h Header, c StartRun, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "run a runbook")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), within("name", c.Name, maxTitle), small(c.Params)); err != nil {
		return Outcome{}, err
	}
	running := func(r Run) bool { return r.Ended.IsZero() }
	switch {
	case c.Name == "":
		return Outcome{}, Errorf(Invalid, "name: say which runbook")
	case slices.ContainsFunc(i.Runs, func(r Run) bool { return r.Name == c.Name && !r.DryRun && running(r) && !c.DryRun }):
		return Outcome{}, Refusal(c.Name+" is running already", "the end of that run")
	case len(i.Runs) >= maxRuns && !slices.ContainsFunc(i.Runs, func(r Run) bool { return !running(r) }):
		return Outcome{}, Refusal(fmt.Sprintf("%d runbooks are running already", maxRuns), "the end of one of them")
	}
	i.pruneRuns()
	i.heard(h, now)
	i.ordinal("run")
	r := Run{
		ID:   RunID(i.Number, c.Name, i.Ordinals["run"]),
		Name: c.Name, Params: c.Params, DryRun: c.DryRun, By: h.By.ID, Started: now, State: RunRunning,
	}
	i.Runs = append(i.Runs, r)
	i.did(h, now, "run.started", "%s runs %s.", h.By.ID, r.Name)
	out := i.outcome(c.Name + " is running")
	out.ID = r.ID
	return out, nil
}

// small refuses parameters that are more than a state can carry.
func small(params map[string]string) error {
	total := 0
	for name, value := range params {
		total += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
	}
	if total > maxParams {
		return Errorf(Invalid, "params: %d characters are more than %d", total, maxParams)
	}
	return nil
}

// pruneRuns makes room for a run by forgetting the earliest that ended; the
// timeline has it.
func (i *Incident) pruneRuns() {
	if n := slices.IndexFunc(i.Runs, func(r Run) bool { return !r.Ended.IsZero() }); len(i.Runs) >= maxRuns && n >= 0 {
		i.Runs = slices.Delete(i.Runs, n, n+1)
	}
}

// run returns the run with this id, or nil.
func (i *Incident) run(id string) *Run {
	n := slices.IndexFunc(i.Runs, func(r Run) bool { return r.ID == id })
	if n < 0 {
		return nil
	}
	return &i.Runs[n]
}

// RunNoted records what a run did or found, and when by its own clock.
func (i *Incident) RunNoted(run, text string, at, now time.Time) {
	i.record(Entry{Kind: "run.note", Occurred: at, Recorded: now, Actor: Self(), Source: run, Text: text})
}

// RunEnded records how a run ended, and withdraws what it still asked.
func (i *Incident) RunEnded(run, state, outcome string, now time.Time) {
	r := i.run(run)
	if r == nil || !r.Ended.IsZero() {
		return
	}
	r.Ended, r.State, r.Outcome = now, state, cut(outcome)
	for n := range i.Questions {
		if i.Questions[n].Run == run {
			i.withdraw(&i.Questions[n], now, "No longer asked, since the run ended")
		}
	}
	i.record(Entry{Kind: "run." + state, Recorded: now, Actor: Self(), Source: run, Highlight: true, Text: strings.TrimSuffix(fmt.Sprintf("%s %s: %s", r.Name, state, outcome), ": ")})
}

// RunAsked pages people about a run's question. An approval pages its
// approver and escalates at half its time. What a run asks that has ended, or
// whose incident is over, is asked in vain.
func (i *Incident) RunAsked(q Question, now time.Time) {
	known := slices.ContainsFunc(i.Questions, func(k Question) bool { return k.ID == q.ID })
	if r := i.run(q.Run); known || i.Phase.Over() || r == nil || !r.Ended.IsZero() {
		return
	}
	i.record(Entry{Kind: "question", Recorded: now, Actor: Self(), Source: q.Run, Highlight: true, Text: fmt.Sprintf("%s (until %s)", q.Text, moment(q.Until))})
	q.Asked, q.Until, q.Text = q.Asked.UTC(), q.Until.UTC(), cut(q.Text)
	i.Questions = append(i.Questions, q)
	if n := slices.IndexFunc(i.Questions, func(k Question) bool { return !k.Open() }); len(i.Questions) > maxQuestions && n >= 0 {
		i.Questions = slices.Delete(i.Questions, n, n+1)
	}
	i.summon(&Summons{
		Kind: ForQuestion, Subject: q.ID, Why: q.Text, Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: i.answerers(q, now),
	})
}

// HowToAnswer says what can be answered to a question, and by which command.
func (i *Incident) HowToAnswer(q Question) string {
	return fmt.Sprintf("Answer %s: tocsin incident answer %s %s --choice CHOICE", strings.Join(q.Choices, " or "), i.Number, q.ID)
}

// Question returns what a summons asks, for one that is about a question.
func (i *Incident) Question(s *Summons) (Question, bool) {
	n := slices.IndexFunc(i.Questions, func(q Question) bool { return s.Kind == ForQuestion && q.ID == s.Subject })
	if n < 0 {
		return Question{}, false
	}
	return i.Questions[n], true
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

// Answer answers a run's question. It takes a part in the incident, or in the
// team. An approval takes the policy's authority; approving one's own run only
// where the policy allows it. Anyone may refuse.
func (i *Incident) Answer(h Header, c Answer, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "answer a runbook's question")
	if err != nil {
		return Outcome{}, err
	}
	if err := fit(word{"reason", c.Reason}); err != nil {
		return Outcome{}, err
	}
	n := slices.IndexFunc(i.Questions, func(q Question) bool { return q.ID == c.Question })
	if n < 0 {
		return Outcome{}, Errorf(NotFound, "%s has no question %q", i.Number, c.Question)
	}
	q := &i.Questions[n]
	switch {
	case !q.Open():
		return Outcome{}, Refusal("it was answered already: "+cmp.Or(q.Answer, "nobody answers it any more"), "an open question")
	case !slices.Contains(q.Choices, c.Choice):
		return Outcome{}, Errorf(Invalid, "choice: %q is not one of %s", c.Choice, join(q.Choices))
	case !h.At.Before(q.Until):
		return Outcome{}, Refusal("it expired at "+moment(q.Until), "an open question")
	}
	self := i.run(q.Run) != nil && i.run(q.Run).By == h.By.ID
	if err := i.mayAnswer(h, *q, c.Choice, self); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	q.By, q.Answer, q.Answered, q.Reason = h.By.ID, c.Choice, now, cut(c.Reason)
	q.Self = self && q.Approval && c.Choice != Refuse
	i.endQuestion(q.ID, now, h.By.ID)
	i.did(h, now, "answered", "%s %s%s%s", q.Text, c.Choice, selfNote(q.Self), because(c.Reason))
	return i.outcome("answered: " + c.Choice), nil
}

func selfNote(self bool) string {
	if self {
		return " (by the person who started the run)"
	}
	return ""
}

// many says how many there are of something.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// The choices of an approval. To refuse takes no authority.
const (
	Approve = "approve"
	Refuse  = "refuse"
)

func (i *Incident) mayAnswer(h Header, q Question, choice string, self bool) error {
	team := []catalog.Standing{catalog.HolderRole, catalog.CommanderRole, catalog.TeamLead, catalog.StandingMember}
	paged := func(s *Summons) bool { return s.Kind == ForQuestion && s.Subject == q.ID && s.calls(h.By.ID) }
	authority := i.Response().Authority
	switch {
	case q.Approval && choice == Refuse:
		return nil
	case q.Approval && self && !authority.SelfApproval:
		return Errorf(Forbidden, "%s started this run; somebody else must approve it", h.By.ID)
	case q.Approval && len(authority.Approve) > 0:
		return i.mustHave(h, authority.Approve, "approve")
	case q.Approval:
		return i.mustHave(h, team, "approve")
	case i.RoleOf(h.By.ID) != "" || len(i.open(paged)) > 0:
		return nil
	}
	return i.mustHave(h, team, "answer without a part in the incident")
}

// Expired withdraws a question whose time is over: an approval counts as
// refused. The run has the last word: an answer that it did not get in time
// does not count, and whoever gave it is told.
func (i *Incident) Expired(question string, now time.Time) {
	for n := range i.Questions {
		q := &i.Questions[n]
		switch {
		case q.ID != question:
		case q.Answer != "":
			i.tooLate(q, now)
		case q.Approval:
			i.withdraw(q, now, "Nobody answered in time, which counts as refused")
		default:
			i.withdraw(q, now, "Nobody answered in time")
		}
	}
}

// tooLate takes back an answer that the run did not wait for any more.
func (i *Incident) tooLate(q *Question, now time.Time) {
	text := fmt.Sprintf("The answer %q of %s came too late, and the run went on without it: %s", q.Answer, q.By, q.Text)
	i.record(Entry{Kind: "answer.late", Recorded: now, Actor: Self(), Source: q.Run, Text: text, Highlight: true})
	i.tell(now, []string{q.By}, "", text)
	q.By, q.Answer, q.Reason, q.Self, q.Answered = "", "", "", false, now
}

func (i *Incident) withdraw(q *Question, now time.Time, why string) {
	if !q.Open() {
		return
	}
	q.Answered = now
	i.endQuestion(q.ID, now, "")
	i.note(now, "question.expired", "%s: %s", why, q.Text)
}

func (i *Incident) endQuestion(id string, now time.Time, by string) {
	for _, s := range i.open(ofKind(ForQuestion)) {
		if s.Subject == id {
			i.end(s, now, by)
		}
	}
}
