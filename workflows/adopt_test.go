package workflows_test

import (
	"cmp"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/workflows"
)

// withoutDatabase is an incident that was opened while the database was away.
func withoutDatabase(t *testing.T) *story {
	t.Helper()
	o := opening(quiet())
	o.Number = "INC-x0123456789ab"
	s := tell(t, o, fire("PaymentsFail", "02:00"))
	s.broken["store"] = away("02:00", "02:06")
	return s
}

func TestAdoptsItsKeyWhenTheDatabaseReturns(t *testing.T) {
	s := withoutDatabase(t).at("02:12", command("carol", incident.AcknowledgeCommand, ack)).at("02:13", stop).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)", "02:05 push bob (alert-1)", "02:10 push carol (alert-1)", "02:10 push dave (alert-1)",
	}, s.transcript("02:00", "02:12", "push"))
	require.Equal(t, 1, s.started["keys"])
}

func TestMergesIntoTheIncidentThatHoldsTheKey(t *testing.T) {
	s := withoutDatabase(t).at("02:03", says(fire("Other", "02:03")))
	s.holder = "INC-1042"
	s.play()
	require.Equal(t, incident.Merged, s.row.Phase)
	require.Len(t, s.transcript("02:06", "03:00", "INC-1042 hears of 2 alerts"), 1)
	require.Len(t, s.transcript("02:06", "03:00", "go on there"), 1)
	require.Empty(t, s.transcript("02:08", "03:00", "push", "sms"), "and stops paging")
}

func TestGoesOnWhenTheHolderDoesNotHear(t *testing.T) {
	s := withoutDatabase(t)
	s.holder = "INC-1042"
	s.broken["signal"] = refused
	s.at("02:12", command("carol", incident.AcknowledgeCommand, ack)).at("02:13", stop).play()
	require.NotEmpty(t, s.transcript("02:10", "02:12", "push carol"))
	require.Greater(t, s.started["keys"], 1, "it asks again")
}

// saysOf is a report of the first run of an incident that was opened without the
// database.
func saysOf(r runbook.Report) func(*story) {
	return func(s *story) {
		r.Run, r.At = "INC-x0123456789ab/runbook/rollback/1", s.env.Now()
		s.env.SignalWorkflow(runbook.ReportSignal, r)
	}
}

