package incident_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// legal is the table of phases. Several steps of one move may be one command:
// a mitigation from triggered needs no ack.
var legal = map[incident.Phase][]incident.Phase{
	incident.Triggered:  {incident.Triaging, incident.Transient, incident.Mitigated, incident.Cancelled},
	incident.Triaging:   {incident.Mitigating, incident.Mitigated, incident.Cancelled},
	incident.Mitigating: {incident.Mitigated, incident.Cancelled},
	incident.Mitigated:  {incident.Mitigating, incident.Resolved, incident.Cancelled},
	incident.Resolved:   {incident.Mitigating, incident.Closed},
}

// walk plays one incident by chance.
type walk struct {
	t    *testing.T
	r    *rand.Rand
	i    *incident.Incident
	now  time.Time
	next int
	seq  int
	// flapped says that an alert did once.
	flapped bool
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func (w *walk) person() string {
	return pick(w.r, "alice", "bob", "carol", "heidi", "lena", "ivan")
}

func (w *walk) header() incident.Header {
	w.next++
	kind := pick(w.r, incident.Person, incident.Person, incident.Person, incident.Person, incident.Machine)
	standings := pick(w.r, nil, []catalog.Standing{catalog.TeamLead}, []catalog.Standing{catalog.Administrator})
	tap := w.now.Add(-time.Duration(w.r.IntN(600)) * time.Second).Add(time.Minute)
	return incident.Header{ID: fmt.Sprint(w.next), By: kind(w.person()), At: tap, Via: "api", Standings: standings}
}

func (w *walk) key() string {
	for _, s := range w.i.Summonses {
		for _, p := range s.Pages {
			if w.r.IntN(3) == 0 {
				return p.Key
			}
		}
	}
	return pick(w.r, "", "INC-7/alert-9/r0/l0/bob/phone", "nonsense", "INC-7/holder-1/r0")
}

// command gives one at random; whether it is refused does not matter.
func (w *walk) command() {
	i, h, text := w.i, w.header(), pick(w.r, "", "because", "because")
	target := pick(w.r, oncall.Target{}, oncall.Target{Person: w.person()}, oncall.Target{Team: "shop"})
	person, role := w.person(), pick(w.r, incident.Holder, incident.Commander, incident.Scribe)
	question := ""
	if len(i.Questions) > 0 {
		question = pick(w.r, i.Questions...).ID
	}
	commands := []func(){
		func() { _, _ = i.Acknowledge(h, incident.Acknowledge{Page: w.key()}, w.now) },
		func() {
			h.At = w.now
			if _, err := i.Acknowledge(h, incident.Acknowledge{}, w.now); err == nil {
				require.Empty(w.t, escalating(i), "an ack ends what it covers")
				require.NotEmpty(w.t, i.Holder)
			}
		},
		func() {
			until := w.now.Add(time.Duration(w.r.IntN(200)-10) * time.Minute)
			_, _ = i.Snooze(h, incident.Snooze{Until: until, Reason: text}, w.now)
		},
		func() { _, _ = i.Decline(h, incident.Decline{Reason: text}, w.now) },
		func() { _, _ = i.Escalate(h, incident.Escalate{Reason: text}, w.now) },
		func() { _, _ = i.Reassign(h, incident.Reassign{To: target, Reason: text}, w.now) },
		func() {
			_, _ = i.Classify(h, incident.Classify{
				What: text, WhoFixes: "unknown", Reason: text, Severity: pick(w.r, catalog.Levels()...),
				Impact: incident.Impact{Scope: pick(w.r, catalog.External, catalog.Nobody)},
			}, w.now)
		},
		func() { _, _ = i.AssignRole(h, incident.AssignRole{Role: role, Person: person}, w.now) },
		func() { _, _ = i.AcceptRole(h, incident.AcceptRole{Role: role}, w.now) },
		func() { _, _ = i.AddResponder(h, incident.AddResponder{Target: target}, w.now) },
		func() {
			_, _ = i.GiveFeedback(h, incident.Feedback{Actionable: w.r.IntN(2) == 0, Reason: text}, w.now)
		},
		func() { _, _ = i.Note(h, incident.Note{Text: text}, w.now) },
		func() { _, _ = i.AddLink(h, incident.AddLink{Title: text, URL: "https://example.org"}, w.now) },
		func() { _, _ = i.SetStatus(h, incident.SetStatus{Status: text}, w.now) },
		func() { _, _ = i.PostUpdate(h, incident.PostUpdate{What: text, Doing: text}, w.now) },
		func() { _, _ = i.Mitigate(h, incident.Mitigate{What: text}, w.now) },
		func() { _, _ = i.Resolve(h, fully(), w.now) },
		func() { _, _ = i.Reopen(h, incident.Reopen{Reason: text}, w.now) },
		func() {
			if w.r.IntN(20) == 0 {
				_, _ = i.Cancel(h, incident.Cancel{Reason: text}, w.now)
			}
		},
		func() {
			clock := pick(w.r, incident.TriggeredAt, incident.FirstAck, incident.MitigatedAt, incident.ResolvedAt)
			_, _ = i.CorrectStamp(h, incident.CorrectStamp{Clock: clock, At: h.At, Reason: text}, w.now)
		},
		func() { _, _ = i.AddFollowUp(h, incident.AddFollowUp{Title: text}, w.now) },
		func() { _, _ = i.CompleteFollowUp(h, incident.CompleteFollowUp{ID: pick(w.r, "1", "2")}, w.now) },
		func() {
			_, _ = i.WaiveFollowUp(h, incident.WaiveFollowUp{ID: pick(w.r, "1", "2"), Reason: text}, w.now)
		},
		func() { _, _ = i.ConfirmCollected(h, incident.ConfirmCollected{}, w.now) },
		func() { _, _ = i.Close(h, incident.Close{}, w.now) },
		func() { _, _ = i.StartRun(h, incident.StartRun{Name: pick(w.r, "", "rollback", "drain")}, w.now) },
		func() {
			_, _ = i.Answer(h, incident.Answer{Question: question, Choice: pick(w.r, "approve", "refuse")}, w.now)
		},
	}
	pick(w.r, commands...)()
}

// machinery plays what monitoring, the tracker, runs and time bring.
func (w *walk) machinery() {
	i := w.i
	switch w.r.IntN(8) {
	case 0:
		a := firing(pick(w.r, "a", "b", "c"))
		a = label(label(a, "severity", pick(w.r, "warning", "critical", "info", "?")), "service", pick(w.r, "checkout", "cart"))
		a.StartsAt = w.now
		i.TakeAlerts([]alerts.Alert{a}, w.r.IntN(2), w.now)
	case 1:
		list := make([]alerts.Alert, 0, len(i.Alerts))
		for _, known := range i.Alerts {
			a := cleared(known.Fingerprint)
			a.StartsAt = known.StartsAt
			list = append(list, a)
		}
		i.TakeAlerts(list, 0, w.now)
	case 2:
		i.TicketSaid(incident.TicketStatus{Ref: incident.TicketRef{ID: "1"}, Found: true, Done: true, Resolution: "Done"}, w.now)
		i.Ticketed(incident.TicketRef{ID: "1", Key: "SHOP-1"}, nil)
	case 3:
		for _, run := range i.Runs {
			q := incident.Question{
				ID: fmt.Sprintf("q-%d", w.r.IntN(9)), Run: run.ID, Approval: true, Text: "Roll back?",
				Choices: []string{"approve", "refuse"}, Asked: w.now, Until: w.now.Add(10 * time.Minute),
			}
			i.RunAsked(q, w.now)
			i.Expired(fmt.Sprintf("q-%d", w.r.IntN(9)), w.now)
		}
	case 4:
		for _, run := range i.Runs {
			i.RunEnded(run.ID, incident.RunDone, "fine", w.now)
		}
	case 5:
		if len(i.Unmet(w.now)) == 0 {
			i.Finish(w.now)
		}
	default:
		w.duties()
	}
}

// duties keeps what is due, as the workflow does.
func (w *walk) duties() {
	due := func(at time.Time) bool { return !at.IsZero() && !w.now.Before(at) }
	i := w.i
	if due(i.HoldEnds()) {
		i.EndHold(w.now)
	}
	if name, at := i.NextLimit(); due(at) {
		i.Breach(name, w.now)
	}
	if due(i.FlappingEnds()) {
		i.EndFlapping(w.now)
		require.True(w.t, i.FlappingEnds().IsZero() || i.FlappingEnds().After(w.now))
	}
	if due(i.SnoozeEnds()) {
		i.EndSnooze(w.now)
	}
	if due(i.StillOnItDue()) {
		i.AskStillOnIt(w.now)
	}
	if due(i.RemindDue()) {
		i.RemindUpdate(w.now)
	}
	if due(i.Updates.Due) {
		i.AutomaticUpdate(w.now)
	}
	if i.HoldsKey && due(i.Stabilised()) {
		i.FreeKey(w.now)
	}
	if due(i.NextOverdue()) {
		i.RemindOverdue(w.now)
	}
	if w.r.IntN(4) == 0 {
		i.Outbox.Notices, i.Outbox.Updates = nil, nil
	}
}

// paging walks the levels of the open summonses.
func (w *walk) paging() {
	for _, s := range append([]*incident.Summons{}, w.i.Summonses...) {
		switch {
		case !s.Open():
			for _, p := range append([]*incident.Page{}, s.Pages...) {
				w.i.Superseded(p)
				w.i.Settle(s, p)
			}
			w.i.Forget()
		case !s.Begun:
			people := []incident.Reach{{Person: w.person(), Contact: "phone"}, {Person: w.person(), Contact: "mail", After: time.Minute}}
			w.i.BeginLevel(s, incident.Roster{Reach: people[:w.r.IntN(3)]}, w.now)
		case s.Hurry || (!s.Due.IsZero() && !w.now.Before(s.Due)):
			w.i.NextLevel(s, w.now)
		}
		for _, p := range s.Pages {
			if p.State != incident.PageDue {
				continue
			}
			if s.Wants(p) {
				w.i.Supersede(s, p, w.now)
			}
			switch w.r.IntN(4) {
			case 0:
				w.i.HandedOver(s, p, w.now, w.now)
			case 1:
				w.i.FirstTryFailed(s, p, w.now)
			case 2:
				w.i.Failed(s, p, "broken", w.now)
			}
		}
	}
}

func (w *walk) step() {
	w.now = w.now.Add(time.Duration(w.r.IntN(900)) * time.Second)
	before, revision := w.i.Phase, w.i.Revision
	sequence := w.i.Sequence
	pick(w.r, w.command, w.command, w.machinery, w.paging)()
	require.GreaterOrEqual(w.t, w.i.Revision, revision, "revision never falls")
	if w.i.Sequence > sequence {
		require.Greater(w.t, w.i.Revision, revision, "what is recorded grows the revision")
	}
	if w.i.Phase != before {
		require.Contains(w.t, legal[before], w.i.Phase, "from %s", before)
		require.Greater(w.t, w.i.Revision, revision)
	}
	w.invariants()
}

// escalating lists the escalations that nobody has answered.
func escalating(i *incident.Incident) []*incident.Summons {
	return slices.DeleteFunc(open(i, incident.ForAlert), func(s *incident.Summons) bool { return len(s.Awaited) > 0 })
}

func (w *walk) invariants() {
	for _, e := range w.i.Drain() {
		w.seq++
		require.Equal(w.t, w.seq, e.Sequence, "the timeline has no gap")
		require.NotEmpty(w.t, e.Kind)
		require.Equal(w.t, time.UTC, e.Recorded.Location())
		require.False(w.t, e.Occurred.IsZero())
	}
	if w.i.Phase.Over() {
		for _, s := range w.i.Summonses {
			require.False(w.t, s.Open(), "%s is open although %s", s.ID, w.i.Phase)
		}
		require.Empty(w.t, w.i.Offers)
		require.False(w.t, w.i.HoldsKey)
	}
	require.LessOrEqual(w.t, len(escalating(w.i)), 1, "one escalation at a time")
	if w.i.Phase == incident.Triaging || w.i.Phase == incident.Mitigating {
		require.True(w.t, w.i.Holder != "" || len(escalating(w.i)) == 1, "somebody holds it or is looked for")
	}
	if w.i.Snoozed != (incident.Snoozed{}) {
		require.Equal(w.t, w.i.Holder, w.i.Snoozed.By, "whoever rests holds it")
		require.Empty(w.t, escalating(w.i), "nobody is paged meanwhile")
		require.True(w.t, w.i.Phase.Active() && w.i.Phase != incident.Mitigated)
	}
	w.flapping()
	for _, s := range w.i.Summonses {
		if len(s.Awaited) > 0 {
			require.Zero(w.t, s.Due, "the first ack has ended the escalation")
			require.False(w.t, s.Hurry)
			require.Subset(w.t, s.Present, s.Awaited)
		}
		require.GreaterOrEqual(w.t, s.Level, 0)
		require.LessOrEqual(w.t, s.Level, len(s.Levels))
	}
	for _, d := range []func() (time.Duration, bool){w.i.TTA, w.i.TTM, w.i.TTR, w.i.MitigatedToResolved} {
		took, ok := d()
		require.GreaterOrEqual(w.t, took, time.Duration(0))
		require.True(w.t, ok || took == 0)
	}
	if w.r.IntN(40) == 0 {
		wholeTruth(w.t, w.i)
	}
}

// flapping holds what is counted to its bounds.
func (w *walk) flapping() {
	if len(w.i.Flaps) > 0 {
		require.True(w.t, w.i.Phase.Active(), "nothing flaps once it is %s", w.i.Phase)
	}
	for _, f := range w.i.Flaps {
		w.flapped = w.flapped || !f.Until.IsZero()
		require.LessOrEqual(w.t, len(f.Changes), w.i.Policy.Flapping.Changes+1)
		require.True(w.t, slices.IsSortedFunc(f.Changes, time.Time.Compare))
		require.True(w.t, slices.ContainsFunc(w.i.Alerts, func(a incident.AlertState) bool { return a.Fingerprint == f.Fingerprint }))
		require.True(w.t, f.Until.IsZero() || f.Until.Equal(f.Changes[len(f.Changes)-1].Add(w.i.Policy.Flapping.Within)))
	}
}

// wholeTruth holds that an incident is what its JSON says, and that a copy
// lives on as the original would.
func wholeTruth(t *testing.T, i *incident.Incident) {
	t.Helper()
	before, err := json.Marshal(i)
	require.NoError(t, err)
	once := i.Clone()
	again, err := json.Marshal(once)
	require.NoError(t, err)
	require.True(t, bytes.Equal(before, again), "a copy says the same")
	require.Equal(t, once, once.Clone())
}

func play(t *testing.T, seed uint64, steps int) *incident.Incident {
	t.Helper()
	return stroll(t, seed, steps).i
}

func stroll(t *testing.T, seed uint64, steps int) *walk {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a game of chance
	o := opening()
	o.Severity, o.Key = pick(r, catalog.SEV1, catalog.SEV2, catalog.SEV3, catalog.SEV4), pick(r, "", "key")
	o.Urgency = pick(r, catalog.Urgent, catalog.Ordinary, catalog.NotPaged)
	o.Policy.Hold = pick(r, 0, time.Minute)
	o.Policy.Flapping = pick(r, catalog.Flapping{}, catalog.Flapping{Changes: 2, Within: 2 * time.Hour, Hold: 30 * time.Minute})
	o.Cleared = pick(r, 0, 1, 2)
	o.Policy.Escalation.Levels = slices.Clone(o.Policy.Escalation.Levels)
	o.Policy.Escalation.Levels[0].Everyone = pick(r, true, false)
	for n := range o.Policy.Severities {
		o.Policy.Severities[n].Response.Snooze = pick(r, 0, time.Hour)
	}
	w := &walk{t: t, r: r, i: incident.New(o), now: noon}
	w.i.TakeAlerts([]alerts.Alert{firing("a")}, 0, noon)
	w.i.Begin(noon)
	for range steps {
		w.step()
	}
	return w
}

func TestWhateverHappensTheRulesHold(t *testing.T) {
	phases, flapped := map[incident.Phase]int{}, 0
	for seed := range uint64(120) {
		w := stroll(t, seed, 250)
		phases[w.i.Phase]++
		if w.flapped {
			flapped++
		}
		require.False(t, t.Failed(), "seed %d", seed)
	}
	for _, p := range []incident.Phase{incident.Closed, incident.Cancelled, incident.Transient, incident.Resolved} {
		require.NotZero(t, phases[p], "some walks end %s: %v", p, phases)
	}
	require.NotZero(t, flapped, "some alerts flap")
}

func TestTheSameFactsMakeTheSameIncident(t *testing.T) {
	for seed := range uint64(20) {
		one, err := json.Marshal(play(t, seed, 200))
		require.NoError(t, err)
		other, err := json.Marshal(play(t, seed, 200))
		require.NoError(t, err)
		require.JSONEq(t, string(one), string(other))
	}
}

// FuzzClone holds that what was read from JSON survives being written and
// read again.
func FuzzClone(f *testing.F) {
	for _, i := range []*incident.Incident{incident.New(opening()), {}} {
		data, err := json.Marshal(i)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var i incident.Incident
		if json.Unmarshal(data, &i) != nil {
			return
		}
		if _, err := json.Marshal(i); err != nil {
			return // a year that no JSON holds
		}
		wholeTruth(t, &i)
	})
}
