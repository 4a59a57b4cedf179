package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

func TestNobodyAnswersLevelsRoundsLastResortAndFromTheStart(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	var walked []string
	for range 8 {
		switch {
		case i.AtLastResort(s):
			walked = append(walked, "last resort")
		default:
			walked = append(walked, i.Targets(s)[0].Schedule)
		}
		i.NextLevel(s, noon)
	}
	require.Equal(t, []string{
		"shop/primary", "shop/secondary", "shop/primary", "shop/secondary", "last resort",
		"shop/primary", "shop/secondary", "last resort",
	}, walked)
	require.True(t, s.Open(), "it goes on until someone acknowledges")
}

func TestTheLastResortIsNamedPeopleAndRestartsAfterFiveMinutes(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	s.Level = len(s.Levels)
	require.Equal(t, []oncall.Target{{Person: "heidi"}, {Person: "ivan"}}, i.Targets(s))
	page(t, i, s, after(time.Hour), "heidi", "ivan")
	require.Equal(t, after(time.Hour+5*time.Minute), s.Due)
}

func TestALevelsTimeoutCountsFromTheHandOverOfItsPage(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	require.Equal(t, after(5*time.Minute), s.Due)
	i.NextLevel(s, after(5*time.Minute))
	i.BeginLevel(s, incident.Roster{Reach: []incident.Reach{{Person: "bob", Contact: "phone"}, {Person: "bob", Contact: "mail", After: time.Minute}}}, after(5*time.Minute))
	require.Zero(t, s.Due)
	i.HandedOver(s, s.Pages[1], after(7*time.Minute), after(7*time.Minute))
	require.Equal(t, after(17*time.Minute), s.Due)
	i.HandedOver(s, s.Pages[2], after(8*time.Minute), after(8*time.Minute))
	require.Equal(t, after(17*time.Minute), s.Due, "from the first page")
}

func TestABrokenChannelNeverStopsTheEscalation(t *testing.T) {
	reach := []incident.Reach{{Person: "bob", Contact: "phone"}, {Person: "bob", Contact: "mail", After: 20 * time.Minute}}
	level2 := func(t *testing.T) (*incident.Incident, *incident.Summons) {
		i := opened(t)
		s := i.Summons("alert-1")
		i.NextLevel(s, after(5*time.Minute))
		i.BeginLevel(s, incident.Roster{Reach: reach}, after(5*time.Minute))
		return i, s
	}
	t.Run("slow: its timeout runs", func(t *testing.T) {
		i, s := level2(t)
		i.FirstTryFailed(s, s.Pages[1], after(6*time.Minute))
		require.Equal(t, after(16*time.Minute), s.Due)
	})
	t.Run("dead, another one is left: its timeout runs", func(t *testing.T) {
		i, s := level2(t)
		i.Failed(s, s.Pages[1], "no such address", after(6*time.Minute))
		require.False(t, s.Hurry)
		require.Equal(t, after(16*time.Minute), s.Due)
	})
	t.Run("all dead, although an earlier level was reached: the next level at once", func(t *testing.T) {
		i, s := level2(t)
		i.Failed(s, s.Pages[1], "no such address", after(6*time.Minute))
		i.Failed(s, s.Pages[2], "no such address", after(6*time.Minute))
		require.True(t, s.Hurry)
	})
	t.Run("all dead at the last resort: in five minutes, not in a spin", func(t *testing.T) {
		i, s := level2(t)
		s.Level, s.Begun = 2, false
		i.BeginLevel(s, incident.Roster{Reach: reach[:1]}, after(10*time.Minute))
		i.Failed(s, s.Pages[len(s.Pages)-1], "no such address", after(10*time.Minute))
		require.False(t, s.Hurry)
		require.Equal(t, after(15*time.Minute), s.Due)
	})
}

