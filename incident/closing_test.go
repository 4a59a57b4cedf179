package incident_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

const day = 24 * time.Hour

func TestClosingIsRefusedWithTheListOfUnmetGates(t *testing.T) {
	i := resolved(t, severity(catalog.SEV2))
	do(t, i, "alice", 31*time.Minute, i.AddFollowUp, incident.AddFollowUp{Title: "Write the test"})
	do(t, i, "alice", 31*time.Minute, i.StartRun, incident.StartRun{Name: "drain"})
	require.Equal(t, []string{
		"the stabilisation window, until 2026-03-02 13:30:00 UTC",
		"a person's word that follow-ups are collected",
		"follow-up 1 (alice) Write the test",
		"the end of INC-7/runbook/drain/1",
	}, refused(t, incident.Refused, by("alice", 32*time.Minute), i.Close, incident.Close{}))
	i.Finish(after(32 * time.Minute))
	require.Equal(t, incident.Resolved, i.Phase, "nothing closes against a gate")

	i.RunEnded("INC-7/runbook/drain/1", incident.RunDone, "drained", after(40*time.Minute))
	do(t, i, "alice", 41*time.Minute, i.CompleteFollowUp, incident.CompleteFollowUp{ID: "1", Text: "merged"})
	do(t, i, "alice", 41*time.Minute, i.ConfirmCollected, incident.ConfirmCollected{})
	require.Equal(t, after(90*time.Minute), i.NextGate(after(41*time.Minute)))
	require.Empty(t, i.Unmet(after(90*time.Minute)))
	do(t, i, "alice", 90*time.Minute, i.Close, incident.Close{})
	i.Finish(after(90 * time.Minute))
	require.Equal(t, incident.Closed, i.Phase)
	require.Equal(t, after(90*time.Minute), i.Stamp(incident.ClosedAt))
	require.False(t, i.HoldsKey)
}

func TestSEV1And2NeedAPersonsWordOthersWaitADay(t *testing.T) {
	i := resolved(t)
	require.NotEmpty(t, i.Unmet(after(24*time.Hour)))
	require.Empty(t, i.Unmet(after(24*time.Hour+30*time.Minute)))
	require.Equal(t, after(24*time.Hour+30*time.Minute), i.NextGate(after(2*time.Hour)))
	i = resolved(t, severity(catalog.SEV2))
	require.Len(t, i.Unmet(after(30*day)), 1)
	require.Zero(t, i.NextGate(after(2*time.Hour)))
	refusedBefore := held(t)
	require.Equal(t, []string{"resolved"}, refused(t, incident.Refused, by("alice", 2*time.Minute), refusedBefore.ConfirmCollected, incident.ConfirmCollected{}))
}

func TestAFollowUpHasAnOwnerADueDateByPolicyAndAPriority(t *testing.T) {
	i := held(t, severity(catalog.SEV2))
	for _, test := range []struct {
		give incident.AddFollowUp
		want incident.FollowUp
	}{
		{incident.AddFollowUp{Title: "a"}, incident.FollowUp{Owner: "alice", Priority: catalog.Medium, Due: after(14*day + 2*time.Minute)}},
		{incident.AddFollowUp{Title: "b", Owner: "bob", Priority: catalog.High}, incident.FollowUp{Owner: "bob", Priority: catalog.High, Due: after(7*day + 2*time.Minute)}},
		{incident.AddFollowUp{Title: "c", Priority: catalog.Low}, incident.FollowUp{Owner: "alice", Priority: catalog.Low, Due: after(30*day + 2*time.Minute)}},
		{incident.AddFollowUp{Title: "d", Due: after(day)}, incident.FollowUp{Owner: "alice", Priority: catalog.Medium, Due: after(day)}},
	} {
		out := do(t, i, "zoe", 2*time.Minute, i.AddFollowUp, test.give)
		got := i.FollowUps[len(i.FollowUps)-1]
		require.Equal(t, out.ID, got.ID)
		test.want.ID, test.want.Title, test.want.By = got.ID, test.give.Title, "zoe"
		test.want.Added, test.want.State = after(2*time.Minute), incident.FollowUpOpen
		require.Equal(t, test.want, got)
	}
	h := by("zoe", 3*time.Minute)
	refused(t, incident.Invalid, h, i.AddFollowUp, incident.AddFollowUp{})
	refused(t, incident.Invalid, h, i.AddFollowUp, incident.AddFollowUp{Title: "x", Priority: "now"})
	refused(t, incident.Invalid, h, i.AddFollowUp, incident.AddFollowUp{Title: "x", Due: noon})
}

