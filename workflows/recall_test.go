package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

// answered leaves an acknowledgement by a page.
func answered(person, page string) func(*story) {
	return func(s *story) {
		h := header(s, "answer by "+page, person)
		s.env.SignalWorkflow(workflows.AcknowledgeSignal, workflows.Command[incident.Acknowledge]{Header: h, Args: incident.Acknowledge{Page: page}})
	}
}

// The keys of the first pages of bothAt.
const (
	toAlice = "INC-1042/alert-1/r0/l0/alice/phone"
	toErin  = "INC-1042/alert-1/r0/l0/erin/phone"
)

// bothAt is a policy whose first level pages alice and erin.
func bothAt() catalog.Policy {
	p := bothMust()
	p.Escalation.Levels[0].Everyone = false
	return p
}

func TestWhatALostFirstTaskHandedOverIsRecorded(t *testing.T) {
	s := payments(t, bothAt())
	s.sent[toAlice], s.sent[toErin] = true, true // by a task that died with its worker
	s.at("02:00", answered("alice", toAlice)).at("02:10", stop).play()
	require.Empty(t, s.transcript("02:00", "02:10", "push", "sms"), "nobody is paged after the answer")
	require.Equal(t, "alice", s.row.Holder)
	for _, key := range []string{toAlice, toErin} {
		require.Equal(t, incident.PageSent, s.pages[key].State, key)
		require.Equal(t, "ntfy", s.pages[key].Provider)
	}
	require.False(t, s.pages[toAlice].Answered.IsZero())
	require.Len(t, s.pages, 2, "what was not handed over had no reason to be")
	require.Equal(t, []string{"02:00 Level 1 (alert-1) paged alice, erin, and was answered before that was recorded."}, s.recorded("level.begun"))
	require.Equal(t, []string{"02:00 tell erin: alice holds INC-1042."}, s.transcript("02:00", "02:10", "tell"))
}

func TestWhoMustAcknowledgeTooIsAwaitedAfterALostFirstTask(t *testing.T) {
	s := payments(t, bothMust())
	s.sent[toAlice] = true
	s.at("02:00", answered("alice", toAlice)).at("02:20", command("erin", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
	require.Equal(t, []string{
		"02:00 push erin (alert-1)",
		"02:00 tell erin: alice acknowledged INC-1042. You are asked to acknowledge it too.",
		"02:02 sms erin (alert-1)",
	}, s.transcript("02:00", "02:30", "push", "sms", "tell"), "the rest stay paged, and nothing escalates")
	require.Equal(t, []string{"02:00 Level 1 (alert-1) paged alice, and was answered before that was recorded; pages erin."}, s.recorded("level.begun"))
	require.Equal(t, "alice holds it already; you are a responder", s.answers["acknowledge erin 02:20"])
	require.Equal(t, incident.PageSent, s.pages[toAlice].State)
	require.Equal(t, clock("02:00"), s.pages[toAlice].Answered)
	require.Equal(t, clock("02:20"), s.pages[toErin].Answered)
	require.Equal(t, "alice", s.row.Holder)
	require.Empty(t, s.row.Awaited())
}

func TestNobodyIsAwaitedWhenAllAnsweredALostFirstTask(t *testing.T) {
	s := payments(t, bothMust())
	s.sent[toAlice], s.sent[toErin] = true, true
	s.at("02:00", answered("alice", toAlice)).at("02:00", answered("erin", toErin)).at("02:30", stop).play()
	require.Empty(t, s.transcript("02:00", "02:30", "push", "sms", "tell"))
	require.Equal(t, "alice", s.row.Holder)
	for _, key := range []string{toAlice, toErin} {
		require.Equal(t, incident.PageSent, s.pages[key].State, key)
		require.Equal(t, clock("02:00"), s.pages[key].Answered, key)
	}
	require.Len(t, s.pages, 2)
	require.Empty(t, s.row.Awaited())
}

func TestAnAnswerWithoutAPageAwaitsWhoMustAcknowledgeToo(t *testing.T) {
	s := payments(t, bothMust())
	s.at("02:00", command("alice", incident.AcknowledgeCommand, ack)).at("02:01", command("erin", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Equal(t, []string{"02:00 push erin (alert-1)"}, s.transcript("02:00", "02:10", "push", "sms"))
	require.Empty(t, s.row.Awaited())
	require.Equal(t, "alice", s.row.Holder)
}

func TestAnAnswerProvesItsPage(t *testing.T) {
	s := payments(t, bothAt()) // the task died before it could note what it handed over
	s.at("02:00", answered("alice", toAlice)).at("02:10", stop).play()
	require.Empty(t, s.transcript("02:00", "02:10", "push", "sms"))
	require.Equal(t, incident.PageSent, s.pages[toAlice].State)
	require.False(t, s.pages[toAlice].Answered.IsZero())
	require.Len(t, s.pages, 1)
}

func TestALostFirstTaskIsRecalledOnceItsLevelIsKnown(t *testing.T) {
	s := payments(t, bothAt())
	s.sent[toAlice], s.sent[toErin] = true, true
	s.broken["lookup"] = away("02:00", "02:00:10")
	s.at("02:00", answered("alice", toAlice)).at("02:10", stop).play()
	require.Empty(t, s.transcript("02:00", "02:10", "push", "sms"))
	require.Equal(t, incident.PageSent, s.pages[toAlice].State)
	require.Equal(t, incident.PageSent, s.pages[toErin].State)
	require.Equal(t, clock("02:00"), s.pages[toErin].Due, "it was due when it went")
}

func TestAnAnswerBeforeAnyPageNeedsNone(t *testing.T) {
	s := payments(t, bothAt())
	s.at("02:00", command("alice", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Empty(t, s.transcript("02:00", "02:10", "push", "sms"))
	require.Equal(t, "alice", s.row.Holder)
	require.Empty(t, s.pages)
	require.Empty(t, s.recorded("level.begun"))
	require.Equal(t, []string{"02:00 1 of 1 alerts fire: PaymentsFail", "02:00 alice acknowledged."},
		s.recorded("alert.firing", "acknowledged"), "what opened it comes first")
}
