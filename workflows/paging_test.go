package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/workflows"
)

var ack = incident.Acknowledge{}

// payments is the usual story: one alert fires at 02:00.
func payments(t *testing.T, p catalog.Policy) *story {
	t.Helper()
	return tell(t, opening(p), fire("PaymentsFail", "02:00"))
}

func TestEscalatesUntilSomebodyAcknowledges(t *testing.T) {
	s := payments(t, quiet())
	s.at("02:16", command("carol", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)",
		"02:02 sms alice (alert-1)",
		"02:05 push bob (alert-1)",
		"02:07 sms bob (alert-1)",
		"02:10 push carol (alert-1)", "02:10 push dave (alert-1)", "02:10 sms carol (alert-1)", "02:10 sms dave (alert-1)",
		"02:15 push alice (alert-1)",
		"02:16 tell alice bob dave: carol acknowledged INC-1042.",
	}, s.transcript("02:00", "02:30"))
	require.Equal(t, "you hold it; everyone who was paged is told", s.answers["acknowledge carol 02:16"])
	require.Equal(t, incident.Cancelled, s.row.Phase)
}

func TestLevelsRepeatBeforeTheLastResort(t *testing.T) {
	p := quiet()
	p.Escalation.Repeat = 1
	s := payments(t, p).at("02:21", command("alice", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)", "02:05 push bob (alert-1)", "02:10 push alice (alert-1)", "02:15 push bob (alert-1)",
		"02:20 push carol (alert-1)", "02:20 push dave (alert-1)",
	}, s.transcript("02:00", "02:30", "push"))
}

