package incident_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// numbered opens an incident with a number, whose alert fires.
func numbered(number string, severity catalog.Level, fingerprint string) *incident.Incident {
	o := opening()
	o.Number, o.Severity, o.Urgency, o.Key = number, severity, catalog.Urgent, number
	i := incident.New(o)
	i.TakeAlerts([]alerts.Alert{firing(fingerprint)}, 0, noon)
	i.Begin(noon)
	return i
}

// merge hands everything of one incident over to another, as their workflows
// do, and returns why that was refused.
func merge(t *testing.T, by string, from, into *incident.Incident, at time.Duration) string {
	t.Helper()
	_, err := from.MergeInto(chief(by, at), incident.MergeInto{Into: into.Number, Reason: "one cause"}, after(at))
	require.NoError(t, err)
	return handOver(from, into, after(at))
}

// asked has somebody ask for a merge.
func asked(t *testing.T, i *incident.Incident, person string, at time.Duration, c incident.MergeInto) {
	t.Helper()
	_, err := i.MergeInto(chief(person, at), c, after(at))
	require.NoError(t, err)
}

// chief is somebody who may merge.
func chief(person string, at time.Duration) incident.Header {
	return by(person, at, catalog.Administrator)
}

// handOver plays the two workflows until nothing is owed.
func handOver(from, into *incident.Incident, now time.Time) string {
	for from.Outbox.Merge != nil {
		told, changed := from.Parting()
		if m := from.Outbox.Merge; !changed && m.Taken == m.Ordinal {
			from.Merge(m.Into, now)
			return ""
		}
		into.Absorb(told, now)
		for _, a := range append([]incident.Absorption{}, into.Outbox.Absorptions...) {
			into.Told(a)
			from.Answered(a, now)
			if a.Why != "" {
				return a.Why
			}
		}
	}
	return ""
}

func TestMergeTakesTheWorstOfBoth(t *testing.T) {
	for name, c := range map[string]struct {
		into, from             catalog.Level
		confirmInto, confirm   bool
		severity, highest      catalog.Level
		provisional            bool
		urgency, wasInto, came catalog.Urgency
	}{
		"a worse one":                   {into: "SEV3", from: "SEV1", severity: "SEV1", provisional: true, urgency: catalog.Urgent},
		"a milder one":                  {into: "SEV2", from: "SEV4", severity: "SEV2", provisional: true, urgency: catalog.Urgent},
		"equal, one confirmed":          {into: "SEV3", from: "SEV3", confirm: true, severity: "SEV3", highest: "SEV3", urgency: catalog.Urgent},
		"worse than what was confirmed": {into: "SEV3", from: "SEV1", confirmInto: true, severity: "SEV1", highest: "SEV3", provisional: true, urgency: catalog.Urgent},
		"a worse one that is confirmed": {into: "SEV4", from: "SEV2", confirm: true, severity: "SEV2", highest: "SEV2", urgency: catalog.Urgent},
		"the higher urgency":            {into: "SEV3", from: "SEV3", severity: "SEV3", provisional: true, wasInto: catalog.Ordinary, came: catalog.Urgent, urgency: catalog.Urgent},
		"the lower urgency":             {into: "SEV3", from: "SEV3", severity: "SEV3", provisional: true, wasInto: catalog.Urgent, came: catalog.Ordinary, urgency: catalog.Urgent},
	} {
		t.Run(name, func(t *testing.T) {
			into, from := numbered("INC-1", c.into, "a"), numbered("INC-2", c.from, "b")
			if c.confirmInto {
				into.Provisional, into.Highest = false, c.into
			}
			if c.confirm {
				from.Provisional, from.Highest = false, c.from
			}
			if c.wasInto != "" {
				into.Urgency, from.Urgency = c.wasInto, c.came
			}
			require.Empty(t, merge(t, "heidi", from, into, time.Minute))
			require.Equal(t, incident.Merged, from.Phase)
			require.Equal(t, "INC-1", from.Into)
			require.Equal(t, c.severity, into.Severity)
			require.Equal(t, c.highest, into.Highest)
			require.Equal(t, c.provisional, into.Provisional)
			require.Equal(t, c.urgency, into.Urgency)
		})
	}
}

