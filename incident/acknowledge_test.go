package incident_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

func TestAcknowledgingTakesTheIncidentStopsPagingAndTellsEveryoneWhoWasPaged(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	i.NextLevel(s, after(5*time.Minute))
	page(t, i, s, after(5*time.Minute), "bob")
	out := do(t, i, "alice", 6*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, incident.Triaging, i.Phase)
	require.Equal(t, "alice", i.Holder)
	require.Equal(t, "alice", out.Holder)
	require.Empty(t, open(i, incident.ForAlert))
	require.Equal(t, "alice", s.EndedBy)
	require.Equal(t, []string{"bob"}, told(i, "alice acknowledged"))
	tta, ok := i.TTA()
	require.True(t, ok)
	require.Equal(t, 6*time.Minute, tta)
}

func TestAnAckIsStampedAtTheTimeOfTheTap(t *testing.T) {
	for name, test := range map[string]struct {
		tap, applied, want time.Duration
	}{
		"a tap that waited while no worker ran":   {time.Minute, 20 * time.Minute, time.Minute},
		"a tap from a host whose clock is ahead":  {9 * time.Minute, 3 * time.Minute, 3 * time.Minute},
		"a tap from a host whose clock is behind": {-time.Minute, 3 * time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			i := opened(t)
			_, err := i.Acknowledge(by("alice", test.tap), incident.Acknowledge{}, after(test.applied))
			require.NoError(t, err)
			require.Equal(t, after(test.want), i.Stamp(incident.FirstAck))
			require.Empty(t, open(i, incident.ForAlert), "the opening is always known")
		})
	}
}

func TestAnAckCoversWhatWasKnownAtTheTap(t *testing.T) {
	refire := []alerts.Alert{since(firing("a"), 40*time.Minute)}
	for name, test := range map[string]struct {
		tap  time.Duration
		page bool
		open int
	}{
		"tapped before the refire, applied after it": {39 * time.Minute, false, 1},
		"tapped after the refire":                    {41 * time.Minute, false, 0},
		"the refire's own page, from a slow clock":   {39 * time.Minute, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			i := mitigated(t)
			i.TakeAlerts(refire, 0, after(40*time.Minute))
			s := only(t, i, incident.ForAlert)
			page(t, i, s, after(40*time.Minute), "alice")
			ack := incident.Acknowledge{}
			if test.page {
				ack.Page = s.Pages[0].Key
			}
			_, err := i.Acknowledge(by("alice", test.tap), ack, after(42*time.Minute))
			require.NoError(t, err)
			require.Len(t, open(i, incident.ForAlert), test.open)
			require.Equal(t, after(time.Minute), i.Stamp(incident.FirstAck), "the first ack stays the first")
		})
	}
}

func TestASecondPersonWhoAcknowledgesBecomesAResponder(t *testing.T) {
	i := held(t)
	do(t, i, "bob", 2*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, "alice", i.Holder)
	require.Equal(t, []string{"bob"}, i.Responders)
	require.Equal(t, after(time.Minute), i.Stamp(incident.FirstAck))
	do(t, i, "alice", 3*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, "alice", i.Holder)
}

func TestWhoeverAnswersARefireThatTheHolderDoesNotTakesIt(t *testing.T) {
	i := mitigated(t)
	i.TakeAlerts([]alerts.Alert{since(firing("a"), time.Hour)}, 0, after(time.Hour))
	s := only(t, i, incident.ForAlert)
	page(t, i, s, after(time.Hour), "alice")
	i.NextLevel(s, after(65*time.Minute))
	page(t, i, s, after(65*time.Minute), "bob")
	do(t, i, "bob", 66*time.Minute, i.Acknowledge, incident.Acknowledge{Page: s.Pages[1].Key})
	require.Equal(t, "bob", i.Holder)
	require.Equal(t, []string{"alice"}, i.Responders)
	require.Contains(t, told(i, "bob acknowledged"), "alice")
	require.Empty(t, open(i, incident.ForAlert))
}

func TestWhoWasPagedByARefireHearsThatTheHolderAnswered(t *testing.T) {
	i := mitigated(t)
	i.TakeAlerts([]alerts.Alert{since(firing("a"), time.Hour)}, 0, after(time.Hour))
	s := only(t, i, incident.ForAlert)
	page(t, i, s, after(time.Hour), "alice")
	i.NextLevel(s, after(65*time.Minute))
	page(t, i, s, after(65*time.Minute), "carol")
	i.Outbox = incident.Outbox{}
	do(t, i, "alice", 66*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, []string{"carol"}, told(i, "alice acknowledged"))
}