// rollingBack has the holder of such an incident, whose key another holds, roll
// back.
func rollingBack(t *testing.T) *story {
	t.Helper()
	s := withoutDatabase(t)
	s.holder = "INC-1042"
	return s.at("02:01", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:02", command("bob", incident.StartRunCommand, incident.StartRun{Name: "rollback"}))
}

func TestARunIsNotCutOffByTheDatabaseThatReturns(t *testing.T) {
	s := rollingBack(t).
		at("02:03", saysOf(runbook.Report{Kind: runbook.Started, Ordinal: 1, Text: "started", Target: "deploy/payments"})).
		at("02:20", saysOf(runbook.Report{Kind: runbook.Ended, Ordinal: 2, State: runbook.Done, Text: "rolled back"})).play()
	require.Equal(t, incident.Merged, s.row.Phase)
	require.Equal(t, incident.RunDone, s.row.Runs[0].State, "%s", s.row.Runs[0].Outcome)
	require.Len(t, s.transcript("02:06", "02:20", "INC-1042 hears of 1 alert"), 1)
	require.Len(t, s.transcript("02:06", "02:20", "That waits for the end of INC-x0123456789ab/runbook/rollback/1"), 1, "bob is told once")
	require.Equal(t, 2, s.started["keys"], "and the key is looked at again when that is over")
}

func TestWhatWasDegradedWithoutTheDatabaseStaysWithItsIncident(t *testing.T) {
	s := rollingBack(t).
		at("02:03", saysOf(runbook.Report{Kind: runbook.Degraded, Ordinal: 1, Hatch: &runbook.Hatch{ID: "x", What: "the shop without x", For: 4 * time.Hour}})).
		at("02:04", saysOf(runbook.Report{Kind: runbook.Ended, Ordinal: 2, State: runbook.Done, Text: "degraded"})).
		at("02:30", stop).play()
	require.NotEqual(t, incident.Merged, s.row.Phase)
	require.Len(t, s.transcript("02:06", "02:30", "That waits for its follow-ups, unless a person merges it"), 1)
}

// What was told once is told again each time the incident continues as new.
func TestStayingIsToldOnceAlsoAcrossRuns(t *testing.T) {
	s := rollingBack(t).
		at("02:03", saysOf(runbook.Report{Kind: runbook.Degraded, Ordinal: 1, Hatch: &runbook.Hatch{ID: "x", What: "the shop without x", For: 4 * time.Hour}})).
		at("02:04", saysOf(runbook.Report{Kind: runbook.Ended, Ordinal: 2, State: runbook.Done, Text: "degraded"})).
		at("02:50", stop)
	s.breaks = []string{"02:20", "02:30", "02:40"}
	s.play()
	require.Greater(t, s.runs, 1)
	require.Len(t, s.recorded("merging"), 1, "%v", s.transcript("02:06", "02:50", "hears of", "That waits for"))
	require.Len(t, s.transcript("02:06", "02:50", "hears of"), 1)
}

// What ends while it stays is what the holder was told to fire.
func TestTheHolderHearsWhatEndsWhileTheOtherStays(t *testing.T) {
	s := rollingBack(t).
		at("02:03", saysOf(runbook.Report{Kind: runbook.Started, Ordinal: 1, Text: "started", Target: "deploy/payments"})).
		at("02:10", says(clear("PaymentsFail", "02:00"))).
		at("03:30", stop).play()
	require.NotEqual(t, incident.Merged, s.row.Phase)
	require.Len(t, s.transcript("02:06", "03:30", "INC-1042 hears of 1 alert"), 2, "%v", s.transcript("02:00", "03:30", "hears of"))
}

// What ended is heard, also when its incident ends right after.
func TestTheHolderHearsWhatEndedJustBeforeTheOther(t *testing.T) {
	s := rollingBack(t).
		at("02:03", saysOf(runbook.Report{Kind: runbook.Started, Ordinal: 1, Text: "started", Target: "deploy/payments"})).
		at("02:10", says(clear("PaymentsFail", "02:00"))).
		at("02:10:20", saysOf(runbook.Report{Kind: runbook.Ended, Ordinal: 2, State: runbook.Done, Text: "rolled back"})).play()
	require.Equal(t, incident.Merged, s.row.Phase)
	require.Len(t, s.transcript("02:06", "02:10:10", "INC-1042 hears of 1 alert"), 2)
}

// begins and ends are what the run of such an incident reports, callOff is what
// a person says of the incident.
var (
	begins = saysOf(runbook.Report{Kind: runbook.Started, Ordinal: 1, Text: "started", Target: "deploy/payments"})
	ends   = saysOf(runbook.Report{Kind: runbook.Ended, Ordinal: 2, State: runbook.Done, Text: "rolled back"})

	callOff = command("bob", incident.CancelCommand, incident.Cancel{Reason: "false alarm"})
)

// Whoever was told that it fires hears that it has ended, however this one ends.
func TestTheHolderHearsWhatEndedThoughTheOtherIsCancelled(t *testing.T) {
	ended := says(clear("PaymentsFail", "02:00"))
	for name, play := range map[string]func(*story){
		"after": func(s *story) { s.at("02:10", ended).at("02:10:05", ends).at("02:11", stop) },
		"while it waits for the database": func(s *story) {
			s.at("02:10", ends).at("02:10:05", ended).at("02:10:10", callOff)
		},
		"while the holder does not hear": func(s *story) {
			s.broken["signal"] = away("02:09", "02:10:30")
			s.at("02:10", ended).at("02:10:05", ends).at("02:10:40", callOff)
		},
		"right after":  func(s *story) { s.at("02:10", ends).at("02:10", func(s *story) { ended(s); callOff(s) }) },
		"right before": func(s *story) { s.at("02:10", ends).at("02:10", func(s *story) { callOff(s); ended(s) }) },
	} {
		t.Run(name, func(t *testing.T) {
			s := rollingBack(t).at("02:03", begins)
			s.broken["keys"] = away("02:09", "02:12")
			play(s)
			s.play()
			require.Equal(t, incident.Cancelled, s.row.Phase)
			require.Len(t, s.transcript("02:05", "03:30", "INC-1042 hears of 1 alert"), 2, "%v", s.transcript("02:00", "03:30", "hears of"))
		})
	}
}

// Until its end is recorded it may hear of alerts: the other one goes on with them.
func TestTheHolderGoesOnWithWhatComesAfterTheEnd(t *testing.T) {
	s := rollingBack(t)
	first, second := s.broken["store"], away("02:10", "02:20")
	s.broken["store"] = func(at time.Time) error { return cmp.Or(first(at), second(at)) }
	s.at("02:03", begins).at("02:09", command("bob", incident.AddFollowUpCommand, incident.AddFollowUp{Title: "look into it"})).
		at("02:10", ends).at("02:10:05", callOff).
		at("02:12", says(clear("PaymentsFail", "02:00"))).at("02:13", says(fire("Other", "02:13"))).play()
	require.Equal(t, incident.Cancelled, s.row.Phase)
	require.Equal(t, []string{"02:06 INC-1042 hears of 1 alerts", "02:12 INC-1042 hears of 1 alerts", "02:13 INC-1042 hears of 1 alerts"},
		s.transcript("02:05", "03:30", "hears of"))
}

// What comes while the holder is being told is passed on too.
func TestTheHolderHearsWhatEndsWhileItIsTold(t *testing.T) {
	s := withoutDatabase(t).at("02:01", command("bob", incident.AcknowledgeCommand, ack))
	s.holder = "INC-1042"
	told := false
	s.broken["signal"] = func(time.Time) error {
		if !told {
			told = true
			s.env.SignalWorkflow(workflows.AlertsSignal, workflows.Alerts{Alerts: []alerts.Alert{clear("PaymentsFail", "02:00")}})
		}
		return nil
	}
	s.play()
	require.Equal(t, incident.Merged, s.row.Phase)
	require.Len(t, s.transcript("02:06", "03:30", "INC-1042 hears of 1 alert"), 2, "%v", s.transcript("02:00", "03:30", "hears of"))
}

// What has ended before the database came back is told as ended.
func TestTheHolderHearsTheLastWordOfEachAlert(t *testing.T) {
	s := withoutDatabase(t).
		at("02:01", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:02", says(clear("PaymentsFail", "02:00"))).
		at("02:03", says(fire("Other", "02:03")))
	s.holder = "INC-1042"
	s.play()
	require.Len(t, s.transcript("02:06", "03:00", "INC-1042 hears of 2 alerts"), 1, "%v", s.transcript("02:06", "03:00", "hears of"))
}

func TestAFlappingAlertPushesNoOtherOut(t *testing.T) {
	s := withoutDatabase(t).at("02:01", command("bob", incident.AcknowledgeCommand, ack))
	s.holder = "INC-1042"
	for n := range 30 {
		at := clock("02:01:10").Add(time.Duration(n) * 8 * time.Second)
		began := stamp(at)
		s.at(began, says(fire("Flaps", began))).at(stamp(at.Add(4*time.Second)), says(clear("Flaps", began)))
	}
	s.breaks = []string{"02:05:40"}
	s.play()
	require.NotEmpty(t, s.left)
	var left workflows.State
	require.NoError(t, json.Unmarshal(s.left[0], &left))
	require.Len(t, left.Kept, 2)
	require.Equal(t, "PaymentsFail", left.Kept[0].Name())
	require.Equal(t, alerts.Resolved, left.Kept[1].Status)
	require.Len(t, s.transcript("02:06", "03:00", "INC-1042 hears of 2 alerts"), 1)
}

// Another incident holds the key by then than the one that was told what fires.
func TestTheNextHolderHearsWhatStillFires(t *testing.T) {
	s := rollingBack(t).at("02:03", begins).at("02:10", holds("INC-1050")).at("02:20", ends).at("02:40", stop).play()
	require.Equal(t, incident.Merged, s.row.Phase)
	require.Equal(t, 1, s.row.Counts.Firing)
	require.Len(t, s.transcript("02:06", "02:40", "INC-1050 hears of 1 alert"), 1, "%v", s.transcript("02:06", "03:30", "hears of"))
}

// What ends after the key has come back is nobody else's.
func TestItGoesOnByItselfWhenTheHolderIsGone(t *testing.T) {
	s := rollingBack(t).at("02:03", begins).at("02:10", holds("")).at("02:20", ends).
		at("02:30", says(clear("PaymentsFail", "02:00"))).at("02:40", stop).play()
	require.Equal(t, incident.Cancelled, s.row.Phase)
	require.Len(t, s.transcript("02:06", "03:30", "hears of"), 1)
}

// holds has another incident hold the key from now on.
func holds(number string) func(*story) {
	return func(s *story) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.holder = number
	}
}
