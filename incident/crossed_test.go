package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// due begins the present level of a summons, and hands nothing over.
func due(i *incident.Incident, s *incident.Summons, at time.Duration, people ...string) []*incident.Page {
	before := len(s.Pages)
	var reach []incident.Reach
	for _, p := range people {
		reach = append(reach, incident.Reach{Person: p, Reason: "on call", Contact: "phone", Kind: "push"})
	}
	i.BeginLevel(s, incident.Roster{Reach: reach}, after(at))
	return s.Pages[before:]
}

func TestWhoeverIsPagedAnewIsNotToldThatNoAnswerIsNeeded(t *testing.T) {
	i := opened(t, func(o *incident.Opening) { o.Urgency, o.Severity = catalog.Ordinary, catalog.SEV4 })
	i.NextLevel(i.Summons("alert-1"), after(time.Minute))
	flying := due(i, i.Summons("alert-1"), time.Minute, "bob")[0]
	worse := label(firing("b"), "severity", "critical")
	i.TakeAlerts([]alerts.Alert{worse}, 0, after(2*time.Minute))
	require.False(t, i.Summons("alert-1").Open(), "what has become more urgent starts anew")
	i.Overtaken(flying, after(2*time.Minute))
	require.Empty(t, told(i, "needs no answer"), "it is being paged still")
}

func TestWhomAPageReachesAfterItsAnswerIsToldWhoAnswered(t *testing.T) {
	i := opened(t)
	do(t, i, "alice", time.Minute, i.AddResponder, incident.AddResponder{Target: oncall.Target{Team: "platform"}})
	s := only(t, i, incident.ForResponder)
	pages := due(i, s, time.Minute, "bob", "carol")
	i.HandedOver(s, pages[0], after(time.Minute), after(time.Minute))
	do(t, i, "bob", 2*time.Minute, i.Acknowledge, incident.Acknowledge{Page: pages[0].Key})
	i.HandedOver(s, pages[1], after(3*time.Minute), after(3*time.Minute))
	require.Equal(t, incident.PageOvertaken, pages[1].State)
	require.Empty(t, told(i, "it is triggered"), "the incident itself is being paged")
	require.Contains(t, told(i, "bob answered"), "carol")
}

// The mail is with the server, the person answers by the button on their phone,
// and only then the hand-over of the mail is heard of.
func TestAnAnswerThatIsFasterThanTheNewsOfAHandOverAnswersThatPageToo(t *testing.T) {
	i := opened(t)
	do(t, i, "alice", time.Minute, i.AddResponder, incident.AddResponder{Target: oncall.Target{Person: "bob"}})
	s := only(t, i, incident.ForResponder)
	pages := due(i, s, time.Minute, "bob", "bob")
	i.HandedOver(s, pages[0], after(time.Minute), after(time.Minute))
	do(t, i, "bob", 2*time.Minute, i.Acknowledge, incident.Acknowledge{Page: pages[0].Key})
	i.HandedOver(s, pages[1], after(90*time.Second), after(3*time.Minute))
	require.Equal(t, incident.PageSent, pages[1].State)
	require.Equal(t, after(2*time.Minute), pages[1].Answered)
}

// While the engine is away an answer waits to be heard: what is handed over in
// the meantime comes after it.
func TestWhatIsHandedOverAfterTheTapIsOvertaken(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	pages := due(i, s, 0, "alice", "bob")
	i.HandedOver(s, pages[0], after(time.Second), after(time.Second))
	i.HandedOver(s, pages[1], after(70*time.Second), after(70*time.Second))
	_, err := i.Acknowledge(by("alice", time.Minute), incident.Acknowledge{Page: pages[0].Key}, after(2*time.Minute))
	require.NoError(t, err)
	require.Equal(t, incident.PageSent, pages[0].State)
	require.Equal(t, after(time.Minute), pages[0].Answered, "when it was tapped")
	require.Equal(t, incident.PageOvertaken, pages[1].State)
	require.Contains(t, told(i, "alice acknowledged"), "bob")
}

