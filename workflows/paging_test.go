package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

var ack = incident.Acknowledge{}

func TestEscalatesUntilSomebodyAcknowledges(t *testing.T) {
	s := tell(t, opening(quiet()), fire("PaymentsFail", "02:00"))
	s.at("02:16", command("carol", workflows.Acknowledge, ack)).at("02:30", stop).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)",
		"02:02 sms alice (alert-1)",
		"02:05 push bob (alert-1)",
		"02:07 sms bob (alert-1)",
		"02:10 push carol (alert-1)", "02:10 push dave (alert-1)", "02:10 sms carol (alert-1)", "02:10 sms dave (alert-1)",
		"02:15 push alice (alert-1)",
		"02:16 tell alice bob dave: carol acknowledged INC-1042.",
	}, s.transcript("02:00", "02:30"))
}