func TestMergeTakesOverEverything(t *testing.T) {
	into, from := numbered("INC-1", "SEV3", "a"), numbered("INC-2", "SEV3", "b")
	into.Clocks.Stamps[incident.TriggeredAt] = after(10 * time.Minute)
	from.Clocks.Stamps[incident.ImpactStarted] = after(-time.Hour)
	do(t, from, "bob", 11*time.Minute, from.Acknowledge, incident.Acknowledge{})
	do(t, from, "bob", 11*time.Minute, from.AddLink, incident.AddLink{Title: "graph", URL: "https://example.org/g"})
	do(t, from, "bob", 11*time.Minute, from.AddFollowUp, incident.AddFollowUp{Title: "add an index"})
	do(t, from, "bob", 11*time.Minute, from.AddFollowUp, incident.AddFollowUp{Title: "done already"})
	do(t, from, "bob", 11*time.Minute, from.CompleteFollowUp, incident.CompleteFollowUp{ID: "2"})
	do(t, into, "alice", 11*time.Minute, into.AddFollowUp, incident.AddFollowUp{Title: "its own"})
	from.Ticketed(incident.TicketRef{ID: "9", Key: "SHOP-9"}, map[string]incident.TicketRef{"1": {ID: "10", Key: "SHOP-10"}})
	from.TakeAlerts([]alerts.Alert{label(firing("b2"), "service", "cart")}, 3, after(11*time.Minute))
	from.Responders = append(from.Responders, "carol")
	from.Roles = map[incident.Role]string{incident.Commander: "erin", incident.Scribe: "dave"}

	require.Empty(t, merge(t, "heidi", from, into, 12*time.Minute))
	require.Equal(t, noon, into.Stamp(incident.TriggeredAt), "the earlier trigger")
	require.Equal(t, after(-time.Hour), into.Stamp(incident.ImpactStarted))
	require.Len(t, into.Alerts, 3)
	require.Equal(t, incident.Counts{Alerts: 3, Firing: 3, More: 3}, into.Counts)
	require.Contains(t, into.Affected, "cart")
	require.Equal(t, "graph", into.Links[0].Title)
	require.Len(t, into.FollowUps, 2, "only what is open goes along")
	require.Equal(t, "2", into.FollowUps[1].ID)
	require.Equal(t, "INC-2/1", into.FollowUps[1].From)
	require.Equal(t, "SHOP-10", into.FollowUps[1].Ticket.Key)
	require.Equal(t, incident.FollowUpMoved, from.FollowUps[0].State)
	require.Equal(t, incident.FollowUpDone, from.FollowUps[1].State)
	require.Equal(t, []string{"bob", "erin", "carol", "dave"}, into.Responders)
	require.Equal(t, "erin", into.Roles[incident.Commander])
	require.True(t, into.HoldsKey)
	require.True(t, into.MoreKeys)
	require.Equal(t, []string{"bob", "carol", "erin", "dave"}, told(from, "INC-2 is part of INC-1 (one cause): go on there."))
	require.True(t, has(kinds(into), "absorbed"))
	require.False(t, from.InMeans())
}

// TestMergePagesOnUnlessTheAckCoversBoth is whom a merge pages, by who holds
// what and who merges.
func TestMergePagesOnUnlessTheAckCoversBoth(t *testing.T) {
	const nobody = ""
	for _, c := range []struct {
		name               string
		into, from, merger string
		// paged says whether the escalation of the one that goes on is open
		// afterwards, and told who hears of it by a notice.
		paged bool
		told  []string
	}{
		{"neither is acknowledged", nobody, nobody, "heidi", true, nil},
		{"only the other is acknowledged", nobody, "bob", "heidi", true, nil},
		{"its holder merges", "alice", nobody, "alice", false, nil},
		{"its holder holds both", "alice", "alice", "heidi", false, nil},
		{"its holder holds both and merges", "alice", "alice", "alice", false, nil},
		{"somebody else holds the other", "alice", "bob", "heidi", false, []string{"alice"}},
		{"who holds the other merges", "alice", "bob", "bob", false, []string{"alice"}},
		{"nobody holds the other", "alice", nobody, "heidi", true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			into, from := numbered("INC-1", "SEV3", "a"), numbered("INC-2", "SEV3", "b")
			for i, holder := range map[*incident.Incident]string{into: c.into, from: c.from} {
				if holder != nobody {
					do(t, i, holder, time.Minute, i.Acknowledge, incident.Acknowledge{})
				}
			}
			require.Empty(t, merge(t, c.merger, from, into, 2*time.Minute))
			require.Equal(t, c.into, into.Holder)
			require.Equal(t, c.paged, len(open(into, incident.ForAlert)) == 1)
			require.Equal(t, c.told, told(into, "merged INC-2 into INC-1: one cause"))
			require.Empty(t, open(from, incident.ForAlert), "and paging for the other ends")
			if c.paged && c.into != nobody {
				s := only(t, into, incident.ForAlert)
				require.Equal(t, c.into, s.Levels[0].Targets[0].Person, "the holder is paged first, and unanswered it escalates")
				require.Len(t, s.Levels, 3)
			}
		})
	}
}

