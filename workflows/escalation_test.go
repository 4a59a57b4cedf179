package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

func TestAnOutageOfAnHourLosesNoPageThatStillMatters(t *testing.T) {
	s := payments(t, quiet())
	s.broken["sms"] = away("02:00", "03:10")
	s.at("03:14", command("bob", incident.AcknowledgeCommand, ack)).at("03:20", stop).play()

	after := s.transcript("03:10", "03:14", "sms")
	require.NotEmpty(t, after, "what still mattered when the outage ended")
	for _, person := range []string{"alice", "bob", "carol", "dave"} {
		n := len(slices.DeleteFunc(slices.Clone(after), func(l string) bool { return !strings.Contains(l, "sms "+person) }))
		require.LessOrEqual(t, n, 1, "one page tells %s enough: %v", person, after)
	}
	require.NotEmpty(t, s.recorded("page.superseded"))
	states := map[incident.PageState]int{}
	for _, p := range s.pages {
		states[p.State]++
		require.NotEqual(t, incident.PageDue, p.State, p.Key)
		require.NotEqual(t, incident.PageFailed, p.State, p.Key)
	}
	require.Greater(t, states[incident.PageSuperseded], 10)
	require.Len(t, s.transcript("02:00", "02:11", "push"), 4, "the others went on: %v", s.transcript("02:00", "02:11"))
}

func TestALaterPageOfAContactTakesThePlaceOfOneThatIsStuck(t *testing.T) {
	s := payments(t, quiet())
	s.broken["push"] = away("02:00", "02:16")
	s.at("02:17", command("bob", incident.AcknowledgeCommand, ack)).at("02:20", stop).play()
	require.Equal(t, []string{"02:16:02 push alice (alert-1)"}, s.transcript("02:15", "02:20", "push alice"))
	require.Equal(t, incident.PageSuperseded, s.pages["INC-1042/alert-1/r0/l0/alice/phone"].State)
	require.Equal(t, incident.PageSent, s.pages["INC-1042/alert-1/r1/l0/alice/phone"].State)
}

// bothMust is a policy whose first level asks alice and erin to acknowledge,
// both of them.
func bothMust() catalog.Policy {
	p := quiet()
	p.Escalation.Levels[0] = oncall.Level{Targets: []oncall.Target{{Person: "alice"}, {Person: "erin"}}, Timeout: 5 * time.Minute, Everyone: true}
	return p
}

func TestEveryoneMustAcknowledge(t *testing.T) {
	s := payments(t, bothMust())
	s.at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:20", command("erin", incident.AcknowledgeCommand, ack)).at("02:30", stop).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)", "02:00 push erin (alert-1)",
		"02:01 tell erin: alice acknowledged INC-1042. You are asked to acknowledge it too.",
		"02:02 sms erin (alert-1)",
	}, s.transcript("02:00", "02:30"), "the first ack stops the escalation, the rest stay paged")
	require.Equal(t, []string{"02:01 erin must acknowledge too."}, s.recorded("everyone.awaited"))
	require.Equal(t, "alice holds it already; you are a responder", s.answers["acknowledge erin 02:20"])
	tta, _ := s.row.TTA()
	require.Equal(t, time.Minute, tta, "the first ack sets the clock")
	require.Equal(t, "alice", s.row.Holder)
	require.Empty(t, s.row.Awaited())
}

func TestWhoMustAcknowledgeTooMayDecline(t *testing.T) {
	s := payments(t, bothMust())
	s.at("02:01", command("alice", incident.AcknowledgeCommand, ack)).
		at("02:01:30", command("erin", incident.DeclineCommand, incident.Decline{Reason: "asleep"})).at("02:30", stop).play()
	require.Empty(t, s.transcript("02:01:30", "02:30", "sms"))
	require.Empty(t, s.recorded("exhausted"))
}

