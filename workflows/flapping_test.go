package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func TestAnAlertThatFlapsPagesAgainOnceItIsQuietAndFires(t *testing.T) {
	p := quiet()
	p.Flapping = catalog.Flapping{Changes: 4, Within: 30 * time.Minute}
	s := payments(t, p).at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:02", command("alice", incident.MitigateCommand, incident.Mitigate{What: "moved to the other region"}))
	// It clears at 02:10, 02:18, 02:26 and fires at 02:14, 02:22, 02:30.
	began := "02:00"
	for n := range 3 {
		s.at(fmt.Sprintf("02:%d", 10+8*n), says(clear("PaymentsFail", began)))
		began = fmt.Sprintf("02:%d", 14+8*n)
		s.at(began, says(fire("PaymentsFail", began)))
	}
	s.at("02:15", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:16", command("alice", incident.MitigateCommand, incident.Mitigate{What: "moved back"})).
		at("02:23", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:24", command("alice", incident.MitigateCommand, incident.Mitigate{What: "moved once more"})).
		at("03:01", command("alice", incident.AcknowledgeCommand, ack)).at("03:10", stop).play()

	require.Equal(t, []string{
		"02:00 push alice (alert-1)", "02:14 push alice (alert-2)", "02:22 push alice (alert-3)",
		"03:00 push alice (alert-4)",
	}, s.transcript("02:00", "03:10", "push", "sms"), "what began at 02:30 pages when it has been quiet for as long")
	require.Len(t, s.recorded("flapping"), 1)
	require.Equal(t, []string{"03:00 PaymentsFail does not flap any more: it is firing."}, s.recorded("flapping.ended"))
	require.Contains(t, s.recorded("mitigating"), "03:00 Mitigating again: an alert fires still: PaymentsFail")
}