func TestMergeEscalatesAnewWhenItIsMoreUrgent(t *testing.T) {
	into, from := numbered("INC-1", "SEV4", "a"), numbered("INC-2", "SEV4", "b")
	into.Urgency = catalog.Ordinary
	before := only(t, into, incident.ForAlert)
	page(t, into, before, noon, "bob")
	into.NextLevel(before, after(5*time.Minute))
	require.Empty(t, merge(t, "heidi", from, into, 6*time.Minute))
	now := only(t, into, incident.ForAlert)
	require.NotEqual(t, before.ID, now.ID)
	require.Zero(t, now.Level)
	require.Equal(t, catalog.Urgent, now.Urgency)

	into, from = numbered("INC-3", "SEV4", "a"), numbered("INC-4", "SEV4", "b")
	before = only(t, into, incident.ForAlert)
	page(t, into, before, noon, "bob")
	into.NextLevel(before, after(5*time.Minute))
	require.Empty(t, merge(t, "heidi", from, into, 6*time.Minute))
	now = only(t, into, incident.ForAlert)
	require.Equal(t, before.ID, now.ID, "else it goes on where it is")
	require.Equal(t, 1, now.Level)
	require.Equal(t, after(6*time.Minute), now.Caused, "and an earlier tap does not cover what came")
	do(t, into, "bob", 5*time.Minute, into.Acknowledge, incident.Acknowledge{})
	require.Len(t, open(into, incident.ForAlert), 1)
}

func TestMergeIntoWhatIsOverInPart(t *testing.T) {
	mitigated := func(number string) *incident.Incident {
		i := numbered(number, "SEV4", "a")
		do(t, i, "alice", time.Minute, i.Acknowledge, incident.Acknowledge{})
		do(t, i, "alice", 2*time.Minute, i.Mitigate, incident.Mitigate{What: "restarted"})
		return i
	}
	into := mitigated("INC-1")
	require.Empty(t, merge(t, "heidi", numbered("INC-2", "SEV4", "b"), into, 3*time.Minute))
	require.Equal(t, incident.Mitigating, into.Phase, "it goes on")
	require.Len(t, open(into, incident.ForAlert), 1)

	into, from := mitigated("INC-1"), mitigated("INC-2")
	require.Empty(t, merge(t, "heidi", from, into, 3*time.Minute))
	require.Equal(t, incident.Mitigated, into.Phase, "what is mitigated too disturbs nobody")
	require.Empty(t, open(into, incident.ForAlert))

	into = mitigated("INC-1")
	do(t, into, "alice", 3*time.Minute, into.Resolve, incident.Resolve{Reason: "known"})
	require.Empty(t, merge(t, "alice", numbered("INC-2", "SEV4", "b"), into, 4*time.Minute))
	require.Equal(t, incident.Mitigating, into.Phase)
	require.True(t, into.HoldsKey)
	require.Empty(t, open(into, incident.ForAlert), "the holder did it")
}

