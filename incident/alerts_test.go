package incident_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func TestEveryAlertClearedBeforeAnyAckIsTransientAndWhoWasPagedIsTold(t *testing.T) {
	i := opened(t)
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(time.Minute))
	require.Equal(t, incident.Transient, i.Phase)
	require.Equal(t, []string{"alice"}, told(i, "cleared by itself"))
	require.Empty(t, open(i, incident.ForAlert))
	require.False(t, i.HoldsKey)
}

func TestWithinAHoldNobodyIsTold(t *testing.T) {
	hold := func(o *incident.Opening) { o.Policy.Hold = time.Minute; severity(catalog.SEV2)(o) }
	i := opened(t, hold)
	require.True(t, i.Held)
	require.Equal(t, after(time.Minute), i.HoldEnds())
	urgent := label(since(firing("b"), 10*time.Second), "severity", "critical")
	i.TakeAlerts([]alerts.Alert{urgent}, 0, after(10*time.Second))
	require.Empty(t, i.Summonses, "the hold is the service's own choice")
	i.TakeAlerts([]alerts.Alert{cleared("a"), func() alerts.Alert { a := urgent; a.Status = alerts.Resolved; return a }()}, 0, after(30*time.Second))
	require.Equal(t, incident.Transient, i.Phase)
	require.Empty(t, i.Outbox.Notices)
	require.True(t, i.Held, "nobody was told, not even later")
	require.Zero(t, i.HoldEnds())

	i = opened(t, hold)
	i.EndHold(after(time.Minute))
	require.Len(t, open(i, incident.ForAlert), 1)
	i.EndHold(after(time.Minute))
	i.Begin(after(time.Minute))
	require.Len(t, i.Summonses, 1, "paging begins once")
}

func TestWhatIsAcknowledgedInItsHoldIsNeverPaged(t *testing.T) {
	i := opened(t, func(o *incident.Opening) { o.Policy.Hold = time.Minute })
	do(t, i, "alice", 10*time.Second, i.Acknowledge, incident.Acknowledge{})
	i.Begin(after(8 * 24 * time.Hour)) // a later run of the workflow
	require.Empty(t, open(i, incident.ForAlert))
}

func TestNeitherAStormNorWhatAPersonDeclaresIsHeld(t *testing.T) {
	for name, change := range map[string]func(*incident.Opening){
		"storm":  func(o *incident.Opening) { o.Storm, o.Urgency = true, catalog.NotPaged },
		"person": func(o *incident.Opening) { o.By = incident.Person("zoe") },
	} {
		t.Run(name, func(t *testing.T) {
			i := opened(t, change, func(o *incident.Opening) { o.Policy.Hold = time.Minute })
			require.False(t, i.Held)
			require.Len(t, open(i, incident.ForAlert), 1)
		})
	}
}

func TestPagingGoesOnForARecoveredSEV1Or2(t *testing.T) {
	i := opened(t, severity(catalog.SEV2))
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(time.Minute))
	require.Equal(t, incident.Triggered, i.Phase)
	require.True(t, i.Recovered)
	require.Len(t, open(i, incident.ForAlert), 1)
	do(t, i, "alice", 2*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, incident.Triaging, i.Phase)
}

func TestAllAlertsClearedAfterTheAckTheHolderIsAskedAndThePhaseStays(t *testing.T) {
	i := held(t)
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(2*time.Minute))
	require.Equal(t, incident.Triaging, i.Phase)
	require.Equal(t, []string{"alice"}, told(i, "Is it mitigated?"))
}

func TestWhatIsUrgentForNobodyPagesNobodyUntilItIs(t *testing.T) {
	i := incident.New(incident.Opening{Number: "INC-7", Policy: policy(), Urgency: catalog.NotPaged, By: incident.Machine("alertmanager"), At: noon})
	i.Begin(noon)
	require.Empty(t, i.Summonses)
	i.TakeAlerts([]alerts.Alert{label(firing("a"), "severity", "info")}, 0, after(time.Minute))
	require.Empty(t, i.Summonses)
	i.TakeAlerts([]alerts.Alert{label(firing("b"), "severity", "warning")}, 0, after(2*time.Minute))
	require.Equal(t, catalog.Ordinary, only(t, i, incident.ForAlert).Urgency)
}