func TestALevelOfBusinessHoursIsLeftOutOutsideOfThem(t *testing.T) {
	p := quiet()
	p.Escalation.Levels[0].During = "business"
	s := payments(t, p)
	s.hours = map[string]string{"business": "it is outside of business"}
	s.at("02:01", command("bob", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Equal(t, []string{"02:00 push bob (alert-1)"}, s.transcript("02:00", "02:10", "push", "sms"))
	require.Equal(t, []string{"02:00 Level 1 (alert-1) is left out: it is outside of business."}, s.recorded("level.skipped"))
}

func TestEachLevelInTurnTakesOneTurnEachTimeItIsWalked(t *testing.T) {
	p := quiet()
	p.Escalation.Repeat = 1
	p.Escalation.Levels[0].RoundRobin = true
	s := payments(t, p).at("02:11", command("alice", incident.AcknowledgeCommand, ack)).at("02:12", stop).play()
	require.Equal(t, []activities.Turn{
		{Of: "payments/0", Key: "INC-1042/alert-1/r0/l0"}, {Of: "payments/0", Key: "INC-1042/alert-1/r1/l0"},
	}, s.turns)
}

func TestPagesThatGoTogetherWaitForTheOthersOutsideTheFirstTask(t *testing.T) {
	s := payments(t, quiet())
	s.crowded = true
	s.at("02:01", command("alice", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Equal(t, []string{"02:00 push alice (alert-1)"}, s.transcript("02:00", "02:10", "push", "sms"))
	require.Empty(t, s.recorded("page.retried"), "nothing has failed")
}

func TestPagesThatGoTogetherDoNotHoldTheEscalation(t *testing.T) {
	s := payments(t, quiet())
	s.crowded = true
	s.broken["push"], s.broken["sms"] = away("02:00", "02:20"), away("02:00", "02:20")
	s.at("02:07", command("bob", incident.AcknowledgeCommand, ack)).at("02:10", stop).play()
	require.Contains(t, s.recorded("level.begun"), "02:05:30 Level 2 (alert-1) pages bob.", "the channels are down, and it goes on")
}

func TestWhoPagesTheHolderFirstTakesTheSameTurns(t *testing.T) {
	p := quiet()
	p.Escalation.Levels[0].RoundRobin = true
	s := payments(t, p).at("02:01", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:02", command("bob", incident.MitigateCommand, mitigate)).
		at("02:03", says(clear("PaymentsFail", "02:00"))).at("02:10", says(fire("PaymentsFail", "02:10"))).
		at("02:17", command("alice", incident.AcknowledgeCommand, ack)).at("02:18", stop).play()
	require.Equal(t, []activities.Turn{
		{Of: "payments/0", Key: "INC-1042/alert-1/r0/l0"}, {Of: "payments/0", Key: "INC-1042/alert-2/r0/l1"},
	}, s.turns)
}

// restful is a policy of which a SEV3 may be snoozed.
func restful() catalog.Policy {
	p := quiet()
	p.Severities[1].Response.Snooze = 2 * time.Hour
	p.Severities[1].Response.StillOnIt = 20 * time.Minute
	return p
}

func until(when string) incident.Snooze {
	return incident.Snooze{Until: clock(when), Reason: "the index is being rebuilt"}
}

func TestWhatStillStandsPagesTheHolderAgainWhenTheSnoozeEnds(t *testing.T) {
	s := payments(t, restful()).at("02:01", command("alice", incident.SnoozeCommand, until("03:00"))).at("03:08", stop).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)",
		"03:00 push alice (alert-2)", "03:02 sms alice (alert-2)",
		"03:05 push alice (alert-2)", "03:07 sms alice (alert-2)",
	}, s.transcript("02:00", "03:08", "push", "sms"), "and escalates, unanswered; still-on-it was not asked")
	require.Equal(t, "you hold it; what still stands pages you again at 2026-01-05 03:00:00 UTC", s.answers["snooze alice 02:01"])
	tta, _ := s.row.TTA()
	require.Equal(t, time.Minute, tta, "to snooze is to acknowledge")
}

func TestASnoozeEndsQuietlyWhenAllHasCleared(t *testing.T) {
	s := payments(t, restful()).at("02:01", command("alice", incident.SnoozeCommand, until("03:00"))).
		at("02:30", says(clear("PaymentsFail", "02:00"))).at("03:08", stop).play()
	require.Empty(t, s.transcript("02:01", "03:08", "push", "sms"))
	require.Len(t, s.transcript("03:00", "03:01", "tell alice"), 1)
}

// of makes an alert one of a service.
func of(service string, a alerts.Alert) alerts.Alert {
	a.Labels["service"] = service
	return a
}

func TestWhatASnoozeDoesNotCoverEndsIt(t *testing.T) {
	s := tell(t, opening(restful()), of("payments", fire("PaymentsFail", "02:00"))).
		at("02:01", command("alice", incident.SnoozeCommand, until("03:00"))).
		at("02:30", says(of("cart", fire("CartFails", "02:30")))).at("02:33", command("alice", incident.AcknowledgeCommand, ack)).
		at("03:15", stop).play()
	require.Equal(t, []string{"02:30 push alice (alert-2)", "02:32 sms alice (alert-2)"}, s.transcript("02:01", "02:50", "push", "sms"))
	require.Empty(t, s.recorded("snooze.ended"), "nothing of the snooze is left")
}

func TestSnoozingIsForThePolicyToAllow(t *testing.T) {
	s := payments(t, restful()).at("02:01", command("alice", incident.SnoozeCommand, until("05:00"))).
		at("02:02", command("alice", incident.SnoozeCommand, until("01:00"))).
		at("02:03", command("alice", incident.SnoozeCommand, incident.Snooze{Until: clock("02:30")})).at("02:04", stop).play()
	require.Equal(t, "refused: SEV3 may be snoozed for 2 h at most", s.answers["snooze alice 02:01"])
	require.Equal(t, "invalid: until: a snooze ends in the future", s.answers["snooze alice 02:02"])
	require.Equal(t, "refused: snoozing needs a reason, for whoever looks at it meanwhile", s.answers["snooze alice 02:03"])

	s = payments(t, quiet()).at("02:01", command("alice", incident.SnoozeCommand, until("02:30"))).at("02:04", stop).play()
	require.Equal(t, "refused: the response policy of SEV3 allows no snooze", s.answers["snooze alice 02:01"])
}
