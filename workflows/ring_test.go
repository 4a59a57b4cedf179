package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

// undelivered is the receipt that a page will never arrive.
func undelivered(key string) func(*story) {
	return func(s *story) {
		s.env.SignalWorkflow(workflows.PageFailedSignal, workflows.PageFailed{Key: key, Reason: "the phone is off"})
	}
}

func TestAPageThatWillNotArriveBringsTheNextRuleForward(t *testing.T) {
	s := payments(t, quiet()).
		at("02:00:20", undelivered("INC-1042/alert-1/r0/l0/alice/phone")).
		at("02:00:40", undelivered("INC-1042/alert-1/r0/l0/alice/mobile")).
		at("02:03", command("bob", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)",
		"02:00:20 sms alice (alert-1)",
		"02:00:40 push bob (alert-1)",
		"02:02:40 sms bob (alert-1)",
	}, s.transcript("02:00", "02:03", "push", "sms"))
	require.Equal(t, []string{
		"02:00:20 alice cannot be reached by push: the phone is off", "02:00:40 alice cannot be reached by sms: the phone is off",
	}, s.recorded("page.failed"))
}

func TestAReceiptThatMattersNoMoreChangesNothing(t *testing.T) {
	s := payments(t, quiet()).
		at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:01:20", undelivered("INC-1042/alert-1/r0/l0/alice/phone")).
		at("02:01:30", undelivered("INC-1042/notice-1/bob/phone")).
		at("02:10", stop).play()
	require.Equal(t, []string{"02:00 push alice (alert-1)"}, s.transcript("02:00", "02:10", "push", "sms"))
	require.Empty(t, s.recorded("page.failed"))
}

func TestWhatRingsIsSilencedWhenSomebodyAnswers(t *testing.T) {
	s := payments(t, quiet())
	s.rings = "push"
	s.at("02:06", command("carol", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Equal(t, []string{"02:06 silence bell of alice by push bells", "02:06 silence bell of bob by push bells"},
		s.transcript("02:00", "02:10", "silence"))
}

func TestSilencingIsTriedAgain(t *testing.T) {
	s := payments(t, quiet())
	s.rings, s.broken["silence"] = "push", away("02:00", "02:02")
	s.at("02:01", command("bob", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Len(t, s.transcript("02:02", "02:03", "silence"), 1)
}

func TestWhatDoesNotRingIsNotSilenced(t *testing.T) {
	s := payments(t, quiet()).at("02:06", command("carol", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Zero(t, s.started["silence"])
}

func TestWhoHasAcknowledgedIsNotRungOnForTheOthers(t *testing.T) {
	s := payments(t, bothMust())
	s.rings = "push"
	s.at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:20", command("erin", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
	require.Equal(t, []string{
		"02:01 silence bell of alice by push bells", "02:20 silence bell of erin by push bells",
	}, s.transcript("02:00", "02:30", "silence"))
	require.Equal(t, clock("02:01"), s.pages["INC-1042/alert-1/r0/l0/alice/phone"].Answered)
}