func TestARefireAfterMitigatedPagesTheHolderAndThenFromLevelOne(t *testing.T) {
	i := mitigated(t)
	i.TakeAlerts([]alerts.Alert{since(firing("a"), time.Hour)}, 0, after(time.Hour))
	require.Equal(t, incident.Mitigating, i.Phase)
	require.Equal(t, "alice", i.Holder)
	s := only(t, i, incident.ForAlert)
	require.Equal(t, "alice", i.Targets(s)[0].Person)
	i.NextLevel(s, after(65*time.Minute))
	require.Equal(t, "shop/primary", i.Targets(s)[0].Schedule)
	require.Zero(t, i.Stamp(incident.MitigatedAt))
	require.Zero(t, i.Closing)
}

func TestWhatEndsInTheBatchInWhichItFiresIsNoRelapse(t *testing.T) {
	i := mitigated(t)
	ended := since(cleared("late"), 10*time.Minute)
	ended.EndsAt = after(12 * time.Minute)
	i.TakeAlerts([]alerts.Alert{since(firing("late"), 10*time.Minute), ended}, 0, after(time.Hour))
	require.Equal(t, incident.Mitigated, i.Phase)
	require.Equal(t, 2, i.Counts.Alerts)
}

func TestCopiesRepeatsAndLateDeliveriesChangeNothing(t *testing.T) {
	i := mitigated(t)
	for name, a := range map[string]alerts.Alert{
		"a copy of the resolved one": cleared("a"),
		"the firing one, overtaken":  firing("a"),
		"an earlier start":           since(firing("a"), -time.Hour),
	} {
		i.Drain()
		i.TakeAlerts([]alerts.Alert{a}, 0, after(24*time.Minute))
		require.Equal(t, incident.Mitigated, i.Phase, name)
		require.Empty(t, i.Drain(), name)
	}
}

func TestAnEndWithoutASummaryKeepsTheOneThatIsKnown(t *testing.T) {
	i := held(t)
	end := cleared("a")
	end.Annotations = nil
	i.TakeAlerts([]alerts.Alert{end}, 0, after(5*time.Minute))
	require.Equal(t, alerts.Resolved, i.Alerts[0].Status)
	require.Equal(t, "Too many errors", i.Alerts[0].Summary)
}

func TestMoreUrgentAlertsPageTheHolderAgain(t *testing.T) {
	t.Run("after the ack", func(t *testing.T) {
		i := held(t, severity(catalog.SEV4))
		i.TakeAlerts([]alerts.Alert{label(since(firing("b"), time.Hour), "severity", "critical")}, 0, after(time.Hour))
		s := only(t, i, incident.ForAlert)
		require.Equal(t, catalog.Urgent, s.Urgency)
		require.Equal(t, "alice", i.Targets(s)[0].Person)
		require.Equal(t, catalog.SEV2, i.Severity, "provisional until a person says so")
		require.True(t, i.Provisional)
		require.Equal(t, incident.Triaging, i.Phase)
	})
	t.Run("before the ack: urgently from level 1, once", func(t *testing.T) {
		i := incident.New(incident.Opening{
			Number: "INC-7", Policy: policy(), Urgency: catalog.Ordinary, Severity: catalog.SEV4, By: incident.Machine("alertmanager"), At: noon,
		})
		i.Begin(noon)
		i.TakeAlerts([]alerts.Alert{firing("b")}, 0, after(time.Minute))
		s := only(t, i, incident.ForAlert)
		require.Equal(t, "alert-2", s.ID)
		require.Equal(t, catalog.Urgent, s.Urgency)
		require.Equal(t, "shop/primary", i.Targets(s)[0].Schedule)
	})
	t.Run("a confirmed severity is left to people", func(t *testing.T) {
		i := held(t)
		do(t, i, "alice", 2*time.Minute, i.Classify, classification(catalog.SEV4))
		i.TakeAlerts([]alerts.Alert{label(since(firing("b"), time.Hour), "severity", "critical")}, 0, after(time.Hour))
		require.Equal(t, catalog.SEV4, i.Severity)
	})
}

