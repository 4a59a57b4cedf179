package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/workflows"
)

// answered leaves an acknowledgement by a page.
func answered(person, page string) func(*story) {
	return func(s *story) {
		h := header(s, "answer by "+page, person)
		h.Via = incident.ViaLink
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

// grave opens a SEV1, which demands a commander: an answer pages others.
func grave(p catalog.Policy) incident.Opening {
	p.AlertSeverities = map[string]catalog.AlertSeverity{"critical": {Severity: catalog.SEV1, Urgency: catalog.Urgent}}
	o := opening(p)
	o.Severity = catalog.SEV1
	return o
}

// states lists the pages that are known, and how far each has come.
func states(s *story) []string {
	var out []string
	for key, p := range s.pages {
		answered := ""
		if !p.Answered.IsZero() {
			answered = ", answered " + p.Answered.Format("15:04")
		}
		out = append(out, strings.TrimPrefix(key, "INC-1042/alert-1/r0/")+" "+string(p.State)+answered)
	}
	slices.Sort(out)
	return out
}

func TestWhatALostFirstTaskHandedOverIsRecorded(t *testing.T) {
	for name, test := range map[string]struct {
		does func(*story)
		want []string
		told []string
	}{
		"answered by a page": {
			answered("alice", toAlice),
			[]string{"l0/alice/mobile superseded", "l0/alice/phone sent, answered 02:00", "l0/erin/mobile superseded", "l0/erin/phone sent"},
			[]string{"02:00 tell erin: alice holds INC-1042."},
		},
		"answered without one": {
			command("alice", incident.AcknowledgeCommand, ack),
			[]string{"l0/alice/mobile superseded", "l0/alice/phone sent, answered 02:00", "l0/erin/mobile superseded", "l0/erin/phone sent"},
			[]string{"02:00 tell erin: alice holds INC-1042."},
		},
		"mitigated": {
			command("alice", incident.MitigateCommand, mitigate),
			[]string{"l0/alice/mobile superseded", "l0/alice/phone sent, answered 02:00", "l0/erin/mobile superseded", "l0/erin/phone sent"},
			[]string{"02:00 tell erin: alice holds INC-1042."},
		},
		"cancelled": {
			command("alice", incident.CancelCommand, incident.Cancel{Reason: "a drill"}),
			[]string{"l0/alice/mobile superseded", "l0/alice/phone sent, answered 02:00", "l0/erin/mobile superseded", "l0/erin/phone sent"},
			[]string{"02:00 tell erin: INC-1042 needs no answer any more: it is cancelled."},
		},
		"cancelled by an operator": {
			stop,
			[]string{"l0/alice/mobile superseded", "l0/alice/phone sent", "l0/erin/mobile superseded", "l0/erin/phone sent"},
			[]string{"02:00 tell alice: INC-1042 needs no answer any more: it is cancelled.", "02:00 tell erin: INC-1042 needs no answer any more: it is cancelled."},
		},
		"cleared": {
			says(clear("PaymentsFail", "02:00")),
			[]string{"l0/alice/mobile superseded", "l0/alice/phone sent", "l0/erin/mobile superseded", "l0/erin/phone sent"},
			[]string{"02:00 tell alice: INC-1042 needs no answer any more: it is transient.", "02:00 tell erin: INC-1042 needs no answer any more: it is transient."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := payments(t, bothAt())
			s.sent[toAlice], s.sent[toErin] = true, true // by a task that died with its worker
			s.at("02:00", test.does).at("02:10", stop).play()
			require.Empty(t, s.transcript("02:00", "02:10", "push", "sms"), "nobody is paged after the answer")
			require.Equal(t, test.want, states(s))
			require.Equal(t, "ntfy", s.pages[toErin].Provider)
			require.Equal(t, []string{"02:00 Level 1 (alert-1) pages alice, erin."}, s.recorded("level.begun"))
			require.ElementsMatch(t, test.told, s.transcript("02:00", "02:10", "tell"))
		})
	}
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
	require.Equal(t, "alice holds it already; you are a responder", s.answers["acknowledge erin 02:20"])
	require.Equal(t, []string{
		"l0/alice/mobile superseded", "l0/alice/phone sent, answered 02:00",
		"l0/erin/mobile sent, answered 02:20", "l0/erin/phone sent, answered 02:20",
	}, states(s))
	require.Equal(t, "alice", s.row.Holder)
	require.Empty(t, s.row.Awaited())
}

func TestNobodyIsAwaitedWhenAllAnsweredALostFirstTask(t *testing.T) {
	s := payments(t, bothMust())
	s.sent[toAlice], s.sent[toErin] = true, true
	s.at("02:00", answered("alice", toAlice)).at("02:00", answered("erin", toErin)).at("02:30", stop).play()
	require.Empty(t, s.transcript("02:00", "02:30", "push", "sms"))
	require.Equal(t, []string{
		"l0/alice/mobile superseded", "l0/alice/phone sent, answered 02:00",
		"l0/erin/mobile superseded", "l0/erin/phone sent, answered 02:00",
	}, states(s))
	require.Equal(t, "alice", s.row.Holder)
	require.Empty(t, s.row.Awaited())
}

func TestWhoMustAcknowledgeTooMayHaveDeclinedAPageOfALostFirstTask(t *testing.T) {
	s := payments(t, bothMust())
	s.sent[toAlice], s.sent[toErin] = true, true
	s.at("02:00", answered("alice", toAlice)).at("02:00", command("erin", incident.DeclineCommand, incident.Decline{Reason: "asleep"})).at("02:10", stop).play()
	require.Empty(t, s.transcript("02:00", "02:10", "push", "sms"))
	require.Empty(t, s.row.Awaited())
}

func TestALostFirstTaskMayHaveLeftALevelOut(t *testing.T) {
	const toBob = "INC-1042/alert-1/r0/l1/bob/phone"
	p := bothMust()
	p.Escalation.Levels[0].During = "business"
	s := payments(t, p)
	s.hours = map[string]string{"business": "it is outside of business"}
	s.sent[toBob] = true
	s.at("02:00", answered("bob", toBob)).at("02:10", stop).play()
	require.Empty(t, s.transcript("02:00", "02:10", "push", "sms", "tell"), "nobody of the level that is left out is asked")
	require.Equal(t, incident.PageSent, s.pages[toBob].State)
	require.False(t, s.pages[toBob].Answered.IsZero())
}

func TestWhatAnAnswerProves(t *testing.T) {
	for name, test := range map[string]struct {
		does  func(*story)
		alice string
	}{ // the task died before it could note what it handed over, or had not begun
		"a link, its page":                  {answered("alice", toAlice), "l0/alice/phone sent, answered 02:00"},
		"a reply about some page, nothing":  {command("alice", incident.AcknowledgeCommand, incident.Acknowledge{Page: toAlice}), "l0/alice/phone superseded"},
		"an answer without a page, nothing": {command("alice", incident.AcknowledgeCommand, ack), "l0/alice/phone superseded"},
	} {
		t.Run(name, func(t *testing.T) {
			s := payments(t, bothAt())
			s.at("02:00", test.does).at("02:10", stop).play()
			require.Empty(t, s.transcript("02:00", "02:10", "push", "sms"))
			require.Equal(t, "alice", s.row.Holder)
			require.Equal(t, []string{"l0/alice/mobile superseded", test.alice, "l0/erin/mobile superseded", "l0/erin/phone superseded"}, states(s))
			require.Equal(t, []string{"02:00 1 of 1 alerts fire: PaymentsFail", "02:00 alice acknowledged."},
				s.recorded("alert.firing", "acknowledged"), "what opened it comes first")
		})
	}
}

func TestWhatALostFirstTaskBroughtForwardIsRecorded(t *testing.T) {
	s := payments(t, bothAt())
	s.broken["push"] = refused
	s.sent["INC-1042/alert-1/r0/l0/alice/mobile"], s.sent["INC-1042/alert-1/r0/l0/erin/mobile"] = true, true
	s.at("02:00", command("alice", incident.CancelCommand, incident.Cancel{Reason: "a drill"})).play()
	require.Equal(t, []string{
		"l0/alice/mobile sent, answered 02:00", "l0/alice/phone superseded", "l0/erin/mobile sent", "l0/erin/phone superseded",
	}, states(s))
	require.Equal(t, []string{"02:00 tell erin: INC-1042 needs no answer any more: it is cancelled."}, s.transcript("02:00", "02:30", "tell"))
}

func TestALimitIsNotBreachedBeforeAnAnswerThatWaits(t *testing.T) {
	for name, act := range map[string]func(*story){"signal": tapped("alice", "01:41"), "update": command("alice", incident.AcknowledgeCommand, ack)} {
		t.Run(name, func(t *testing.T) {
			p := with(func(r *catalog.ResponsePolicy) { r.Limits.Acknowledge = 15 * time.Minute })
			p.Leads = []string{"frank"}
			o := opening(p)
			o.At = clock("01:40")
			s := tell(t, o, fire("PaymentsFail", "01:40"))
			s.sent[toAlice] = true
			s.at("02:00", act).at("02:30", stop).play()
			require.Empty(t, s.recorded("limit.breached"))
			require.Empty(t, s.transcript("02:00", "02:30", "push frank", "sms frank"))
		})
	}
}

func TestNoPageStaysDueWhenCommandsThatWaitPageOthers(t *testing.T) {
	for name, lost := range map[string]bool{"lost": true, "fresh": false} {
		t.Run(name, func(t *testing.T) {
			s := tell(t, grave(bothAt()), fire("PaymentsFail", "02:00"))
			s.sent[toAlice], s.sent[toErin] = lost, lost
			s.at("02:00", command("bob", incident.AddResponderCommand, incident.AddResponder{Target: oncall.Target{Person: "dave"}, Reason: "help"})).
				at("02:00", command("alice", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
			require.Empty(t, s.transcript("02:00", "02:30", "push alice", "sms alice"))
			for key, p := range s.pages {
				require.NotEqual(t, incident.PageDue, p.State, key)
			}
			if lost {
				require.Contains(t, s.transcript("02:00", "02:30", "tell"), "02:00 tell erin: alice holds INC-1042.")
			}
		})
	}
}

func TestWhoAnsweredIsKnownWhileOthersAreAwaited(t *testing.T) {
	s := tell(t, grave(bothMust()), fire("PaymentsFail", "02:00"))
	s.sent[toAlice] = true
	s.at("02:00", command("alice", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Equal(t, incident.PageSent, s.pages[toAlice].State)
	require.Equal(t, clock("02:00"), s.pages[toAlice].Answered)
}

func TestACommandThatComesEarlyMayBeRefused(t *testing.T) {
	s := payments(t, bothAt())
	s.at("02:00", command("alice", incident.MitigateCommand, incident.Mitigate{})).at("02:10", stop).play()
	require.Equal(t, "refused: say what was done", s.answers["mitigate alice 02:00"])
	require.Equal(t, []string{"02:00 push alice (alert-1)", "02:00 push erin (alert-1)"}, s.transcript("02:00", "02:01", "push"))
}

func TestAnOperatorMayCancelBeforeAnybodyIsPaged(t *testing.T) {
	s := payments(t, bothAt())
	s.at("02:00", stop).play()
	require.Empty(t, s.transcript("02:00", "02:30", "push", "sms"))
	require.Equal(t, incident.Cancelled, s.row.Phase)
}

func TestARunMayBeLeftAtItsFirstTask(t *testing.T) {
	for name, act := range map[string]func(*story){
		"signal": answered("alice", toAlice), "update": command("alice", incident.AcknowledgeCommand, ack),
	} {
		t.Run(name, func(t *testing.T) {
			s := payments(t, bothAt())
			long := 10_001 // a storm while no worker ran
			s.watch = func(s *story) {
				s.env.SetCurrentHistoryLength(long)
				long = 1
			}
			s.at("02:00", act).at("02:30", stop).play()
			require.Equal(t, 2, s.runs)
			require.Equal(t, []string{"02:00 alice acknowledged."}, s.recorded("acknowledged"))
		})
	}
}

func TestAnAnswerDoesNotWaitForALookUpThatFails(t *testing.T) {
	s := payments(t, bothAt())
	s.broken["lookup"] = away("02:00", "02:10")
	s.at("02:00", command("alice", incident.AcknowledgeCommand, ack)).at("02:20", stop).play()
	require.Equal(t, "you hold it; everyone who was paged is told", s.answers["acknowledge alice 02:00"])
	require.Equal(t, []string{"02:00 alice acknowledged."}, s.recorded("acknowledged"))
	require.Empty(t, s.transcript("02:00", "02:20", "push", "sms"))
}