func TestAReceiptMayOvertakeTheHandOver(t *testing.T) {
	i := incident.New(opening())
	i.Begin(noon)
	s := i.Summons("alert-1")
	i.BeginLevel(s, incident.Roster{Reach: []incident.Reach{{Person: "bob", Contact: "mobile"}, {Person: "bob", Contact: "mail", After: 20 * time.Minute}}}, noon)
	first, second := s.Pages[0], s.Pages[1]
	i.Undelivered(first.Key, "the phone is off", after(time.Second))
	require.Equal(t, incident.PageDue, first.State, "whether it was handed over is not known yet")
	i.HandedOver(s, first, noon, after(2*time.Second))
	require.Equal(t, incident.PageFailed, first.State)
	require.Equal(t, "the phone is off", first.Error)
	require.Equal(t, after(2*time.Second), second.Due, "the next rule goes at once")

	i.Undelivered(second.Key, "the box is full", after(time.Minute))
	_, err := i.Acknowledge(by("carol", 2*time.Minute), incident.Acknowledge{}, after(2*time.Minute))
	require.NoError(t, err)
	i.HandedOver(s, second, after(time.Minute), after(3*time.Minute))
	require.Equal(t, incident.PageSent, second.State, "to whom it was meant for an answer that has come, it makes no difference")
}

func TestEmptyLevelsAreSkippedAtOnceAndRecorded(t *testing.T) {
	i := incident.New(opening())
	i.Begin(noon)
	s := i.Summons("alert-1")
	i.BeginLevel(s, incident.Roster{}, noon)
	require.Equal(t, 1, s.Level)
	require.False(t, s.Begun)
	require.Contains(t, kinds(i), "level.empty")
	s.Level = 2
	i.BeginLevel(s, incident.Roster{}, noon)
	require.Equal(t, after(5*time.Minute), s.Due, "not even the last resort: again in five minutes")
}

func TestARuleThatUsesAContactTwiceMakesTwoPages(t *testing.T) {
	i := incident.New(opening())
	i.Begin(noon)
	s := i.Summons("alert-1")
	i.BeginLevel(s, incident.Roster{Reach: []incident.Reach{{Person: "bob", Contact: "phone"}, {Person: "bob", Contact: "phone", After: time.Minute}}}, noon)
	require.Len(t, s.Pages, 2)
	require.Equal(t, "INC-7/alert-1/r0/l0/bob/phone", s.Pages[0].Key)
	require.Equal(t, "INC-7/alert-1/r0/l0/bob/phone/2", s.Pages[1].Key)
	require.Equal(t, []string{"bob"}, s.Present)
	require.Equal(t, after(time.Minute), s.Pages[1].Due)
}

func TestWhatIsSettledIsForgotten(t *testing.T) {
	i := held(t)
	s := i.Summons("alert-1")
	require.Equal(t, after(time.Minute), s.Pages[0].Answered)
	i.Settle(s, s.Pages[0])
	require.Nil(t, i.Summons("alert-1"))
	i.Superseded(&incident.Page{})
}

func TestEscalating(t *testing.T) {
	t.Run("nobody holds it: the next level at once", func(t *testing.T) {
		i := opened(t)
		do(t, i, "alice", time.Minute, i.Escalate, incident.Escalate{Reason: "not mine"})
		require.True(t, only(t, i, incident.ForAlert).Hurry)
	})
	t.Run("somebody holds it: the second level, and whoever answers takes it", func(t *testing.T) {
		i := held(t)
		do(t, i, "alice", 2*time.Minute, i.Escalate, incident.Escalate{Reason: "too much"})
		s := only(t, i, incident.ForAlert)
		require.Equal(t, 1, s.Level)
		require.Equal(t, "alice", i.Holder, "until it is acknowledged")
		page(t, i, s, after(2*time.Minute), "bob")
		do(t, i, "bob", 3*time.Minute, i.Acknowledge, incident.Acknowledge{})
		require.Equal(t, "bob", i.Holder)
	})
	t.Run("one level, or none", func(t *testing.T) {
		for _, levels := range [][]oncall.Level{policy().Escalation.Levels[:1], nil} {
			i := held(t, func(o *incident.Opening) { o.Policy.Escalation.Levels = levels })
			do(t, i, "alice", 2*time.Minute, i.Escalate, incident.Escalate{})
			require.Zero(t, only(t, i, incident.ForAlert).Level)
		}
	})
	t.Run("what is held is paged", func(t *testing.T) {
		i := opened(t, func(o *incident.Opening) { o.Policy.Hold = time.Hour })
		do(t, i, "zoe", time.Minute, i.Escalate, incident.Escalate{})
		require.Zero(t, only(t, i, incident.ForAlert).Level)
		i.EndHold(after(time.Hour))
		require.Len(t, open(i, incident.ForAlert), 1)
	})
}