func TestAWaiverNeedsAReasonAndAnAuthorityThatIsNotTheOwner(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.AddFollowUp, incident.AddFollowUp{Title: "x", Owner: "lena"})
	waive := incident.WaiveFollowUp{ID: "1", Reason: "replaced"}
	require.Equal(t, []string{"reason"}, refused(t, incident.Refused, by("heidi", time.Hour, catalog.Administrator), i.WaiveFollowUp, incident.WaiveFollowUp{ID: "1"}))
	refused(t, incident.Forbidden, by("alice", time.Hour), i.WaiveFollowUp, waive)
	refused(t, incident.Forbidden, by("lena", time.Hour, catalog.TeamLead), i.WaiveFollowUp, waive)
	refused(t, incident.NotFound, by("heidi", time.Hour, catalog.Administrator), i.WaiveFollowUp, incident.WaiveFollowUp{ID: "9", Reason: "x"})
	_, err := i.WaiveFollowUp(by("heidi", time.Hour, catalog.Administrator), waive, after(time.Hour))
	require.NoError(t, err)
	require.Equal(t, incident.FollowUpWaived, i.FollowUps[0].State)
	require.Equal(t, "heidi", i.FollowUps[0].SettledBy)
	refused(t, incident.Refused, by("heidi", time.Hour, catalog.Administrator), i.WaiveFollowUp, waive)
}

func TestDoneIsWhatTheTrackerSays(t *testing.T) {
	ref := incident.TicketRef{ID: "10", Key: "SHOP-10"}
	for name, test := range map[string]struct {
		said incident.TicketStatus
		want incident.FollowUpState
		seen string
	}{
		"done":                 {incident.TicketStatus{Ref: ref, Found: true, Done: true, Status: "Done", Resolution: "Done"}, incident.FollowUpDone, `Done with resolution "Done"`},
		"won't do":             {incident.TicketStatus{Ref: ref, Found: true, Done: true, Status: "Done", Resolution: "Won't Do"}, incident.FollowUpOpen, `Done with resolution "Won't Do"`},
		"resolved, not done":   {incident.TicketStatus{Ref: ref, Found: true, Status: "In review", Resolution: "Done"}, incident.FollowUpOpen, "In review"},
		"deleted, unreadable":  {incident.TicketStatus{Ref: ref}, incident.FollowUpOpen, "deleted or cannot be read; waive it if it is not needed"},
		"some other ticket":    {incident.TicketStatus{Ref: incident.TicketRef{ID: "11"}, Found: true, Done: true, Resolution: "Done"}, incident.FollowUpOpen, ""},
		"moved to another key": {incident.TicketStatus{Ref: incident.TicketRef{ID: "10", Key: "NEW-1"}, Found: true, Status: "Open"}, incident.FollowUpOpen, "Open"},
	} {
		t.Run(name, func(t *testing.T) {
			i := held(t)
			do(t, i, "alice", 2*time.Minute, i.AddFollowUp, incident.AddFollowUp{Title: "x"})
			i.Ticketed(incident.TicketRef{ID: "1", Key: "SHOP-1"}, map[string]incident.TicketRef{"1": ref})
			require.Equal(t, []string{"done in SHOP-10"}, refused(t, incident.Refused, by("alice", 3*time.Minute), i.CompleteFollowUp, incident.CompleteFollowUp{ID: "1"}))
			i.TicketSaid(test.said, after(time.Hour))
			require.Equal(t, test.want, i.FollowUps[0].State)
			require.Equal(t, test.seen, i.FollowUps[0].Seen)
			before := i.Revision
			i.TicketSaid(test.said, after(2*time.Hour))
			require.Equal(t, before, i.Revision, "the same again is no news")
		})
	}
}