func TestAnAckByPageAnswersWhatThePageAsked(t *testing.T) {
	t.Run("help: joins and nothing else", func(t *testing.T) {
		i := held(t)
		do(t, i, "alice", 2*time.Minute, i.AddResponder, incident.AddResponder{Target: oncall.Target{Person: "dora"}, Reason: "database"})
		s := only(t, i, incident.ForResponder)
		page(t, i, s, after(2*time.Minute), "dora")
		do(t, i, "dora", 3*time.Minute, i.Acknowledge, incident.Acknowledge{Page: s.Pages[0].Key})
		require.Equal(t, []string{"dora"}, i.Responders)
		require.Equal(t, "alice", i.Holder)
		require.False(t, s.Open())
	})
	t.Run("help, while nobody holds it: paging goes on", func(t *testing.T) {
		i := opened(t)
		do(t, i, "zoe", time.Minute, i.AddResponder, incident.AddResponder{Target: oncall.Target{Person: "dora"}})
		s := only(t, i, incident.ForResponder)
		page(t, i, s, after(time.Minute), "dora")
		out := do(t, i, "dora", 2*time.Minute, i.Acknowledge, incident.Acknowledge{Page: s.Pages[0].Key})
		require.Contains(t, out.Text, "nobody holds it yet")
		require.Equal(t, incident.Triggered, i.Phase)
		require.Len(t, open(i, incident.ForAlert), 1)
	})
	t.Run("a broken limit, while nobody holds it: takes it", func(t *testing.T) {
		i := opened(t)
		i.Breach("acknowledge", after(10*time.Minute))
		s := only(t, i, incident.ForBreach)
		page(t, i, s, after(10*time.Minute), "lena")
		do(t, i, "lena", 11*time.Minute, i.Acknowledge, incident.Acknowledge{Page: s.Pages[0].Key})
		require.Equal(t, "lena", i.Holder)
		require.Empty(t, open(i, incident.ForBreach))
	})
	t.Run("a role: accepts it", func(t *testing.T) {
		i := held(t, severity(catalog.SEV2))
		s := only(t, i, incident.ForRole)
		page(t, i, s, after(2*time.Minute), "carl")
		do(t, i, "carl", 3*time.Minute, i.Acknowledge, incident.Acknowledge{Page: s.Pages[0].Key})
		require.Equal(t, "carl", i.Roles[incident.Commander])
		require.Equal(t, "alice", i.Holder)
	})
	t.Run("a role that another accepted meanwhile: refused", func(t *testing.T) {
		i := held(t, severity(catalog.SEV2))
		s := only(t, i, incident.ForRole)
		page(t, i, s, after(2*time.Minute), "carl", "cora")
		do(t, i, "cora", 3*time.Minute, i.AcceptRole, incident.AcceptRole{Role: incident.Commander})
		refused(t, incident.Refused, by("carl", 4*time.Minute), i.Acknowledge, incident.Acknowledge{Page: "INC-7/commander-1/r0/l0/carl/phone"})
		require.Equal(t, "cora", i.Roles[incident.Commander])
	})
	t.Run("still on it: yes", func(t *testing.T) {
		i := held(t)
		i.AskStillOnIt(after(31 * time.Minute))
		s := only(t, i, incident.ForStillOnIt)
		page(t, i, s, after(31*time.Minute), "alice")
		do(t, i, "alice", 32*time.Minute, i.Acknowledge, incident.Acknowledge{Page: s.Pages[0].Key})
		require.Empty(t, open(i, incident.ForStillOnIt))
		require.Equal(t, after(32*time.Minute), i.Heard)
	})
	t.Run("a key of nothing: an ack all the same", func(t *testing.T) {
		for _, key := range []string{"x", "INC-7/", "INC-7/alert", "INC-8/commander-1/r0/l0/a/b", "///"} {
			i := opened(t)
			do(t, i, "alice", time.Minute, i.Acknowledge, incident.Acknowledge{Page: key})
			require.Equal(t, "alice", i.Holder, key)
		}
	})
}