func TestReassigningIsAnOfferUntilItIsAccepted(t *testing.T) {
	team := incident.Reassign{To: oncall.Target{Team: "platform"}, Reason: "it is the network"}
	t.Run("whoever was reached of a team accepts", func(t *testing.T) {
		i := held(t)
		do(t, i, "alice", 2*time.Minute, i.Reassign, team)
		require.Equal(t, "alice", i.Holder)
		require.Equal(t, []incident.Offer{{Role: incident.Holder, To: "team platform", By: "alice", At: after(2 * time.Minute)}}, i.Offers)
		s := only(t, i, incident.ForRole)
		page(t, i, s, after(2*time.Minute), "pat", "pia")
		refused(t, incident.Refused, by("zoe", 3*time.Minute), i.AcceptRole, incident.AcceptRole{Role: incident.Holder})
		do(t, i, "pia", 3*time.Minute, i.Acknowledge, incident.Acknowledge{Page: s.Pages[1].Key})
		require.Equal(t, "pia", i.Holder)
		require.Equal(t, []string{"alice"}, i.Responders)
		require.Contains(t, told(i, "pia acknowledged"), "alice")
		require.Empty(t, i.Offers)
		require.Equal(t, after(time.Minute), i.Stamp(incident.FirstAck))
	})
	t.Run("accepting what nobody held is the ack", func(t *testing.T) {
		i := opened(t)
		do(t, i, "zoe", time.Minute, i.Reassign, team)
		page(t, i, only(t, i, incident.ForRole), after(time.Minute), "pat")
		do(t, i, "pat", 2*time.Minute, i.AcceptRole, incident.AcceptRole{Role: incident.Holder})
		require.Equal(t, incident.Triaging, i.Phase)
		require.Empty(t, open(i, incident.ForAlert))
		require.NotZero(t, i.Stamp(incident.FirstAck))
	})
	t.Run("declined: the offer ends and who made it hears", func(t *testing.T) {
		i := held(t)
		do(t, i, "alice", 2*time.Minute, i.Reassign, incident.Reassign{To: oncall.Target{Person: "pat"}, Reason: "x"})
		s := only(t, i, incident.ForRole)
		page(t, i, s, after(2*time.Minute), "pat")
		do(t, i, "pat", 3*time.Minute, i.Decline, incident.Decline{})
		require.True(t, s.Hurry)
		i.NextLevel(s, after(3*time.Minute))
		require.False(t, s.Open(), "nobody is asked twice after a no")
		require.Equal(t, []string{"alice"}, told(i, "Nobody answered"))
		require.Equal(t, "alice", i.Holder)
		require.Empty(t, i.Offers)
	})
	t.Run("unanswered: asked twice, then it ends", func(t *testing.T) {
		i := held(t)
		do(t, i, "alice", 2*time.Minute, i.Reassign, incident.Reassign{To: oncall.Target{Person: "pat"}, Reason: "x"})
		s := only(t, i, incident.ForRole)
		i.NextLevel(s, after(7*time.Minute))
		require.True(t, s.Open())
		i.NextLevel(s, after(12*time.Minute))
		require.False(t, s.Open())
	})
	t.Run("bad ones", func(t *testing.T) {
		i := held(t)
		h := by("alice", 2*time.Minute)
		require.Equal(t, []string{"reason"}, refused(t, incident.Refused, h, i.Reassign, incident.Reassign{To: oncall.Target{Person: "pat"}}))
		refused(t, incident.Invalid, h, i.Reassign, incident.Reassign{Reason: "x"})
		refused(t, incident.Invalid, h, i.Reassign, incident.Reassign{To: oncall.Target{Person: "pat", Team: "x"}, Reason: "x"})
		refused(t, incident.Refused, h, i.Reassign, incident.Reassign{To: oncall.Target{Person: "alice"}, Reason: "x"})
	})
}