func TestANewlyAffectedServicePagesTheHolderAgain(t *testing.T) {
	i := held(t)
	i.TakeAlerts([]alerts.Alert{since(firing("b"), time.Minute)}, 0, after(2*time.Minute))
	require.Empty(t, open(i, incident.ForAlert), "another alert of the same service is no news to the holder")
	i.TakeAlerts([]alerts.Alert{label(since(firing("c"), time.Minute), "service", "cart")}, 0, after(3*time.Minute))
	s := only(t, i, incident.ForAlert)
	require.Contains(t, s.Why, "cart is affected too")
	require.Equal(t, "alice", i.Targets(s)[0].Person)
	i.TakeAlerts([]alerts.Alert{label(since(firing("d"), time.Minute), "service", "search")}, 0, after(4*time.Minute))
	require.Len(t, open(i, incident.ForAlert), 1, "one escalation asks about both")
	do(t, i, "alice", 210*time.Second, i.Acknowledge, incident.Acknowledge{})
	require.Len(t, open(i, incident.ForAlert), 1, "the second was not known at that tap")
}

func TestARelapseWithinTheStabilisationWindowReopens(t *testing.T) {
	i := resolved(t)
	i.TakeAlerts([]alerts.Alert{since(firing("a"), time.Hour)}, 0, after(time.Hour))
	require.Equal(t, incident.Mitigating, i.Phase)
	require.Len(t, open(i, incident.ForAlert), 1)
	require.Empty(t, i.Outbox.Recurrence)
}

func TestAfterTheWindowARecurrenceIsOwedANewIncident(t *testing.T) {
	refire := since(firing("a"), 3*time.Hour)
	for name, make := range map[string]func(t *testing.T) *incident.Incident{
		"the key was freed": func(t *testing.T) *incident.Incident {
			i := resolved(t)
			i.FreeKey(i.Stabilised())
			return i
		},
		"the window is over, the key not freed yet": func(t *testing.T) *incident.Incident { return resolved(t) },
		"cancelled": func(t *testing.T) *incident.Incident {
			i := held(t)
			do(t, i, "alice", 2*time.Minute, i.Cancel, incident.Cancel{Reason: "a test"})
			return i
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := make(t)
			phase := i.Phase
			i.TakeAlerts([]alerts.Alert{refire}, 0, after(3*time.Hour))
			require.Equal(t, phase, i.Phase)
			require.Equal(t, []alerts.Alert{refire}, i.Outbox.Recurrence)
			require.False(t, i.HoldsKey)
			require.Contains(t, kinds(i), "recurrence")
			late := since(refire, 4*time.Hour)
			i.TakeAlerts([]alerts.Alert{late}, 0, after(4*time.Hour))
			i.Recurred(1, "INC-8", after(4*time.Hour))
			require.Equal(t, []alerts.Alert{late}, i.Outbox.Recurrence, "what came in meanwhile is owed still")
			i.Recurred(1, "INC-8", after(4*time.Hour))
			require.Empty(t, i.Outbox.Recurrence)
		})
	}
}

func TestAlertsAreCountedBeyondThoseThatAreCarried(t *testing.T) {
	i := opened(t)
	var batch []alerts.Alert
	for n := range 60 {
		batch = append(batch, firing(fmt.Sprint("x", n)))
	}
	i.TakeAlerts(batch, 5, after(time.Minute))
	require.Len(t, i.Alerts, 50)
	require.Equal(t, incident.Counts{Alerts: 61, Firing: 50, More: 16}, i.Counts)
	require.True(t, i.Firing())
	i.TakeAlerts([]alerts.Alert{cleared("x3")}, 0, after(2*time.Minute))
	i.TakeAlerts([]alerts.Alert{firing("new")}, 0, after(2*time.Minute))
	require.Len(t, i.Alerts, 50, "a resolved one makes room")
}

func TestALateCopyOfAnEndedAlertIsNoRefireButAnotherOneLaterIs(t *testing.T) {
	i := opened(t)
	do(t, i, "alice", 10*time.Second, i.Acknowledge, incident.Acknowledge{})
	do(t, i, "alice", 20*time.Second, i.Mitigate, incident.Mitigate{What: "restarted"})
	ended := cleared("a")
	ended.EndsAt = after(time.Minute)
	i.TakeAlerts([]alerts.Alert{ended}, 0, after(time.Minute))

	i.TakeAlerts([]alerts.Alert{firing("a")}, 0, after(2*time.Minute))
	require.Equal(t, incident.Mitigated, i.Phase, "the other half of a highly available pair was slow")

	i.TakeAlerts([]alerts.Alert{firing("a")}, 0, after(time.Minute+alerts.CopiesWithin))
	require.Equal(t, incident.Mitigating, i.Phase, "the source had lost sight of it, and it fires again")
}