func TestAPageThatCrossedTheAckIsOvertakenAndToldWhoHoldsIt(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	i.NextLevel(s, after(5*time.Minute))
	i.BeginLevel(s, incident.Roster{Reach: []incident.Reach{{Person: "bob", Contact: "phone"}, {Person: "cora", Contact: "phone"}}}, after(5*time.Minute))
	do(t, i, "alice", 5*time.Minute, i.Acknowledge, incident.Acknowledge{})
	i.HandedOver(s, s.Pages[1], after(6*time.Minute), after(6*time.Minute))
	i.Overtaken(s.Pages[2], after(6*time.Minute))
	require.Equal(t, incident.PageOvertaken, s.Pages[1].State)
	require.Equal(t, incident.PageOvertaken, s.Pages[2].State)
	require.Equal(t, []string{"bob", "cora"}, told(i, "alice holds INC-7"))
}

func TestDecliningPassesItOn(t *testing.T) {
	t.Run("one of two: the other is still waited for", func(t *testing.T) {
		i := opened(t)
		s := i.Summons("alert-1")
		i.NextLevel(s, after(5*time.Minute))
		page(t, i, s, after(5*time.Minute), "bob", "cora")
		do(t, i, "bob", 6*time.Minute, i.Decline, incident.Decline{Reason: "on a train"})
		require.False(t, s.Hurry)
		do(t, i, "cora", 6*time.Minute, i.Decline, incident.Decline{})
		require.True(t, s.Hurry, "everyone of the level declined")
	})
	t.Run("nobody asked", func(t *testing.T) {
		i := opened(t)
		refused(t, incident.Refused, by("zoe", time.Minute), i.Decline, incident.Decline{})
	})
	t.Run("the last resort waits its five minutes", func(t *testing.T) {
		i := opened(t)
		s := i.Summons("alert-1")
		s.Level = 2
		page(t, i, s, after(time.Minute), "heidi")
		do(t, i, "heidi", 2*time.Minute, i.Decline, incident.Decline{})
		require.False(t, s.Hurry)
		require.Equal(t, after(time.Minute+incident.RestartAfter), s.Due)
	})
	t.Run("declining to be still on it withdraws the ack", func(t *testing.T) {
		i := held(t)
		i.AskStillOnIt(after(31 * time.Minute))
		s := only(t, i, incident.ForStillOnIt)
		page(t, i, s, after(31*time.Minute), "alice")
		do(t, i, "alice", 32*time.Minute, i.Decline, incident.Decline{})
		require.True(t, s.Hurry)
		i.NextLevel(s, after(32*time.Minute))
		require.Empty(t, i.Holder)
		require.Len(t, open(i, incident.ForAlert), 1)
	})
}

func TestATapThatComesTooLateIsRecorded(t *testing.T) {
	i := opened(t)
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(time.Minute))
	refused(t, incident.Refused, by("alice", 2*time.Minute), i.Acknowledge, incident.Acknowledge{})
	i.Drain()
	i.TooLate(by("alice", 2*time.Minute), "INC-7 is transient", after(3*time.Minute))
	entries := i.Drain()
	require.Len(t, entries, 1)
	require.Equal(t, after(2*time.Minute), entries[0].Occurred)
	require.Equal(t, after(3*time.Minute), entries[0].Recorded)
	require.Contains(t, entries[0].Text, "transient")
}

func ExampleIncident_Acknowledge() {
	o := opening()
	i := incident.New(o)
	i.Begin(o.At)
	out, err := i.Acknowledge(by("alice", time.Minute), incident.Acknowledge{}, after(time.Minute))
	fmt.Println(out.Phase, out.Holder, err)
	// Output: triaging alice <nil>
}

func TestAPageSaysWhatItsButtonDoes(t *testing.T) {
	i := held(t)
	for key, want := range map[string]string{
		"INC-7/alert-1/r0/l0/bob/phone":     "alice holds the incident already; you join as a responder.",
		"INC-7/commander-1/r0/l0/bob/phone": "You accept to be commander.",
		"INC-7/question-1/r0/l0/bob/phone":  "You say that you look at the question; it waits for your answer.",
		"INC-7/responder-1/r0/l0/bob/phone": "You join as a responder; alice holds the incident.",
		"INC-7/breach-1/r0/l0/bob/phone":    "You join as a responder; alice holds the incident.",
		"INC-8/commander-1/r0/l0/bob/phone": "alice holds the incident already; you join as a responder.",
	} {
		require.Equal(t, want, i.Asks(key, "bob", after(time.Hour)), key)
	}
	require.Empty(t, i.Asks("INC-7/breach-1/r0/l0/alice/phone", "alice", after(time.Hour)))
}
