package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

func ticketed() catalog.Policy {
	return with(func(r *catalog.ResponsePolicy) { r.Ticket = true })
}

func TestTicketFollowsTheIncident(t *testing.T) {
	s := resolved(t, ticketed()).
		at("02:13", command("alice", incident.AddFollowUpCommand, incident.AddFollowUp{Title: "test the rollback", Due: clock("9d 02:00")})).
		at("1d 09:00", func(s *story) { s.move("2", "Done", "Won't do") }).
		at("2d 09:00", func(s *story) { s.move("2", "Done", "Done") }).play()
	require.Equal(t, []string{
		"02:00 ticket OPS-1 opened, triggered",
		"02:01:40 ticket OPS-1 shows triaging",
		"02:10:40 ticket OPS-1 shows mitigated",
		"02:12:40 ticket OPS-1 shows resolved",
		"02:13 ticket OPS-1 shows resolved", "02:13 ticket OPS-2 opened for follow-up 1",
	}, s.transcript("02:00", "1d 00:00", "ticket"))
	seen := s.recorded("follow-up.seen")
	require.Contains(t, seen[len(seen)-1], `stays open: OPS-2 is Done with resolution "Won't do"`)
	require.Equal(t, incident.Closed, s.row.Phase)
	last := s.transcript("2d 00:00", "3d 00:00", "ticket")
	require.Contains(t, last[len(last)-1], "ticket OPS-1 shows closed")
	require.Equal(t, "2", s.row.FollowUps[0].Ticket.ID)
}

func TestFollowUpsOfATrackerAreNotCompletedByHand(t *testing.T) {
	p := ticketed()
	p.Ticket.Project = "OPS"
	followUp := command("alice", incident.AddFollowUpCommand, incident.AddFollowUp{Title: "test the rollback"})
	done := command("alice", incident.CompleteFollowUpCommand, incident.CompleteFollowUp{ID: "1"})
	s := payments(t, p).at("02:01", followUp).at("02:02", done).at("02:03", stop)
	s.broken["ticket"] = away("02:00", "")
	s.play()
	require.Contains(t, s.answers["complete-follow-up alice 02:02"], "refused: the tracker holds this follow-up", "though it is away")

	s = payments(t, p).at("02:01", followUp).at("02:02", done).at("02:03", stop)
	s.broken["tracker"] = refused
	s.play()
	require.Equal(t, "done", s.answers["complete-follow-up alice 02:02"], "where there is no tracker at all")
}

func TestChangesWithinAMinuteAreOneWrite(t *testing.T) {
	s := payments(t, ticketed()).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:01:10", command("alice", incident.SetStatusCommand, incident.SetStatus{Status: "a", NextStep: "b"})).
		at("02:01:20", command("alice", incident.NoteCommand, incident.Note{Text: "unremarkable"})).
		at("02:01:30", command("alice", incident.SetStatusCommand, incident.SetStatus{Status: "c", NextStep: "d"})).
		at("02:05", command("alice", incident.NoteCommand, incident.Note{Text: "unremarkable"})).
		at("02:10", stop).play()
	require.Equal(t, []string{"02:01:40 ticket OPS-1 shows triaging"}, s.transcript("02:01", "02:10", "ticket"))
}

func TestTicketThatIsRefusedIsRecordedAndGivenUp(t *testing.T) {
	s := payments(t, ticketed())
	s.broken["ticket"] = refused
	s.at("02:30", command("alice", incident.CancelCommand, incident.Cancel{Reason: "a test"})).play()
	require.Equal(t, incident.Cancelled, s.row.Phase, "and does not keep the incident open")
	require.Less(t, s.started["ticket"], 8)
	require.NotEmpty(t, s.recorded("publish.failed"))
}

func TestTrackerThatIsAwayDelaysNothing(t *testing.T) {
	s := payments(t, ticketed())
	s.broken["ticket"] = away("02:00", "02:00:30")
	s.at("02:00:20", command("bob", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.NotEmpty(t, s.transcript("02:00:30", "02:02", "ticket OPS-1 opened"))
	require.Equal(t, []string{"02:00:20 tell alice: bob acknowledged INC-1042."}, s.transcript("02:00", "02:10", "acknowledged"))
}

func TestTicketMovedToDoneByAPersonOnlyReminds(t *testing.T) {
	s := payments(t, ticketed()).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:03", func(s *story) { s.move("1", "Done", "Done") }).
		at("02:04", func(s *story) { s.env.SignalWorkflow(workflows.TicketSignal, incident.TicketRef{ID: "1"}) }).
		at("02:30", stop).play()
	told := s.transcript("02:04", "02:30", "moved to done")
	require.Len(t, told, 1)
	require.Contains(t, told[0], "02:04", "the webhook is quicker than the poll")
}

// Who did it was quicker than the news of its ticket: what the tracker told of
// it was nobody's.
func TestATicketThatMayHaveBeenThereIsReadAtOnce(t *testing.T) {
	s := payments(t, ticketed())
	s.broken["ticket"] = away("02:02", "02:03")
	s.at("02:01", func(s *story) { s.swift = true }).
		at("02:01:30", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:02", command("bob", incident.AddFollowUpCommand, incident.AddFollowUp{Title: "test the rollback"})).
		at("02:06", stop).play()
	require.Len(t, s.recorded("follow-up.done"), 1, "before the first poll")
}

func TestTransientIncidentNeedsNoTicket(t *testing.T) {
	s := payments(t, ticketed())
	s.broken["ticket"] = away("02:00", "02:04")
	s.at("02:01", says(clear("PaymentsFail", "02:00"))).play()
	require.Empty(t, s.transcript("02:04:30", "1d 00:00", "ticket"))
}