func TestMergeIntoWhatHasToldNobody(t *testing.T) {
	quiet := func(number string, held bool) *incident.Incident {
		o := opening()
		o.Number, o.Key = number, number
		o.Urgency = catalog.NotPaged
		if held {
			o.Urgency, o.Policy.Hold = catalog.Urgent, time.Hour
		}
		i := incident.New(o)
		i.Begin(noon)
		return i
	}
	held := quiet("INC-1", true)
	require.Empty(t, merge(t, "heidi", numbered("INC-2", "SEV3", "b"), held, time.Minute))
	require.False(t, held.Held)
	require.Len(t, open(held, incident.ForAlert), 1, "somebody was told of the other already")

	held = quiet("INC-1", true)
	require.Empty(t, merge(t, "heidi", quiet("INC-2", true), held, time.Minute))
	require.True(t, held.Held, "two holds are one")

	silent := quiet("INC-1", false)
	require.Empty(t, merge(t, "heidi", numbered("INC-2", "SEV3", "b"), silent, time.Minute))
	require.Len(t, open(silent, incident.ForAlert), 1)

	silent, from := quiet("INC-1", false), numbered("INC-2", "SEV3", "b")
	do(t, from, "bob", time.Minute, from.Acknowledge, incident.Acknowledge{})
	require.Empty(t, merge(t, "heidi", from, silent, 2*time.Minute))
	require.Equal(t, "bob", silent.Holder, "who holds the other holds both")
	require.Equal(t, incident.Triaging, silent.Phase)
	require.Equal(t, after(time.Minute), silent.Stamp(incident.FirstAck))

	silent = quiet("INC-1", false)
	require.Empty(t, merge(t, "heidi", quiet("INC-2", false), silent, time.Minute))
	require.Empty(t, open(silent, incident.ForAlert))
}

func TestMergeHandsOverWhatComesMeanwhile(t *testing.T) {
	into, from := numbered("INC-1", "SEV3", "a"), numbered("INC-2", "SEV3", "b")
	do(t, into, "alice", time.Minute, into.Acknowledge, incident.Acknowledge{})
	do(t, from, "bob", time.Minute, from.Acknowledge, incident.Acknowledge{})
	_, err := from.MergeInto(chief("heidi", 2*time.Minute), incident.MergeInto{Into: "INC-1", Reason: "one cause"}, after(2*time.Minute))
	require.NoError(t, err)
	first, changed := from.Parting()
	require.True(t, changed)
	_, changed = from.Parting()
	require.False(t, changed, "nothing has come since")

	from.TakeAlerts([]alerts.Alert{firing("late")}, 2, after(3*time.Minute))
	from.WithdrawAck(after(3 * time.Minute))
	into.Absorb(first, after(3*time.Minute))
	into.Absorb(first, after(3*time.Minute))
	require.Empty(t, open(into, incident.ForAlert))
	require.Len(t, into.Absorbed, 1)
	from.Answered(into.Outbox.Absorptions[0], after(3*time.Minute))
	require.Empty(t, handOver(from, into, after(4*time.Minute)))
	require.Equal(t, incident.Merged, from.Phase)
	require.Equal(t, incident.Counts{Alerts: 3, Firing: 3, More: 2}, into.Counts)
	require.Len(t, open(into, incident.ForAlert), 1, "nobody holds the other any more")
	require.Len(t, into.Absorbed, 1)
}

func TestMergeThatIsNotTaken(t *testing.T) {
	over := numbered("INC-1", "SEV3", "a")
	asked(t, over, "heidi", time.Minute, incident.MergeInto{Into: "INC-9", Reason: "r"})
	for name, c := range map[string]struct {
		into *incident.Incident
		why  string
	}{
		"is over":         {func() *incident.Incident { i := numbered("INC-1", "SEV3", "a"); i.Merge("INC-9", noon); return i }(), "INC-1 is merged"},
		"is being merged": {over, "INC-1 is itself being merged into INC-9"},
		"is a drill":      {func() *incident.Incident { i := numbered("INC-1", "SEV3", "a"); i.Drill = true; return i }(), "a drill and a real incident"},
		"has had enough": {func() *incident.Incident {
			i := numbered("INC-1", "SEV3", "a")
			i.Absorbed = make([]incident.Absorbed, 20)
			return i
		}(), "20 incidents are part of INC-1"},
		"has many tickets": {func() *incident.Incident {
			i := numbered("INC-1", "SEV3", "a")
			i.FollowUps = make([]incident.FollowUp, 60)
			return i
		}(), "no room for its follow-ups"},
	} {
		t.Run(name, func(t *testing.T) {
			from := numbered("INC-2", "SEV3", "b")
			do(t, from, "bob", 0, from.AddFollowUp, incident.AddFollowUp{Title: "t"})
			require.Contains(t, merge(t, "heidi", from, c.into, time.Minute), c.why)
			require.Nil(t, from.Outbox.Merge)
			require.Equal(t, incident.Triggered, from.Phase)
			require.Len(t, open(from, incident.ForAlert), 1, "it pages as before")
			require.Equal(t, []string{"heidi"}, told(from, "INC-2 is not merged into INC-1"))
		})
	}
}

