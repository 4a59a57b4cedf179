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

// flappy is a SEV3 whose key was opened for the fourth time within half an hour.
func flappy(t *testing.T) *story {
	t.Helper()
	p := quiet()
	p.Flapping = catalog.Flapping{Changes: 4, Within: 30 * time.Minute, Hold: 10 * time.Minute}
	o := opening(p)
	o.Recurs, o.Cleared = "INC-1041", 3
	return tell(t, o, fire("PaymentsFail", "02:00"))
}

func TestWhatFlapsFromItsBeginningPagesOnceItHasFlappedTooLong(t *testing.T) {
	s := flappy(t).at("02:01", says(clear("PaymentsFail", "02:00"))).at("02:04", says(fire("PaymentsFail", "02:04"))).
		at("02:06", says(clear("PaymentsFail", "02:04"))).at("02:12", says(fire("PaymentsFail", "02:12"))).
		at("02:13", says(clear("PaymentsFail", "02:12"))).
		at("02:15", command("alice", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
	require.Equal(t, []string{"02:12 push alice (alert-1)", "02:14 sms alice (alert-1)"}, s.transcript("02:00", "02:30", "push", "sms"))
	require.Equal(t, "alice", s.row.Holder)
}

func TestWhatFlapsFromItsBeginningPagesWhenItStaysFiring(t *testing.T) {
	s := flappy(t).at("02:11", command("alice", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
	require.Equal(t, []string{"02:10 push alice (alert-1)"}, s.transcript("02:00", "02:30", "push", "sms"))
}

func TestWhatFlapsFromItsBeginningAndCalmsDownTellsNobody(t *testing.T) {
	s := flappy(t).at("02:01", says(clear("PaymentsFail", "02:00"))).at("02:04", says(fire("PaymentsFail", "02:04"))).
		at("02:05", says(clear("PaymentsFail", "02:04"))).play()
	require.Empty(t, s.transcript("02:00", "04:00"))
	require.Equal(t, incident.Transient, s.row.Phase)
	require.Equal(t, []string{"02:35 It cleared by itself before anyone acknowledged."}, s.recorded("transient"))
	require.Len(t, s.recorded("flapping"), 1)
	require.False(t, s.row.HoldsKey)
}

func TestTheHoldOfWhatFlapsOutlivesARun(t *testing.T) {
	for _, when := range []string{"02:00:30", "02:03", "02:09"} {
		s := flappy(t).at("02:01", says(clear("PaymentsFail", "02:00"))).at("02:04", says(fire("PaymentsFail", "02:04"))).
			at("02:06", says(clear("PaymentsFail", "02:04"))).at("02:08", says(fire("PaymentsFail", "02:08"))).
			at("02:11", command("alice", incident.AcknowledgeCommand, ack)).at("02:30", stop)
		s.breaks = []string{when}
		s.play()
		require.Greater(t, s.runs, 1, when)
		require.Equal(t, []string{"02:10 push alice (alert-1)"}, s.transcript("02:00", "02:30", "push", "sms"), when)
	}
}
