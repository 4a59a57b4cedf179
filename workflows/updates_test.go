package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// cadence asks for an update 10 minutes after the ack, and then every 30.
func cadence() catalog.Policy {
	return with(func(r *catalog.ResponsePolicy) {
		r.Updates = catalog.Updates{
			Audiences: []string{"incidents"}, First: 10 * time.Minute, Every: 30 * time.Minute, Remind: 5 * time.Minute,
		}
	})
}

func TestUpdatesKeepTheirCadence(t *testing.T) {
	post := incident.PostUpdate{What: "Payments fail.", Doing: "Rolling back."}
	s := payments(t, cadence()).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:30", command("alice", incident.PostUpdateCommand, post)).
		at("03:10", command("alice", incident.MitigateCommand, mitigate)).
		at("03:11", says(clear("PaymentsFail", "02:00"))).
		at("03:12", command("alice", incident.ResolveCommand, resolve)).play()
	require.Equal(t, []string{
		"02:06 tell alice: A status update of INC-1042 is due at 02:11 UTC.",
		"02:11 automatic update to incidents: ",
		"02:30 human update to incidents: Payments fail.",
		"02:55 tell alice: A status update of INC-1042 is due at 03:00 UTC.",
		"03:00 automatic update to incidents: Payments fail.",
		"03:12 closing update to incidents: INC-1042 is resolved.",
	}, s.transcript("02:02", "2d 00:00", "update"))
}

func TestMailThatIsAwayDelaysNeitherTicketNorNotice(t *testing.T) {
	p := cadence()
	p.Severities[1].Response.Ticket = true
	s := payments(t, p)
	s.broken["mail"] = away("02:00", "02:11:40")
	s.at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:11", command("alice", incident.SetStatusCommand, incident.SetStatus{Status: "looking", NextStep: "more"})).
		at("02:15", stop).play()
	require.Equal(t, []string{"02:11 ticket OPS-1 shows triaging"}, s.transcript("02:11", "02:15", "ticket"))
	mails := s.transcript("02:11", "02:15", "automatic update")
	require.Len(t, mails, 1, "it goes once, when it can: %v", mails)
}