// Carol's answer is heard last, and was given before bob was even paged.
func TestAnAnsweredPageStaysAnswered(t *testing.T) {
	i := opened(t, func(o *incident.Opening) { o.Policy.Escalation.Levels[0].Everyone = true })
	s := i.Summons("alert-1")
	pages := due(i, s, 0, "alice", "bob", "carol")
	i.HandedOver(s, pages[0], after(time.Second), after(time.Second))
	i.HandedOver(s, pages[2], after(time.Second), after(time.Second))
	do(t, i, "alice", time.Minute, i.Acknowledge, incident.Acknowledge{Page: pages[0].Key})
	i.HandedOver(s, pages[1], after(3*time.Minute), after(3*time.Minute))
	do(t, i, "bob", 4*time.Minute, i.Acknowledge, incident.Acknowledge{Page: pages[1].Key})
	mail := &incident.Page{Key: pages[1].Key + "/2", Person: "bob", State: incident.PageDue}
	s.Pages = append(s.Pages, mail)
	i.HandedOver(s, mail, after(210*time.Second), after(250*time.Second))
	require.Equal(t, incident.PageSent, mail.State, "bob had it before he answered, and alice had before that")
	require.Equal(t, after(4*time.Minute), mail.Answered)
	_, err := i.Acknowledge(by("carol", 2*time.Minute), incident.Acknowledge{Page: pages[2].Key}, after(5*time.Minute))
	require.NoError(t, err)
	require.False(t, s.Open())
	for n, minute := range []time.Duration{1, 4, 2} {
		require.Equal(t, incident.PageSent, pages[n].State, pages[n].Key)
		require.Equal(t, after(minute*time.Minute), pages[n].Answered, pages[n].Key)
	}
}

// The clock of the host that took the tap is behind.
func TestNoPageIsAnsweredBeforeItWasHandedOver(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	page := due(i, s, 0, "alice")[0]
	i.HandedOver(s, page, after(time.Minute), after(time.Minute))
	_, err := i.Acknowledge(by("alice", time.Second), incident.Acknowledge{Page: page.Key}, after(2*time.Minute))
	require.NoError(t, err)
	require.Equal(t, incident.PageSent, page.State)
	require.Equal(t, after(time.Minute), page.Answered)
}

// bothOf opens an incident whose second level asks bob and carol, both of them.
func bothOf(t *testing.T) (*incident.Incident, *incident.Summons) {
	t.Helper()
	i := opened(t, func(o *incident.Opening) { o.Policy.Escalation.Levels[1].Everyone = true })
	s := only(t, i, incident.ForAlert)
	i.NextLevel(s, after(5*time.Minute))
	return i, s
}

func TestAPageThatCrossesTheFirstOfSeveralAcksIsOvertaken(t *testing.T) {
	i, s := bothOf(t)
	late := &incident.Page{Key: "INC-7/alert-1/r0/l0/dora/phone", Summons: s.ID, Person: "dora", Kind: "push", State: incident.PageDue}
	s.Pages = append(s.Pages, late)
	pages := due(i, s, 5*time.Minute, "bob", "carol")
	i.HandedOver(s, pages[0], after(5*time.Minute), after(5*time.Minute))
	do(t, i, "bob", 6*time.Minute, i.Acknowledge, incident.Acknowledge{})
	require.False(t, s.Wants(late), "the escalation is over")
	require.True(t, s.Wants(pages[1]), "carol must acknowledge too")

	i.HandedOver(s, late, after(7*time.Minute), after(7*time.Minute))
	require.Equal(t, incident.PageOvertaken, late.State)
	require.Contains(t, told(i, "bob holds INC-7"), "dora", "whom the page reaches hears who acknowledged")
	i.HandedOver(s, pages[1], after(7*time.Minute), after(7*time.Minute))
	require.Equal(t, incident.PageSent, pages[1].State)
}

