package incident_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// asking returns an incident whose run of rollback, started by starter, asks
// for an approval for ten minutes.
func asking(t *testing.T, starter string, change ...func(*incident.Opening)) (*incident.Incident, *incident.Summons) {
	t.Helper()
	i := held(t, change...)
	out := do(t, i, starter, 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback", Params: map[string]string{"target": "checkout"}})
	require.Equal(t, "INC-7/runbook/rollback/1", out.ID)
	i.RunAsked(approval(out.ID), after(2*time.Minute))
	return i, only(t, i, incident.ForQuestion)
}

func approval(run string) incident.Question {
	return incident.Question{
		ID: "rollback-1-1", Run: run, Approval: true, Text: "Roll back to 41?", Choices: []string{"approve", "refuse"},
		Asked: after(2 * time.Minute), Until: after(12 * time.Minute),
	}
}

func yes() incident.Answer {
	return incident.Answer{Question: "rollback-1-1", Choice: "approve", Reason: "42 is bad"}
}

func TestAnApprovalPagesItsApproverAndEscalatesAtHalfItsTime(t *testing.T) {
	i, s := asking(t, "bob")
	require.Equal(t, "alice", s.Levels[0].Targets[0].Person, "the holder acts as commander")
	require.Equal(t, 5*time.Minute, s.Levels[0].Timeout)
	require.Equal(t, "lena", s.Levels[1].Targets[0].Person)
	i.RunAsked(approval("INC-7/runbook/rollback/1"), after(3*time.Minute))
	require.Len(t, open(i, incident.ForQuestion), 1, "a repeat asks nothing anew")
	do(t, i, "alice", 3*time.Minute, i.Answer, yes())
	require.False(t, s.Open())
	q := i.Questions[0]
	require.Equal(t, []string{"alice", "approve", "42 is bad"}, []string{q.By, q.Answer, q.Reason})
	require.False(t, q.Self)
	refused(t, incident.Refused, by("alice", 4*time.Minute), i.Answer, yes())
}

func TestAQuestionSaysHowItIsAnswered(t *testing.T) {
	i, s := asking(t, "bob")
	q, ok := i.Question(s)
	require.True(t, ok)
	require.Equal(t, "Answer approve or refuse: tocsin incident answer INC-7 rollback-1-1 --choice CHOICE", i.HowToAnswer(q))
	_, ok = i.Question(i.Summons("alert-1"))
	require.False(t, ok)
}

func TestSelfApprovalOnlyWhereThePolicyAllowsItRecordedAsSuch(t *testing.T) {
	i, s := asking(t, "alice", severity(catalog.SEV2))
	require.Empty(t, s.Levels[0].Targets, "the starter is not asked")
	refused(t, incident.Forbidden, by("alice", 3*time.Minute), i.Answer, yes())
	do(t, i, "alice", 3*time.Minute, i.Answer, incident.Answer{Question: "rollback-1-1", Choice: incident.Refuse})
	require.False(t, i.Questions[0].Self, "anyone may refuse, oneself too")

	i, _ = asking(t, "alice")
	i.Drain()
	do(t, i, "alice", 3*time.Minute, i.Answer, yes())
	require.True(t, i.Questions[0].Self)
	require.Equal(t, "Roll back to 41? approve (by the person who started the run): 42 is bad", i.Drain()[0].Text)
}

func TestTextsSpellMomentsOneWay(t *testing.T) {
	i, _ := asking(t, "bob")
	do(t, i, "bob", 3*time.Minute, i.AddFollowUp, incident.AddFollowUp{Title: "Write the test", Due: after(time.Hour).In(time.FixedZone("CET", 3600))})
	var said []string
	for _, e := range i.Drain() {
		said = append(said, e.Text)
	}
	require.Contains(t, said, "Roll back to 41? (until 2026-03-02 12:12:00 UTC)")
	require.Contains(t, said, "Follow-up 1 for alice until 2026-03-02 13:00:00 UTC: Write the test")
}

func TestAnApprovalTakesTheAuthority(t *testing.T) {
	i, _ := asking(t, "bob", severity(catalog.SEV2))
	refused(t, incident.Forbidden, by("zoe", 3*time.Minute), i.Answer, yes())
	do(t, i, "zoe", 3*time.Minute, i.Acknowledge, incident.Acknowledge{})
	refused(t, incident.Forbidden, by("zoe", 3*time.Minute), i.Answer, yes()) // a responder has no authority
	for _, h := range []incident.Header{
		by("alice", 3*time.Minute), by("max", 3*time.Minute, catalog.StandingMember),
		by("lena", 3*time.Minute, catalog.TeamLead), by("root", 3*time.Minute, catalog.Administrator),
	} {
		_, err := i.Clone().Answer(h, yes(), h.At) // where the policy names nobody
		require.NoError(t, err)
	}
	i, _ = asking(t, "bob", func(o *incident.Opening) {
		o.Policy.Severities[2].Response.Authority.Approve = []catalog.Standing{catalog.TeamLead}
	})
	refused(t, incident.Forbidden, by("alice", 3*time.Minute), i.Answer, yes())
	_, err := i.Answer(by("lena", 3*time.Minute, catalog.TeamLead), yes(), after(3*time.Minute))
	require.NoError(t, err)
}

func TestAnApprovalExpiresAsRefused(t *testing.T) {
	i, s := asking(t, "bob")
	refused(t, incident.Refused, by("alice", 12*time.Minute), i.Answer, yes())
	i.Drain()
	i.Expired("rollback-1-1", after(12*time.Minute))
	require.False(t, s.Open())
	require.Contains(t, i.Drain()[0].Text, "counts as refused")
	refused(t, incident.Refused, by("alice", 13*time.Minute), i.Answer, yes())
}

func TestAQuestionIsAnsweredBySomebodyWithAPartInIt(t *testing.T) {
	i := held(t)
	out := do(t, i, "bob", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	q := approval(out.ID)
	q.Approval, q.Text, q.Choices = false, "What became of the roll-back?", []string{"it happened", "undo"}
	i.RunAsked(q, after(2*time.Minute))
	page(t, i, only(t, i, incident.ForQuestion), after(2*time.Minute), "olga")
	do(t, i, "rita", 3*time.Minute, i.Acknowledge, incident.Acknowledge{})
	undo := incident.Answer{Question: q.ID, Choice: "undo"}
	refused(t, incident.Forbidden, by("zoe", 3*time.Minute), i.Answer, undo)
	for name, h := range map[string]incident.Header{
		"holder": by("alice", 3*time.Minute), "responder": by("rita", 3*time.Minute), "paged": by("olga", 3*time.Minute),
		"member": by("max", 3*time.Minute, catalog.StandingMember), "lead": by("lena", 3*time.Minute, catalog.TeamLead),
	} {
		_, err := i.Clone().Answer(h, undo, h.At)
		require.NoError(t, err, name)
	}
}

func TestAnAnswerThatTheRunDidNotWaitForIsTakenBack(t *testing.T) {
	i, _ := asking(t, "bob")
	do(t, i, "alice", 11*time.Minute, i.Answer, yes())
	i.Drain()
	i.Expired("rollback-1-1", after(12*time.Minute))
	i.Expired("rollback-1-1", after(12*time.Minute))
	q := i.Questions[0]
	require.Empty(t, q.Answer+q.By+q.Reason)
	require.False(t, q.Open())
	entries := i.Drain()
	require.Len(t, entries, 1)
	require.Contains(t, entries[0].Text, `"approve" of alice came too late`)
	require.Equal(t, []string{"alice"}, told(i, "came too late"))
	refused(t, incident.Refused, by("alice", 13*time.Minute), i.Answer, yes())
}

func TestAnAckOfAQuestionsPageDoesNotAnswerIt(t *testing.T) {
	i, s := asking(t, "bob")
	page(t, i, s, after(3*time.Minute), "lena")
	out := do(t, i, "lena", 4*time.Minute, i.Acknowledge, incident.Acknowledge{Page: s.Pages[0].Key})
	require.Contains(t, out.Text, "still waits for your answer")
	require.True(t, s.Open())
	require.Equal(t, "alice", i.Holder)
}

func TestBadAnswers(t *testing.T) {
	i, _ := asking(t, "bob")
	refused(t, incident.NotFound, by("alice", 3*time.Minute), i.Answer, incident.Answer{Question: "x"})
	refused(t, incident.Invalid, by("alice", 3*time.Minute), i.Answer, incident.Answer{Question: "rollback-1-1", Choice: "maybe"})
}

func TestARunThatEndedAsksNothingAnyMore(t *testing.T) {
	i, s := asking(t, "bob")
	i.RunNoted("INC-7/runbook/rollback/1", "looked", after(2*time.Minute), after(3*time.Minute))
	i.RunEnded("INC-7/runbook/rollback/1", incident.RunFailed, "the deployer is away", after(4*time.Minute))
	i.RunEnded("INC-7/runbook/rollback/1", incident.RunDone, "again", after(5*time.Minute))
	require.False(t, s.Open())
	require.Equal(t, incident.RunFailed, i.Runs[0].State)
	late := approval("INC-7/runbook/rollback/1")
	late.ID = "rollback-1-2"
	i.RunAsked(late, after(5*time.Minute))
	require.Len(t, i.Questions, 1)
}

func TestHowARunEndedReadsOnce(t *testing.T) {
	for want, ended := range map[string][2]string{
		"rollback done":                                      {incident.RunDone, ""},
		"rollback done: roll back payments":                  {incident.RunDone, "roll back payments"},
		"rollback refused: by bob (it is the database)":      {incident.RunRefused, "by bob (it is the database)"},
		"rollback failed: c: somebody was faster; undone: a": {incident.RunFailed, "c: somebody was faster; undone: a"},
	} {
		i, _ := asking(t, "bob")
		i.RunEnded("INC-7/runbook/rollback/1", ended[0], ended[1], after(4*time.Minute))
		entries := i.Drain()
		require.Equal(t, want, entries[len(entries)-1].Text)
		require.Equal(t, ended[1], i.Runs[0].Outcome)
	}
}

func TestResolvingDoesNotSilenceAQuestion(t *testing.T) {
	i, s := asking(t, "bob")
	do(t, i, "alice", 3*time.Minute, i.Mitigate, incident.Mitigate{What: "x"})
	do(t, i, "alice", 4*time.Minute, i.Resolve, incident.Resolve{Reason: "stuck alert"})
	require.True(t, s.Open())
	i.Merge("INC-9", after(5*time.Minute))
	require.Equal(t, incident.Resolved, i.Phase)
}

func gated(t *testing.T, change func(q *incident.Question)) *incident.Incident {
	t.Helper()
	i := held(t, severity(catalog.SEV2))
	out := do(t, i, "carol", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	q := approval(out.ID)
	q.Calls, q.Covers = []string{"roll back checkout to 41"}, "c0ffee"
	change(&q)
	i.RunAsked(q, after(2*time.Minute))
	return i
}

func TestTwoPeopleMustApprove(t *testing.T) {
	i := gated(t, func(q *incident.Question) { q.People, q.Standings = 2, []catalog.Standing{catalog.StandingMember} })
	s := only(t, i, incident.ForQuestion)
	member := func(person string, at time.Duration) incident.Header { return by(person, at, catalog.StandingMember) }
	yes := incident.Answer{Question: "rollback-1-1", Choice: "approve"}
	pages := due(i, s, 2*time.Minute, "alice", "alice", "bob")
	i.HandedOver(s, pages[0], after(2*time.Minute), after(2*time.Minute))

	out, err := i.Answer(member("alice", 3*time.Minute), yes, after(3*time.Minute))
	require.NoError(t, err)
	require.Equal(t, "approved by you; 1 other person must approve it too", out.Text)
	require.True(t, i.Questions[0].Open())
	require.Empty(t, i.Questions[0].Answer)
	require.Equal(t, after(3*time.Minute), pages[0].Answered)
	require.False(t, s.Wants(pages[1]), "alice has answered")
	require.True(t, s.Wants(pages[2]), "bob is asked still")

	_, err = i.Answer(member("alice", 4*time.Minute), yes, after(4*time.Minute))
	require.EqualError(t, err, "you have approved it already")
	_, err = i.Answer(member("carol", 4*time.Minute), yes, after(4*time.Minute))
	require.Equal(t, incident.Forbidden, incident.KindOf(err), "she started it")
	_, err = i.Answer(by("dora", 4*time.Minute), yes, after(4*time.Minute))
	require.Equal(t, incident.Forbidden, incident.KindOf(err), "she is in no team")

	out, err = i.Answer(member("bob", 5*time.Minute), yes, after(5*time.Minute))
	require.NoError(t, err)
	require.Equal(t, "answered: approve", out.Text)
	q := i.Questions[0]
	require.Equal(t, []string{"alice", "bob"}, q.Approved)
	require.Equal(t, []string{"approve", "bob"}, []string{q.Answer, q.By})
	require.Empty(t, open(i, incident.ForQuestion))
	var lines []string
	for _, e := range i.Drain() {
		if e.Kind == "approved" || e.Kind == "answered" {
			lines = append(lines, e.Text)
		}
	}
	require.Equal(t, []string{"Roll back to 41? approve (calls c0ffee) (1 of 2)", "Roll back to 41? approve (calls c0ffee)"}, lines)
}

func TestOneOfTwoMayRefuse(t *testing.T) {
	i := gated(t, func(q *incident.Question) { q.People = 2 })
	do(t, i, "alice", 3*time.Minute, i.Answer, incident.Answer{Question: "rollback-1-1", Choice: "approve"})
	do(t, i, "bob", 4*time.Minute, i.Answer, incident.Answer{Question: "rollback-1-1", Choice: "refuse"})
	require.Equal(t, "refuse", i.Questions[0].Answer)
}

func TestATeamMayApprove(t *testing.T) {
	i := gated(t, func(q *incident.Question) { q.Team = "database" })
	s := only(t, i, incident.ForQuestion)
	require.Contains(t, s.Levels[0].Targets, oncall.Target{Team: "database"})
	yes := incident.Answer{Question: "rollback-1-1", Choice: "approve"}
	_, err := i.Answer(by("alice", 3*time.Minute, catalog.TeamLead), yes, after(3*time.Minute))
	require.EqualError(t, err, "alice may not approve; it takes a member of database")
	h := by("dora", 3*time.Minute)
	h.Teams = []string{"database"}
	_, err = i.Answer(h, yes, after(3*time.Minute))
	require.NoError(t, err)
	require.Empty(t, i.Questions[0].Calls, "the timeline says what was approved")
}

func TestARunSaysWhatItDoesWhileItRuns(t *testing.T) {
	i := held(t)
	out := do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	i.RunNoted(out.ID, "waits until the rollout is complete", after(3*time.Minute), after(3*time.Minute))
	require.Equal(t, "waits until the rollout is complete", i.Runs[0].Latest)
	i.RunEnded(out.ID, incident.RunDone, "fine", after(4*time.Minute))
	require.Empty(t, i.Runs[0].Latest)
}

func TestOfTwoOneWhoApprovedCountsOnce(t *testing.T) {
	i := held(t)
	out := do(t, i, "bob", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	q := approval(out.ID)
	q.People = 2
	i.RunAsked(q, after(2*time.Minute))
	do(t, i, "alice", 3*time.Minute, i.Answer, yes())
	refused(t, incident.Refused, by("alice", 3*time.Minute), i.Answer, yes())
	require.Empty(t, i.Questions[0].Answer)
	_, err := i.Answer(by("lena", 4*time.Minute, catalog.TeamLead), incident.Answer{Question: q.ID, Choice: "refuse"}, after(4*time.Minute))
	require.NoError(t, err)
	refused(t, incident.Refused, by("max", 5*time.Minute, catalog.StandingMember), i.Answer, yes())
	require.Equal(t, "refuse", i.Questions[0].Answer)
}

func TestAnAnswerIsKeptUntilItIsTold(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	ask := func(id string) {
		i.RunAsked(incident.Question{ID: id, Run: firstRun, Text: "Go on?", Choices: []string{"yes", "no"}, Asked: after(3 * time.Minute), Until: after(time.Hour)}, after(3*time.Minute))
	}
	for n := range 20 {
		ask("q-" + string(rune('a'+n)))
	}
	do(t, i, "alice", 4*time.Minute, i.Answer, incident.Answer{Question: "q-f", Choice: "yes"})
	ask("q-z") // while the run is being told something else
	kept := func() bool {
		return slices.ContainsFunc(i.Questions, func(q incident.Question) bool { return q.ID == "q-f" && q.ToTell() })
	}
	require.True(t, kept(), "the run is to be told what alice answered")
	i.AnswerTold("q-f")
	require.False(t, kept())
	ask("q-y")
	require.Len(t, i.Questions, 21)
}

func TestAPageOfAQuestionHasRoomForOneCall(t *testing.T) {
	long := strings.Repeat("é", 300)
	for want, calls := range map[string][]string{
		"":                                      nil,
		"drain a":                               {"drain a"},
		"drain a; and 2 more, see the incident": {"drain a", "drain b", "drain c"},
		strings.Repeat("é", 199) + "...":        {long},
	} {
		require.Equal(t, want, incident.Question{Calls: calls}.FirstCall())
	}
}