func TestACommanderIsPagedUntilOneAcceptsAndTheHolderActsMeanwhile(t *testing.T) {
	i := held(t, severity(catalog.SEV2))
	s := only(t, i, incident.ForRole)
	require.Equal(t, "alice", i.ActingCommander())
	page(t, i, s, after(time.Minute), "carl")
	for range 2 {
		i.NextLevel(s, after(6*time.Minute))
	}
	require.True(t, s.Open())
	require.Equal(t, after(11*time.Minute), s.Due, "a pause, and again")
	do(t, i, "alice", 7*time.Minute, i.AssignRole, incident.AssignRole{Role: incident.Commander, Person: "dan"})
	require.Len(t, open(i, incident.ForRole), 2, "the source is asked on")
	page(t, i, open(i, incident.ForRole)[1], after(7*time.Minute), "dan")
	do(t, i, "dan", 8*time.Minute, i.AcceptRole, incident.AcceptRole{Role: incident.Commander})
	require.Equal(t, "dan", i.ActingCommander())
	require.Empty(t, open(i, incident.ForRole))
	require.Empty(t, i.Offers)
	require.Equal(t, []string{"alice"}, told(i, "dan is now commander"))
	refused(t, incident.Refused, by("alice", 9*time.Minute), i.AssignRole, incident.AssignRole{Role: incident.Commander, Person: "dan"})
}

func TestOtherSourcesOfACommander(t *testing.T) {
	i := held(t, severity(catalog.SEV2), func(o *incident.Opening) {
		o.Policy.Severities[1].Response.Commander = catalog.Commander{Required: true, Source: catalog.FirstResponder}
	})
	require.Equal(t, "alice", i.Roles[incident.Commander])
	i = held(t, severity(catalog.SEV2), func(o *incident.Opening) {
		o.Policy.Severities[1].Response.Commander = catalog.Commander{Required: true, Source: catalog.Secondary}
	})
	require.Equal(t, "shop/secondary", only(t, i, incident.ForRole).Levels[0].Targets[0].Schedule)
}

func TestRolesOfPeople(t *testing.T) {
	i := held(t)
	do(t, i, "zoe", 2*time.Minute, i.AssignRole, incident.AssignRole{Role: incident.Scribe, Person: "zoe"})
	do(t, i, "bob", 2*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.Equal(t, incident.Scribe, i.RoleOf("zoe"))
	require.Equal(t, incident.Holder, i.RoleOf("alice"))
	require.Equal(t, incident.Responder, i.RoleOf("bob"))
	require.Empty(t, i.RoleOf("nobody"))
	refused(t, incident.Invalid, by("zoe", 3*time.Minute), i.AssignRole, incident.AssignRole{Role: "boss", Person: "zoe"})
	refused(t, incident.Invalid, by("zoe", 3*time.Minute), i.AssignRole, incident.AssignRole{Role: incident.Scribe})
}

func TestHelpThatNobodyGivesIsReported(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.AddResponder, incident.AddResponder{Target: oncall.Target{Person: "dora"}, Reason: "database"})
	s := only(t, i, incident.ForResponder)
	i.NextLevel(s, after(7*time.Minute))
	i.NextLevel(s, after(12*time.Minute))
	require.Equal(t, []string{"alice"}, told(i, "Nobody answered: alice asks for your help: database"))
}

func TestWhomALevelNamesAndWhy(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	require.Empty(t, i.Named(s), "the policy says so itself")
	s.Level = len(s.Levels)
	require.Equal(t, "of the last resort", i.Named(s))

	i = held(t)
	one := []oncall.Level{{Targets: []oncall.Target{{Person: "cora"}}}}
	for why, s := range map[string]*incident.Summons{
		"holds " + i.Number:                {Kind: incident.ForStillOnIt, Levels: []oncall.Level{{Targets: []oncall.Target{{Person: i.Holder}}}}},
		"offered the role of scribe":       {Kind: incident.ForRole, Subject: "scribe", Levels: one},
		"called by bob":                    {Kind: incident.ForResponder, By: "bob", Levels: one},
		"one of those who may answer":      {Kind: incident.ForQuestion, Levels: one},
		"a lead of the team, or commander": {Kind: incident.ForBreach, Levels: one},
		"":                                 {Kind: incident.ForResponder, Levels: one},
	} {
		require.Equal(t, why, i.Named(s))
	}
}