func TestAPlainAckAnswersWhateverAsksThisPerson(t *testing.T) {
	t.Run("for help", func(t *testing.T) {
		i := held(t)
		do(t, i, "alice", 2*time.Minute, i.AddResponder, incident.AddResponder{Target: oncall.Target{Person: "bob"}, Reason: "the index"})
		page(t, i, only(t, i, incident.ForResponder), after(2*time.Minute), "bob")
		do(t, i, "bob", 3*time.Minute, i.Acknowledge, incident.Acknowledge{})
		require.Empty(t, open(i, incident.ForResponder), "nobody is paged on about what they acknowledged")
		require.Equal(t, "alice", i.Holder)
		require.Contains(t, i.Responders, "bob")
	})
	t.Run("to take over", func(t *testing.T) {
		i := held(t)
		i.HandedOff(incident.HandOff{Rotation: "shop/primary", At: after(time.Hour), Outgoing: []string{"alice"}, Incoming: "bob"}, after(time.Hour))
		page(t, i, only(t, i, incident.ForRole), after(time.Hour), "bob")
		do(t, i, "bob", 61*time.Minute, i.Acknowledge, incident.Acknowledge{})
		require.Empty(t, open(i, incident.ForRole))
		require.Equal(t, "bob", i.Holder)
		require.Contains(t, told(i, "bob acknowledged"), "alice")
	})
	t.Run("but not to command", func(t *testing.T) {
		i := held(t)
		_, err := i.AssignRole(chief("alice", 2*time.Minute), incident.AssignRole{Role: incident.Commander, Person: "bob"}, after(2*time.Minute))
		require.NoError(t, err)
		page(t, i, only(t, i, incident.ForRole), after(2*time.Minute), "bob")
		do(t, i, "bob", 3*time.Minute, i.Acknowledge, incident.Acknowledge{})
		require.Len(t, open(i, incident.ForRole), 1)
	})
}

func TestAnAckThatDoesNotCoverAllSaysSo(t *testing.T) {
	i := opened(t)
	i.TakeAlerts([]alerts.Alert{label(firing("b"), "service", "cart")}, 0, after(2*time.Minute))
	require.Len(t, open(i, incident.ForAlert), 1)
	out, err := i.Acknowledge(by("alice", time.Minute), incident.Acknowledge{}, after(3*time.Minute))
	require.NoError(t, err)
	require.Len(t, open(i, incident.ForAlert), 1, "a newly affected service is not covered")
	require.Equal(t, "you hold it, but what has come up since still pages", out.Text)
}

func TestWhatPagesNobodyBreaksNoLimitOnAcknowledging(t *testing.T) {
	o := opening()
	o.Urgency = catalog.NotPaged
	i := incident.New(o)
	i.TakeAlerts([]alerts.Alert{label(firing("a"), "severity", "info")}, 0, noon)
	i.Begin(noon)
	require.Empty(t, open(i, incident.ForAlert))
	_, at := i.NextLimit()
	require.Zero(t, at, "nobody was told, so nobody is late")
	do(t, i, "alice", time.Minute, i.Acknowledge, incident.Acknowledge{})
	limit, at := i.NextLimit()
	require.Equal(t, "mitigate", limit)
	require.Equal(t, after(time.Minute+time.Hour), at)
}