func TestMergeIntoEachOtherAtOnce(t *testing.T) {
	for _, order := range []string{"both first", "answers first"} {
		t.Run(order, func(t *testing.T) {
			one, two := numbered("INC-9", "SEV3", "a"), numbered("INC-10", "SEV3", "b")
			asked(t, one, "heidi", time.Minute, incident.MergeInto{Into: "INC-10", Reason: "r"})
			asked(t, two, "ivan", time.Minute, incident.MergeInto{Into: "INC-9", Reason: "r"})
			fromOne, _ := one.Parting()
			fromTwo, _ := two.Parting()
			two.Absorb(fromOne, after(time.Minute))
			if order == "answers first" {
				one.Answered(two.Outbox.Absorptions[0], after(time.Minute))
			}
			one.Absorb(fromTwo, after(time.Minute))
			one.Answered(two.Outbox.Absorptions[0], after(time.Minute))
			two.Answered(one.Outbox.Absorptions[0], after(time.Minute))
			require.Empty(t, handOver(two, one, after(time.Minute)))
			require.Equal(t, incident.Merged, two.Phase, "the later number is a part of the earlier one")
			require.Equal(t, incident.Triggered, one.Phase)
			require.Nil(t, one.Outbox.Merge)
			require.Len(t, one.Alerts, 2)
			refused(t, incident.Refused, chief("heidi", time.Minute), one.MergeInto, incident.MergeInto{Into: "INC-10", Reason: "r"})
		})
	}
}

func TestMergeIsRefused(t *testing.T) {
	i := numbered("INC-1", "SEV3", "a")
	for name, c := range map[string]struct {
		h    incident.Header
		args incident.MergeInto
		kind incident.Kind
		says string
	}{
		"by a machine":      {incident.Header{By: incident.Machine("ci")}, incident.MergeInto{Into: "INC-2", Reason: "r"}, incident.Forbidden, "only a person"},
		"without authority": {by("bob", 0), incident.MergeInto{Into: "INC-2", Reason: "r"}, incident.Forbidden, "bob may not merge"},
		"without a reason":  {chief("heidi", 0), incident.MergeInto{Into: "INC-2"}, incident.Refused, "needs a reason"},
		"into nothing":      {chief("heidi", 0), incident.MergeInto{Reason: "r"}, incident.Invalid, "say which incident"},
		"into itself":       {chief("heidi", 0), incident.MergeInto{Into: "INC-1", Reason: "r"}, incident.Invalid, "part of itself"},
		"with a novel":      {chief("heidi", 0), incident.MergeInto{Into: "INC-2", Reason: strings.Repeat("x", 4001)}, incident.Invalid, "reason"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := i.Clone().MergeInto(c.h, c.args, noon)
			require.Equal(t, c.kind, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, c.says)
		})
	}
	ok := incident.MergeInto{Into: "INC-2", Reason: "r"}
	busy := i.Clone()
	do(t, busy, "bob", 0, busy.StartRun, incident.StartRun{Name: "rollback"})
	require.Equal(t, []string{"the end of INC-1/runbook/rollback/1"}, refused(t, incident.Refused, chief("heidi", 0), busy.MergeInto, ok))
	asked(t, i, "heidi", 0, ok)
	refused(t, incident.Refused, chief("heidi", 0), i.MergeInto, ok)
	refused(t, incident.Refused, chief("heidi", 0), i.Cancel, incident.Cancel{Reason: "r"})
	require.Contains(t, refused(t, incident.Refused, chief("heidi", 0), i.Resolve, fully()), "the end of its merge into INC-2")
	resolved := numbered("INC-3", "SEV4", "a")
	do(t, resolved, "bob", 0, resolved.Mitigate, incident.Mitigate{What: "w"})
	do(t, resolved, "bob", 0, resolved.Resolve, incident.Resolve{Reason: "r"})
	refused(t, incident.Refused, chief("heidi", 0), resolved.MergeInto, ok)
}

// A diagnostic that is stuck, or takes long, keeps two incidents paging for one.
func TestADiagnosticDoesNotKeepItFromBeingMerged(t *testing.T) {
	i := mitigating(t)
	started, err := i.StartRun(by("alice", 0), incident.StartRun{Name: "deploy-status"}, noon)
	require.NoError(t, err)
	i.RunBegan(started.ID, "", "started", noon, noon)
	require.True(t, i.Runs[0].ReadOnly)
	require.Empty(t, i.MustStay())
}