func TestWhereATrackerHoldsTheTasksNobodyCompletesThemByHand(t *testing.T) {
	done := incident.CompleteFollowUp{ID: "1"}
	project := func(o *incident.Opening) { o.Policy.Ticket.Project = "SHOP" }
	i := held(t, project)
	do(t, i, "alice", 2*time.Minute, i.AddFollowUp, incident.AddFollowUp{Title: "x"})
	i.Track(true)
	require.NotEmpty(t, refused(t, incident.Refused, by("alice", 3*time.Minute), i.CompleteFollowUp, done), "before it has its ticket")
	i.Track(false)
	do(t, i, "alice", 4*time.Minute, i.CompleteFollowUp, done)

	for name, change := range map[string]func(*incident.Opening){
		"no project": func(*incident.Opening) {},
		"no tickets for this severity": func(o *incident.Opening) {
			project(o)
			severity(catalog.SEV4)(o)
		},
	} {
		i := held(t, change)
		i.Track(true)
		do(t, i, "alice", 2*time.Minute, i.AddFollowUp, incident.AddFollowUp{Title: name})
		do(t, i, "alice", 3*time.Minute, i.CompleteFollowUp, done)
	}
}

func TestMovingTheIncidentsTicketToDoneOnlyRemindsOnceAChange(t *testing.T) {
	i := held(t)
	i.Ticketed(incident.TicketRef{ID: "1", Key: "SHOP-1"}, nil)
	revision := i.Revision
	i.Ticketed(incident.TicketRef{ID: "1", Key: "SHOP-1"}, nil)
	require.Equal(t, revision, i.Revision)
	said := incident.TicketStatus{Ref: incident.TicketRef{ID: "1", Key: "SHOP-1"}, Found: true, Done: true, Resolution: "Done"}
	for range 3 {
		i.TicketSaid(said, after(time.Hour))
	}
	require.Equal(t, []string{"alice"}, told(i, "was moved to done"))
	require.Equal(t, incident.Triaging, i.Phase)
	said.Done = false
	i.TicketSaid(said, after(2*time.Hour))
	said.Done = true
	i.TicketSaid(said, after(3*time.Hour))
	require.Equal(t, []string{"alice", "alice"}, told(i, "was moved to done"))
}

func TestOverdueRemindsTheOwnerThenTheTeam(t *testing.T) {
	i := resolved(t)
	do(t, i, "alice", time.Hour, i.AddFollowUp, incident.AddFollowUp{Title: "x", Owner: "bob", Due: after(day)})
	require.Equal(t, after(day), i.NextOverdue())
	i.RemindOverdue(after(day - time.Second))
	require.Empty(t, told(i, "is overdue"))
	i.RemindOverdue(after(day))
	require.Equal(t, []string{"bob"}, told(i, "is overdue"))
	require.Equal(t, after(2*day), i.NextOverdue())
	i.RemindOverdue(after(5*day + time.Hour))
	require.Equal(t, []string{"bob", "bob", "lena"}, told(i, "is overdue"), "missed reminders collapse")
	require.Equal(t, after(6*day), i.NextOverdue())
	do(t, i, "bob", 6*day, i.CompleteFollowUp, incident.CompleteFollowUp{ID: "1"})
	require.Zero(t, i.NextOverdue())
}

func TestATeamWithoutLeadsIsRemindedThroughWhoWasInvolved(t *testing.T) {
	i := resolved(t, func(o *incident.Opening) { o.Policy.Leads = nil })
	do(t, i, "alice", time.Hour, i.AddFollowUp, incident.AddFollowUp{Title: "x", Owner: "bob", Due: after(day)})
	i.RemindOverdue(after(day))
	i.RemindOverdue(after(2 * day))
	require.Equal(t, []string{"bob", "bob", "alice"}, told(i, "is overdue"))
}

func TestFollowUpsAreBounded(t *testing.T) {
	i := held(t)
	for n := range 60 {
		do(t, i, "alice", time.Hour, i.AddFollowUp, incident.AddFollowUp{Title: fmt.Sprint(n)})
	}
	refused(t, incident.Refused, by("alice", time.Hour), i.AddFollowUp, incident.AddFollowUp{Title: "one more"})
}
