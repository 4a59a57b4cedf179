package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

const (
	// maxQuestions bounds the questions that are carried, the open ones and the
	// latest.
	maxQuestions = 20
	// maxAsked bounds what one question holds, in bytes, and maxAskedOf the open
	// ones together: whoever answers must see all of it, so that nothing is cut.
	maxAsked   = 16 << 10
	maxAskedOf = 64 << 10
)

// RunAsked pages people about a run's question. An approval pages its
// approver and escalates at half its time. What a run asks that has ended, or
// whose incident is over, is asked in vain, and so is what cannot be carried.
func (i *Incident) RunAsked(q Question, now time.Time) {
	known := slices.ContainsFunc(i.Questions, func(k Question) bool { return k.ID == q.ID })
	if r := i.run(q.Run); known || i.Phase.Over() || r == nil || !r.Ended.IsZero() {
		return
	}
	if why := i.cannotAsk(q); why != "" {
		i.RunNoted(q.Run, "Nobody is asked, since "+why+": "+cut(q.Text), q.Asked, now)
		return
	}
	i.record(Entry{Kind: "question", Recorded: now, Actor: Self(), Source: q.Run, Highlight: true, Text: fmt.Sprintf("%s (until %s)", q.Text, moment(q.Until))})
	q.Asked, q.Until, q.Text = q.Asked.UTC(), q.Until.UTC(), cut(q.Text)
	i.Questions = append(i.Questions, q)
	if n := slices.IndexFunc(i.Questions, func(k Question) bool { return !k.Open() && !k.ToTell() }); len(i.Questions) > maxQuestions && n >= 0 {
		i.Questions = slices.Delete(i.Questions, n, n+1)
	}
	i.summon(&Summons{
		Kind: ForQuestion, Subject: q.ID, Why: q.Text, Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: i.answerers(q, now),
	})
}

// cannotAsk says why a question cannot be carried, or nothing.
func (i *Incident) cannotAsk(q Question) string {
	open, together := 0, q.weighs()
	for _, k := range i.Questions {
		if k.Open() {
			open, together = open+1, together+k.weighs()
		}
	}
	switch {
	case q.weighs() > maxAsked:
		return "it is too long to be shown"
	case open >= maxQuestions, together > maxAskedOf:
		return "too many questions are open"
	}
	return ""
}

// weighs is about how much a question takes in the state, in bytes.
func (q Question) weighs() int {
	const each = 4 // for quotation marks and such
	n := len(q.ID) + len(q.Run) + len(q.Team) + len(q.Covers) + len(q.Text)
	for _, list := range [][]string{q.Calls, q.Choices, q.Approved} {
		for _, text := range list {
			n += len(text) + each
		}
	}
	for _, s := range q.Standings {
		n += len(s) + each
	}
	return n
}

// HowToAnswer says what can be answered to a question, and by which command.
func (i *Incident) HowToAnswer(q Question) string {
	return fmt.Sprintf("Answer %s: tocsin incident answer %s %s --choice CHOICE", strings.Join(q.Choices, " or "), i.Number, q.ID)
}

// FirstCall is the first of the calls that a question is about, with how many
// there are, as a page has room for them; empty where it is about none.
func (q Question) FirstCall() string {
	if len(q.Calls) == 0 {
		return ""
	}
	first := strings.ReplaceAll(shorten(q.Calls[0], 200), "…", "...") // which an SMS has room for
	if more := len(q.Calls) - 1; more > 0 {
		first += fmt.Sprintf("; and %d more, see the incident", more)
	}
	return first
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
//
// An approval that a team may give pages that team at once, and one that takes
// several people pages the leads at once too.
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
	if q.Team != "" {
		first = append(first, oncall.Target{Team: q.Team})
	}
	for _, lead := range i.Policy.Leads {
		if lead != starter {
			second = append(second, oncall.Target{Person: lead})
		}
	}
	if q.People > 1 {
		first = append(first, second...)
	}
	if len(i.Policy.Escalation.Levels) > 0 {
		second = append(second, i.Policy.Escalation.Levels[0].Targets...)
	}
	return []oncall.Level{{Targets: first, Timeout: half}, {Targets: second, Timeout: half}}
}

// Answer answers a run's question. It takes a part in the incident, or in the
// team. An approval takes the standing or the team that its runbook names, else
// the policy's authority, and as many different people as the runbook says;
// approving one's own run only where the policy allows it. Anyone may refuse.
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
	case c.Choice == Approve && slices.Contains(q.Approved, h.By.ID):
		return Outcome{}, Refusal("you have approved it already", "the approval of somebody else")
	case !h.At.Before(q.Until):
		return Outcome{}, Refusal("it expired at "+moment(q.Until), "an open question")
	}
	self := i.run(q.Run) != nil && i.run(q.Run).By == h.By.ID
	if err := i.mayAnswer(h, *q, c.Choice, self); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	if missing := i.approvedBy(h, q, c, now); missing > 0 {
		return i.outcome(fmt.Sprintf("approved by you; %s must approve it too", many(missing, "other person", "other people"))), nil
	}
	q.By, q.Answer, q.Answered, q.Reason = h.By.ID, c.Choice, now, cut(c.Reason)
	q.Self = self && q.Approval && c.Choice != Refuse
	q.Calls = nil // the timeline has what was approved, and the run knows it
	i.endQuestion(q.ID, now, h.By.ID)
	i.did(h, now, "answered", "%s %s%s%s%s", q.Text, c.Choice, covered(*q), selfNote(q.Self), because(c.Reason))
	return i.outcome("answered: " + c.Choice), nil
}

// AnswerTold says that a run was told the answer to its question.
func (i *Incident) AnswerTold(question string) {
	for n := range i.Questions {
		if q := &i.Questions[n]; q.ID == question {
			q.Told = true
		}
	}
}

// approvedBy keeps one of several approvals that a question needs, and returns
// how many people are missing still. The last one is an answer like any other.
func (i *Incident) approvedBy(h Header, q *Question, c Answer, now time.Time) (missing int) {
	if !q.Approval || c.Choice != Approve || q.People <= 1 {
		return 0
	}
	q.Approved = append(q.Approved, h.By.ID)
	missing = q.People - len(q.Approved)
	if missing > 0 {
		for _, s := range i.open(ofKind(ForQuestion)) {
			if s.Subject == q.ID {
				s.answeredBy(h.By.ID, h.At)
			}
		}
		i.did(h, now, "approved", "%s approve%s (%d of %d)%s", q.Text, covered(*q), len(q.Approved), q.People, because(c.Reason))
	}
	return missing
}

// covered identifies the calls that an approval is about.
func covered(q Question) string {
	if q.Covers == "" {
		return ""
	}
	return " (calls " + q.Covers + ")"
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
	case q.Team != "" && slices.Contains(h.Teams, q.Team):
		return nil
	case q.Team != "" && len(q.Standings) == 0:
		return Errorf(Forbidden, "%s may not approve; it takes a member of %s", h.By.ID, q.Team)
	case len(q.Standings) > 0:
		return i.mustHave(h, q.Standings, "approve")
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
	q.Answered, q.Calls = now, nil
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
