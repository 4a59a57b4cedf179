package workflows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/workflows"
)

const rollbackRun = "INC-1042/runbook/rollback/1"

// report is what the run says.
func report(r runbook.Report) func(*story) {
	return func(s *story) {
		r.Run, r.At = rollbackRun, s.env.Now()
		s.env.SignalWorkflow(runbook.ReportSignal, r)
	}
}

func question(until string) *runbook.Question {
	return &runbook.Question{
		ID: "rollback-1-1", Approval: true, Text: "Roll payments back?", Choices: []string{"approve", "refuse"}, Until: clock(until),
	}
}

// rolling is an incident whose holder bob runs rollback, which asks at 02:03.
func rolling(t *testing.T) *story {
	t.Helper()
	p := with(func(r *catalog.ResponsePolicy) { r.Authority.Approve = []catalog.Standing{catalog.Anyone} })
	p.Leads = []string{"grace"}
	return payments(t, p).
		at("02:01", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:02", command("bob", incident.StartRunCommand, incident.StartRun{Name: "rollback"})).
		at("02:03", report(runbook.Report{Kind: runbook.Asked, Ordinal: 1, Text: "Roll back?", Question: question("02:13")}))
}

func TestApprovalIsPagedAnsweredAndRelayed(t *testing.T) {
	s := rolling(t).
		at("02:03:30", report(runbook.Report{Kind: runbook.Asked, Ordinal: 1, Text: "Roll back?", Question: question("02:13")})).
		at("02:04", command("bob", incident.AnswerCommand, incident.Answer{Question: "rollback-1-1", Choice: "approve"})).
		at("02:09", command("grace", incident.AnswerCommand, incident.Answer{Question: "rollback-1-1", Choice: "approve", Reason: "r42 is bad"})).
		at("02:10", report(runbook.Report{Kind: runbook.Ended, Ordinal: 2, State: runbook.Done, Text: "done"})).
		at("02:11", stop).play()
	require.Equal(t, []string{
		"02:02 run rollback started by bob",
		"02:03 push alice (question-1) no link", "02:03 push grace (question-1) no link",
		"02:05 sms alice (question-1) no link", "02:05 sms grace (question-1) no link",
		"02:09 run hears approve from grace: r42 is bad",
	}, s.transcript("02:02", "02:11", "run", "question"))
	require.Contains(t, s.answers["answer bob 02:04"], "forbidden", "who started it does not approve it")
	require.Len(t, s.recorded("question"), 1, "a repeated report is no second question")
	require.Equal(t, incident.RunDone, s.row.Runs[0].State)
}

func TestApprovalThatNobodyGivesExpires(t *testing.T) {
	s := rolling(t).
		at("02:13", report(runbook.Report{Kind: runbook.Expired, Ordinal: 2, Question: question("02:13")})).
		at("02:14", command("grace", incident.AnswerCommand, incident.Answer{Question: "rollback-1-1", Choice: "approve"})).
		at("02:15", stop).play()
	require.Contains(t, s.answers["answer grace 02:14"], "refused")
	require.Empty(t, s.transcript("02:13", "02:15", "run hears"))
}

func TestSilentRunIsLookedAt(t *testing.T) {
	s := rolling(t)
	s.runs = 0
	s.world.runs = activities.RunState{State: incident.RunRunning}
	s.at("02:20", func(s *story) {
		s.world.runs = activities.RunState{Closed: true, State: incident.RunFailed, Text: "it is gone"}
	}).at("02:50", stop).play()
	require.Equal(t, []string{"02:33 rollback failed: it is gone"}, s.recorded("run.failed"))
	require.Equal(t, clock("02:18").Add(15*time.Minute), s.row.Runs[0].Ended, "looked at every 15 minutes")
}

func TestARunIsDoneOnTheQueueThatServesIt(t *testing.T) {
	asked := func(t *testing.T) *story {
		return payments(t, quiet()).at("02:02", command("bob", incident.StartRunCommand, incident.StartRun{Name: "rollback"}))
	}
	s := asked(t).at("02:03", stop).play()
	require.Equal(t, workflows.Runbooks, s.startedOn)
	require.Equal(t, 1, s.started["shelf"], "one local look-up, that costs one event")

	s = asked(t)
	s.queue = "acme"
	s.at("02:03", stop).play()
	require.Equal(t, "acme", s.startedOn)

	s = asked(t)
	s.broken["shelf"] = away("02:02", "02:02:05")
	s.at("02:03", stop).play()
	require.NotEmpty(t, s.startedOn, "it is asked again")
	require.Greater(t, s.started["shelf"], 1)

	s = asked(t)
	s.broken["shelf"] = away("02:02", "")
	s.at("02:03", stop).play()
	require.Equal(t, []string{"02:02:15 rollback failed: it could not be started: nobody could say which worker serves it; try again"}, s.recorded("run.failed"))
	require.Empty(t, s.startedOn)
}

func TestARunThatNoWorkerServesFails(t *testing.T) {
	s := payments(t, quiet()).at("02:02", command("bob", incident.StartRunCommand, incident.StartRun{Name: "unknown"})).at("02:03", stop).play()
	require.Equal(t, []string{`02:02 unknown failed: it could not be started: no worker serves a runbook called "unknown"`}, s.recorded("run.failed"))
	require.Equal(t, 1, s.started["shelf"])
}

const nobody = "no worker of the task queue acme takes it up: is one running?"

// stuck is an incident whose holder bob runs rollback, which no worker does.
func stuck(t *testing.T) *story {
	s := payments(t, quiet()).
		at("02:01", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:02", command("bob", incident.StartRunCommand, incident.StartRun{Name: "rollback"}))
	s.world.runs = activities.RunState{State: incident.RunRunning, Stuck: true, Text: nobody}
	return s
}

func abort(s *story) {
	command("bob", incident.ControlRunCommand, incident.ControlRun{Run: "rollback-1", Do: incident.AbortRun, Reason: "nobody runs it"})(s)
}

func TestARunThatNobodyTakesUpIsToldOnce(t *testing.T) {
	s := stuck(t).at("02:50", report(runbook.Report{Kind: runbook.Started, Ordinal: 1, Text: "started", Target: "deploy/x"}))
	s.at("03:10", func(s *story) { s.world.runs = activities.RunState{State: incident.RunRunning} })
	s.at("03:30", stop).play()
	require.Equal(t, []string{
		"02:04 rollback does not go on: " + nobody,
		"03:05 rollback does not go on: " + nobody,
	}, s.recorded("run.stuck"), "soon when it does not begin, and again only after it went on")
	require.Equal(t, []string{
		"02:04 push bob (breach-1)", "02:06 sms bob (breach-1)",
		"03:05 push bob (breach-2)", "03:07 sms bob (breach-2)",
	}, s.transcript("02:02", "03:30", "breach"), "until it goes on")
	require.Equal(t, []string{"03:30 rollback cancelled: with its incident; what it did may stand"}, s.recorded("run.cancelled"))
}

func TestAStuckRunThatIsAbortedIsEnded(t *testing.T) {
	const ended = "aborted by bob (nobody runs it), and ended where it stood, since no worker does it; it never said that it had begun"
	s := stuck(t).at("02:10", abort).
		at("02:11", command("bob", incident.CancelCommand, incident.Cancel{Reason: "false alarm"})).play()
	require.Equal(t, []string{"02:10 rollback cancelled: " + ended}, s.recorded("run.cancelled"), "at once, since it is known to be stuck")
	require.Equal(t, []string{"02:10 run " + rollbackRun + " is ended: " + ended}, s.transcript("02:02", "02:20", "is ended"))
	require.Equal(t, incident.Cancelled, s.row.Phase)

	s = stuck(t).at("02:03", abort).at("02:11", stop).play()
	require.Equal(t, []string{"02:04 rollback cancelled: " + ended}, s.recorded("run.cancelled"), "as soon as it is found to be stuck")

	s = rolling(t)
	s.world.runs = activities.RunState{State: incident.RunRunning, Stuck: true, Text: nobody}
	s.at("02:04", abort).at("02:11", stop).play()
	require.Equal(t, []string{"02:06 rollback cancelled: aborted by bob (nobody runs it), and ended where it stood, since no worker does it; " +
		"nothing is undone, and what it did may stand: see what it said last"}, s.recorded("run.cancelled"), "it is looked at soon")
}

func TestARunThatGoesOnHearsThatItIsAborted(t *testing.T) {
	s := stuck(t).at("02:10", func(s *story) {
		s.world.runs = activities.RunState{State: incident.RunRunning}
		abort(s)
	}).at("02:12", report(runbook.Report{Kind: runbook.Ended, Ordinal: 1, State: runbook.Cancelled, Text: "aborted by bob"})).at("02:15", stop).play()
	require.Equal(t, []string{"02:12 rollback cancelled: aborted by bob"}, s.recorded("run.cancelled"))
	require.Empty(t, s.transcript("02:02", "02:20", "is ended"), "a worker came")
}

func TestARunThatNeverBeganEndsWithItsIncident(t *testing.T) {
	s := payments(t, quiet())
	s.broken["shelf"] = away("02:02", "")
	s.at("02:02", command("bob", incident.StartRunCommand, incident.StartRun{Name: "rollback", DryRun: true})).
		at("02:02:05", command("bob", incident.CancelCommand, incident.Cancel{Reason: "false alarm"})).play()
	require.Equal(t, incident.Cancelled, s.row.Phase)
	require.Equal(t, []string{"02:02:05 rollback cancelled: with its incident"}, s.recorded("run.cancelled"))
	require.Empty(t, s.startedOn)
}

func TestOfThousandsOfReportsTheFirstAreTold(t *testing.T) {
	s := rolling(t)
	s.at("02:04", notes(200, strings.Repeat("x", 2000))).at("02:10", stop).play()
	require.Len(t, s.recorded("run.note"), 1300, "one of them says that it says no more")
}

// notes has the rollback say a text, fifty times in each of so many signals.
func notes(signals int, text string) func(*story) {
	return func(s *story) {
		for n := range signals {
			var before []runbook.Report
			for k := range 49 {
				before = append(before, runbook.Report{Run: rollbackRun, Kind: runbook.Noted, Ordinal: 2 + n*50 + k, Text: text, At: s.env.Now()})
			}
			report(runbook.Report{Kind: runbook.Noted, Ordinal: 2 + n*50 + 49, Text: fmt.Sprint(n), Before: before})(s)
		}
	}
}

func TestReportsOfStrangersAreDropped(t *testing.T) {
	s := payments(t, quiet()).at("02:01", report(runbook.Report{Kind: runbook.Noted, Ordinal: 1, Text: "who am I"})).at("02:02", stop).play()
	require.Empty(t, s.recorded("run.note"))
}

// Who aborts a run and is told at once that it was ended need not be paged that
// it can be aborted.
func TestWhoAbortedAStuckRunIsNotPagedAboutIt(t *testing.T) {
	s := stuck(t).at("02:03", abort).at("02:11", stop).play()
	require.Empty(t, s.transcript("02:02", "02:20", "breach"))
}

// A run that said too much is ended, and undoes what it did: the kit lets it say
// a thousand things before, and what becomes of its undo comes after those.
func TestTheUndoOfARunThatSaidTooMuchIsOnRecord(t *testing.T) {
	s := rolling(t)
	s.at("02:04", notes(20, "again"))
	s.at("02:05", report(runbook.Report{Kind: runbook.Stepped, Ordinal: 1002, Text: "undo a: failed: it is locked"}))
	s.at("02:10", stop).play()
	require.Contains(t, strings.Join(s.recorded("run.note"), "\n"), "undo a: failed: it is locked")
}

func TestARunThatGoesOnWhenItIsToBeEndedIsNotStuck(t *testing.T) {
	s := stuck(t)
	s.afterLook = &activities.RunState{State: incident.RunRunning}
	s.at("02:03", abort).at("02:11", stop).play()
	require.Len(t, s.transcript("02:02", "02:20", "is ended"), 1)
	require.Empty(t, s.recorded("run.stuck"), "EndRun has seen that it goes on")
	require.Empty(t, s.transcript("02:02", "02:20", "breach"), "bob is paged for nothing")
}

func TestARunThatIsAbortedBeforeItBeganDoesNotBegin(t *testing.T) {
	s := payments(t, quiet()).at("02:01", command("bob", incident.AcknowledgeCommand, ack))
	s.broken["shelf"] = away("02:02", "02:02:10")
	s.at("02:02", command("bob", incident.StartRunCommand, incident.StartRun{Name: "rollback"})).
		at("02:02:05", abort).at("02:05", stop).play()
	require.Empty(t, s.startedOn, "bob has aborted it")
}

// A run that was ordered in the moment in which its incident's history was left
// may have begun: it hears that it is aborted.
func TestARunThatMayHaveBegunHearsThatItIsAborted(t *testing.T) {
	s := payments(t, quiet()).at("02:01", command("bob", incident.AcknowledgeCommand, ack))
	s.broken["begin"] = func(time.Time) error {
		if s.runs == 0 {
			s.env.SetCurrentHistoryLength(10_000)
		}
		return nil
	}
	s.broken["shelf"] = func(at time.Time) error {
		if s.runs == 0 {
			return nil
		}
		return away("02:02", "02:02:10")(at)
	}
	s.at("02:02", command("bob", incident.StartRunCommand, incident.StartRun{Name: "rollback"})).
		at("02:02:05", abort).at("02:05", stop).play()
	require.Len(t, s.transcript("02:00", "02:04", "run rollback started"), 2, "ordered again by its name, which begins it once")
}