func TestEmptyLevelIsSkippedAtOnce(t *testing.T) {
	s := payments(t, quiet())
	delete(s.duty, "payments")
	s.at("02:01", command("bob", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Equal(t, []string{"02:00 push bob (alert-1)"}, s.transcript("02:00", "02:10", "push", "sms"))
	require.Equal(t, []string{"02:00 Level 1 (alert-1) reaches nobody; going on at once."}, s.recorded("level.empty"))
}

func TestNobodyAtAllStartsOverAfterAPause(t *testing.T) {
	p := quiet()
	p.LastResort = nil
	s := payments(t, p)
	clear := func(s *story) { s.duty["payments"] = "alice" }
	delete(s.duty, "payments")
	delete(s.duty, "payments/secondary")
	s.at("02:03", clear).at("02:06", command("alice", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Equal(t, []string{"02:05 push alice (alert-1)"}, s.transcript("02:00", "02:10", "push", "sms"))
}

func TestAPolicyWithoutLevelsPagesTheLastResort(t *testing.T) {
	p := quiet()
	p.Escalation.Levels = nil
	s := payments(t, p).at("02:01", command("bob", incident.EscalateCommand, incident.Escalate{})).
		at("02:02", command("dave", incident.AcknowledgeCommand, ack)).
		at("02:03", command("dave", incident.EscalateCommand, incident.Escalate{})).at("02:04", stop).play()
	require.Equal(t, []string{"02:00 push carol (alert-1)", "02:00 push dave (alert-1)"}, s.transcript("02:00", "02:01", "push"))
	require.NotEmpty(t, s.transcript("02:03", "02:04", "push"), "the last resort is paged again")
}

func TestBrokenChannelDelaysNeitherTheOtherNorTheEscalation(t *testing.T) {
	s := payments(t, quiet())
	s.broken["push"] = away("02:00", "02:00:20")
	s.at("02:08", command("bob", incident.AcknowledgeCommand, ack)).at("02:20", stop).play()
	got := s.transcript("02:00", "02:20", "push", "sms")
	require.Contains(t, got, "02:02 sms alice (alert-1)")
	require.Contains(t, got, "02:05 push bob (alert-1)", "the escalation runs from the first try")
	require.Contains(t, got, "02:07 sms bob (alert-1)")
	require.Len(t, got, 4, "the push to alice went once: %v", got)
}

func TestDeadContactHurriesTheEscalation(t *testing.T) {
	s := payments(t, quiet())
	s.broken["push"], s.broken["sms"] = refused, nil
	s.at("02:04", command("alice", incident.AcknowledgeCommand, ack)).at("02:20", stop).play()
	require.Equal(t, []string{"02:00 sms alice (alert-1)"}, s.transcript("02:00", "02:20", "push", "sms"), "the next rule at once")
	require.Equal(t, []string{"02:00 alice cannot be reached by push: the address is dead"}, s.recorded("page.failed"))

	s = payments(t, quiet())
	s.broken["push"], s.broken["sms"] = refused, refused
	s.at("02:04", command("bob", incident.AcknowledgeCommand, ack)).at("02:20", stop).play()
	require.Contains(t, s.recorded("level.begun"), "02:00 Level 2 (alert-1) pages bob.", "at once, when nothing is left to hope for")
}

func TestPageInFlightIsOvertakenByTheAck(t *testing.T) {
	s := payments(t, quiet())
	s.broken["push"] = away("02:00", "")
	s.at("02:00:10", command("alice", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
	require.Empty(t, s.transcript("02:00", "02:30", "push"))
	require.Equal(t, []string{"02:00:10 The page to alice by push was overtaken; it may still arrive."}, s.recorded("page.overtaken"))
	require.Equal(t, incident.PageOvertaken, s.pages["INC-1042/alert-1/r0/l0/alice/phone"].State)
}

func TestATryThatIsNotAnsweredBeforeTheAckIsOvertaken(t *testing.T) {
	s := payments(t, quiet())
	s.broken["sms"] = func(at time.Time) error {
		s.env.SignalWorkflowSkippingWorkflowTask(workflows.AcknowledgeSignal, workflows.Command[incident.Acknowledge]{
			Header: incident.Header{ID: "tap", By: incident.Person("bob"), At: clock("02:02"), Via: "link"},
		})
		return away("02:02", "")(at)
	}
	s.at("02:30", stop).play()
	require.Equal(t, []string{"02:02 The page to alice by sms was overtaken; it may still arrive."}, s.recorded("page.overtaken"))
	require.Equal(t, incident.PageOvertaken, s.pages["INC-1042/alert-1/r0/l0/alice/mobile"].State)
	require.Empty(t, s.recorded("page.failed"), "nobody knows that it did not arrive")
}

func TestTapsThatWaitedComeBeforeWhatIsOverdue(t *testing.T) {
	for name, when := range map[string]string{
		"with the next level due": "02:05", "before the delayed contact": "02:01:59",
	} {
		t.Run(name, func(t *testing.T) {
			s := payments(t, quiet()).at(when, tapped("alice", "02:01")).at("02:30", stop)
			s.scenes[0].act = func(s *story) {
				s.env.SignalWorkflowSkippingWorkflowTask(workflows.AcknowledgeSignal, workflows.Command[incident.Acknowledge]{
					Header: incident.Header{ID: "tap", By: incident.Person("alice"), At: clock("02:01"), Via: "link"},
				})
			}
			s.play()
			require.Equal(t, []string{"02:00 push alice (alert-1)"}, s.transcript("02:00", when, "push"))
			require.Equal(t, when == "02:05", len(s.transcript("02:01:59", "02:30", "push", "sms")) == 1, "nothing that was due after the tap came in")
			require.Equal(t, clock("02:01"), s.row.Stamp(incident.FirstAck), "stamped at the time of the tap")
		})
	}
}

func TestAckBeforeTheFirstTaskStopsPagingAndNothingElse(t *testing.T) {
	s := payments(t, quiet()).at("02:00", tapped("alice", "02:00")).at("02:10", stop).play()
	require.Empty(t, s.transcript("02:00:01", "02:30", "push", "sms"))
	require.Equal(t, "alice", s.row.Holder, "it is recorded and goes on")
}

func TestATapAfterTheEndIsRecordedAsTooLate(t *testing.T) {
	s := payments(t, quiet())
	s.broken["store"] = away("02:02:30", "02:10")
	s.at("02:03", command("alice", incident.CancelCommand, incident.Cancel{Reason: "a test"})).at("02:04", tapped("alice", "02:04")).play()
	require.Equal(t, []string{"02:04 alice tapped acknowledge, but: INC-1042 is cancelled"}, cutTo(s.recorded("too-late"), len("02:04 alice tapped acknowledge, but: INC-1042 is cancelled")))
}

// cutTo keeps the beginning of every line.
func cutTo(lines []string, n int) []string {
	for i, l := range lines {
		lines[i] = l[:min(n, len(l))]
	}
	return lines
}

func TestSecondAckAndDecline(t *testing.T) {
	s := payments(t, quiet()).
		at("02:01", command("alice", incident.DeclineCommand, incident.Decline{Reason: "on a train"})).
		at("02:02", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:03", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:10", stop).play()
	require.Equal(t, []string{"02:00 push alice (alert-1)", "02:01 push bob (alert-1)"}, s.transcript("02:00", "02:02", "push", "sms"))
	require.Equal(t, "bob", s.row.Holder)
	require.Contains(t, s.answers["acknowledge alice 02:03"], "bob holds it already")
	require.Contains(t, s.row.Responders, "alice")
}

func TestReassignedWhenAccepted(t *testing.T) {
	s := payments(t, quiet()).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:02", command("alice", incident.ReassignCommand, incident.Reassign{To: oncall.Target{Person: "erin"}, Reason: "database"})).
		at("02:03", func(s *story) { require.Equal(t, "alice", s.holderNow()) }).
		at("02:03:30", command("erin", incident.AcceptRoleCommand, incident.AcceptRole{Role: incident.Holder})).
		at("02:10", stop).play()
	require.Equal(t, "erin", s.row.Holder)
	require.Equal(t, []string{"02:02 push erin (holder-1)"}, s.transcript("02:01", "02:10", "push", "sms"))
}

func (s *story) holderNow() string {
	var i incident.Incident
	value, err := s.env.QueryWorkflow(workflows.StateQuery)
	require.NoError(s.t, err)
	require.NoError(s.t, value.Get(&i))
	return i.Holder
}

func TestSilenceWithdrawsTheAck(t *testing.T) {
	p := with(func(r *catalog.ResponsePolicy) { r.StillOnIt = 30 * time.Minute })
	s := payments(t, p).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:20", command("alice", incident.NoteCommand, incident.Note{Text: "looking"})).
		at("02:52", command("alice", incident.NoteCommand, incident.Note{Text: "still looking"})).
		at("03:40", command("bob", incident.AcknowledgeCommand, ack)).at("03:41", stop).play()
	require.Equal(t, []string{
		"02:50 push alice (still-on-it-1)",
		"03:22 push alice (still-on-it-2)", "03:24 sms alice (still-on-it-2)",
		"03:27 push alice (alert-2)", "03:29 sms alice (alert-2)", "03:32 push bob (alert-2)", "03:34 sms bob (alert-2)",
		"03:37 push carol (alert-2)", "03:37 push dave (alert-2)", "03:37 sms carol (alert-2)", "03:37 sms dave (alert-2)",
	}, s.transcript("02:02", "03:41", "push", "sms"))
}

func TestRaisingTheSeverityPagesWhomItNewlyDemandsOnce(t *testing.T) {
	raise := incident.Classify{
		What: "nobody can pay", Impact: incident.Impact{Scope: catalog.External}, Severity: catalog.SEV1, WhoFixes: "payments",
	}
	s := payments(t, quiet()).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:03", command("alice", incident.ClassifyCommand, raise)).
		at("02:04", command("erin", incident.AcceptRoleCommand, incident.AcceptRole{Role: incident.Commander})).
		at("02:04", command("frank", incident.AcknowledgeCommand, incident.Acknowledge{Page: "INC-1042/responder-1/r0/l0/frank/phone"})).
		at("02:05", command("alice", incident.ClassifyCommand, raise)).at("02:30", stop).play()
	require.Equal(t, []string{"02:03 push erin (commander-1)", "02:03 push frank (responder-1)"},
		s.transcript("02:01", "02:30", "push", "sms"))
	require.Equal(t, "erin", s.row.Roles[incident.Commander])
	require.Equal(t, "alice", s.row.Holder)
}

func TestLookUpThatFailsUsesTheLastGoodAnswer(t *testing.T) {
	s := payments(t, quiet())
	s.broken["lookup"] = away("02:04", "")
	s.at("02:06", command("bob", incident.AcknowledgeCommand, ack)).at("02:07", stop).play()
	require.Equal(t, []string{"02:05 push bob (alert-1)"}, s.transcript("02:04", "02:07", "push"))
	require.Len(t, s.recorded("lookup.failed"), 1)
	require.Empty(t, s.recorded("level.empty"), "not knowing is not nobody")
}

func TestTheLastGoodAnswerIsTheLatest(t *testing.T) {
	p := quiet()
	p.Escalation.Repeat = 1
	s := payments(t, p).
		at("02:04", func(s *story) { s.duty["payments/secondary"] = "erin" }).
		at("02:16", command("erin", incident.AcknowledgeCommand, ack)).at("02:17", stop)
	s.broken["lookup"] = away("02:06", "")
	s.play()
	require.Equal(t, []string{"02:05 push erin (alert-1)", "02:10 push alice (alert-1)", "02:15 push erin (alert-1)"},
		s.transcript("02:04", "02:17", "push"), "erin has been on call since 02:04")
}

func TestALookUpThatIsTriedOnAsksForThePresent(t *testing.T) {
	s := payments(t, quiet())
	s.broken["lookup"] = away("02:00", "05:30")
	s.at("05:35", command("alice", incident.AcknowledgeCommand, ack)).at("05:36", stop).play()
	require.NotEmpty(t, s.transcript("05:30", "05:32", "push alice"))
	require.LessOrEqual(t, s.stalest, 2*time.Minute, "who is on call may be another one by now")
}

func TestFirstLookUpThatFailsIsTriedOn(t *testing.T) {
	s := payments(t, quiet())
	s.broken["lookup"] = away("02:00", "02:00:20")
	s.at("02:03", command("alice", incident.AcknowledgeCommand, ack)).at("02:07", stop).play()
	require.Len(t, s.transcript("02:00:20", "02:01", "push alice"), 1)
	require.Empty(t, s.recorded("level.empty"))
}

func TestWhoIsOnCallIsAskedAtTheMomentOfThePage(t *testing.T) {
	s := payments(t, quiet()).at("02:04", func(s *story) { s.duty["payments/secondary"] = "erin" }).
		at("02:06", command("erin", incident.AcknowledgeCommand, ack)).at("02:07", stop).play()
	require.Equal(t, []string{"02:05 push erin (alert-1)"}, s.transcript("02:04", "02:07", "push"))
}

func TestSlowStoreDelaysNothing(t *testing.T) {
	s := payments(t, quiet())
	s.broken["store"] = away("02:00", "02:12")
	s.at("02:12", command("carol", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)", "02:05 push bob (alert-1)", "02:10 push carol (alert-1)", "02:10 push dave (alert-1)",
	}, s.transcript("02:00", "02:30", "push"))
	require.NotEmpty(t, s.recorded("page.sent"), "and everything is recorded in the end")
}