func TestAWebhookAnswersNothingAndStartsNoTimeout(t *testing.T) {
	i := incident.New(opening())
	i.Begin(noon)
	s := only(t, i, incident.ForAlert)
	reach := []incident.Reach{
		{Person: "webhook:wall", Contact: "webhook", Kind: "webhook"}, {Person: "alice", Contact: "phone", Kind: "push", After: 8 * time.Hour},
	}
	i.BeginLevel(s, incident.Roster{Reach: reach}, noon)
	i.HandedOver(s, s.Pages[0], noon, noon)
	require.Zero(t, s.Due, "alice was not paged yet")
	i.HandedOver(s, s.Pages[1], after(8*time.Hour), after(8*time.Hour))
	require.Equal(t, after(8*time.Hour+5*time.Minute), s.Due)

	s.Pages = nil
	i.NextLevel(s, after(9*time.Hour))
	i.BeginLevel(s, incident.Roster{Reach: reach[:1]}, after(9*time.Hour))
	i.HandedOver(s, s.Pages[0], after(9*time.Hour), after(9*time.Hour))
	require.Equal(t, after(9*time.Hour+10*time.Minute), s.Due, "where there is nobody else, it does")
}

func TestWhatClearsWhileItIsMergedIsNotLeftBehindAsFiring(t *testing.T) {
	from, into := numbered("INC-8", catalog.SEV4, "b"), numbered("INC-7", catalog.SEV3, "a")
	asked(t, from, "heidi", time.Minute, incident.MergeInto{Into: "INC-7", Reason: "one cause"})
	told, _ := from.Parting()
	into.Absorb(told, after(time.Minute))
	from.TakeAlerts([]alerts.Alert{cleared("b")}, 0, after(2*time.Minute))
	require.Equal(t, incident.Triggered, from.Phase, "the other one must hear of it first")
	require.Empty(t, handOver(from, into, after(3*time.Minute)))
	require.Equal(t, incident.Merged, from.Phase)
	require.Equal(t, 1, into.Counts.Firing)
}

func TestWhatClearedWhileAMergeWasRefusedEndsThen(t *testing.T) {
	i := numbered("INC-8", catalog.SEV4, "b")
	asked(t, i, "heidi", time.Minute, incident.MergeInto{Into: "INC-7", Reason: "one cause"})
	i.TakeAlerts([]alerts.Alert{cleared("b")}, 0, after(2*time.Minute))
	i.NotMerged("INC-7 is closed", after(3*time.Minute))
	require.Equal(t, incident.Transient, i.Phase)
}

func TestAPageWhoseSummonsGoesOnIsNotAnswered(t *testing.T) {
	i := incident.New(opening())
	i.Begin(noon)
	s := i.Summons("alert-1")
	i.BeginLevel(s, incident.Roster{Reach: []incident.Reach{{Person: "alice", Contact: "phone", Kind: "push"}}}, noon)
	p := s.Pages[0]
	i.FirstTryFailed(s, p, noon)
	s.Caused = after(30 * time.Second) // more came up
	h := by("alice", 20*time.Second)
	h.Via = incident.ViaLink
	_, err := i.Acknowledge(h, incident.Acknowledge{Page: p.Key}, after(31*time.Second))
	require.NoError(t, err)
	require.True(t, s.Wants(p), "it is paged on")
	require.Zero(t, p.Answered)
}

// The provider's answer to the first hand-over was lost, so the page is due
// still when its link comes back. What is handed over once more before the
// answer is heard of came either before or after the tap.
func TestAPageThatIsHandedOverAfterItsLinkWasUsedIsOvertaken(t *testing.T) {
	i := opened(t)
	p := due(i, i.Summons("alert-1"), 0, "alice")[0]
	h := by("alice", 20*time.Second)
	h.Via = incident.ViaLink
	_, err := i.Acknowledge(h, incident.Acknowledge{Page: p.Key}, after(20*time.Second))
	require.NoError(t, err)
	require.Equal(t, after(20*time.Second), p.Answered, "they have it")

	early := *p
	i.HandedOver(i.Summons("alert-1"), &early, after(10*time.Second), after(25*time.Second))
	require.Equal(t, incident.PageSent, early.State)
	require.Equal(t, after(20*time.Second), early.Answered)

	i.HandedOver(i.Summons("alert-1"), p, after(22*time.Second), after(25*time.Second))
	require.Equal(t, incident.PageOvertaken, p.State)
	require.Zero(t, p.Answered)
}
