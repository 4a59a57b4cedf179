package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
)

// maxAbsorbed bounds the incidents that are merged into one.
const maxAbsorbed = 20

// Absorb takes over an incident that is merged into this one, and owes it the
// answer in Outbox.Absorptions; what cannot be taken is answered with why, and
// goes on by itself. The same version changes nothing a second time.
//
// The worse severity, the higher urgency and the earlier trigger hold from now
// on. Paging goes on unless the holder's acknowledgement covers both: where
// the holder merges them, or holds the other one too.
func (i *Incident) Absorb(a Absorb, now time.Time) {
	now = now.UTC()
	why, known := "", i.absorbed(a.From)
	if known == nil || a.Ordinal > known.Ordinal {
		if why = i.whyNotAbsorb(a); why == "" {
			i.takeOver(a, now)
		}
	}
	i.answerAbsorb(a, why)
}

// CannotAbsorb owes another incident the answer why it is not taken over.
func (i *Incident) CannotAbsorb(a Absorb, why string) { i.answerAbsorb(a, why) }

// answerAbsorb owes the answer to another incident; an empty why says that it
// was taken over.
func (i *Incident) answerAbsorb(a Absorb, why string) {
	before := slices.DeleteFunc(i.Outbox.Absorptions, func(o Absorption) bool { return o.To == a.From })
	i.Outbox.Absorptions = append(before, Absorption{By: i.Number, To: a.From, Ordinal: a.Ordinal, Why: why})
	i.Revision++
}

// Told says that an answer was handed over, or that nobody is there to hear it.
func (i *Incident) Told(a Absorption) {
	i.Outbox.Absorptions = slices.DeleteFunc(i.Outbox.Absorptions, func(o Absorption) bool { return o == a })
}

// whyNotAbsorb says why another incident cannot become a part of this one, or
// nothing. Of two that are merged into each other the earlier one goes on.
func (i *Incident) whyNotAbsorb(a Absorb) string {
	m := i.Outbox.Merge
	room, hatches := 0, 0
	for _, f := range a.FollowUps {
		if !i.carries(a.From, f) {
			room++
		}
	}
	for _, h := range a.Hatches {
		if i.openHatch(h.ID) < 0 {
			hatches++
		}
	}
	switch {
	case i.Phase.Over():
		return fmt.Sprintf("%s is %s", i.Number, i.Phase)
	case m != nil && !i.eachOther(a):
		return fmt.Sprintf("%s is itself being merged into %s", i.Number, m.Into)
	case i.Drill != a.Drill:
		return "a drill and a real incident are told apart"
	case i.absorbed(a.From) == nil && len(i.Absorbed) >= maxAbsorbed:
		return fmt.Sprintf("%d incidents are part of %s already", maxAbsorbed, i.Number)
	case len(i.FollowUps)+room > maxFollowUps:
		return fmt.Sprintf("%s has no room for its follow-ups", i.Number)
	case i.unrestored()+hatches > maxHatches:
		return fmt.Sprintf("%s has no room for its escape hatches", i.Number)
	}
	return ""
}

// eachOther reports whether two incidents are being merged into each other,
// and this is the one that goes on.
func (i *Incident) eachOther(a Absorb) bool {
	m := i.Outbox.Merge
	return m != nil && m.Into == a.From && precedes(i.Number, a.From)
}

// takeOver makes another incident a part of this one.
func (i *Incident) takeOver(a Absorb, now time.Time) {
	if i.eachOther(a) {
		i.unmerge(a.From+" becomes part of it instead", now)
		defer i.clearedMeanwhile(now)
	}
	known, severity, holder, phase := i.absorbed(a.From), i.Severity, i.Holder, i.Phase
	if known == nil {
		i.Absorbed = append(i.Absorbed, Absorbed{Number: a.From})
		known = &i.Absorbed[len(i.Absorbed)-1]
	}
	asked := a.At.After(known.At)
	if asked {
		i.record(Entry{
			Kind: "absorbed", Occurred: a.At, Recorded: now, Actor: Person(a.By), Highlight: true,
			Text: fmt.Sprintf("%s became part of it (%s): %s", a.From, a.Title, a.Reason),
		})
	}
	urgent := i.takeWorst(a)
	fires := i.takeAlertsOf(a, known, now)
	lost := a.Holder == "" && known.Holder != ""
	fresh := asked || (a.Working && !known.Working) || (a.Unanswered && (fires || lost || a.Cause.After(known.Cause)))
	i.takeWorkOf(a)
	i.takePeopleOf(a, now)
	i.Outbox.Splits = slices.DeleteFunc(i.Outbox.Splits, func(s Splitting) bool { return s.Number == a.From })
	if a.Keyed {
		i.MoreKeys = true
		i.HoldsKey = i.HoldsKey || i.Phase.Active()
	}
	*known = Absorbed{a.From, a.Ordinal, a.At, a.Working, a.Holder, later(known.Cause, a.Cause), a.More}
	if fresh || urgent {
		i.reachFor(a, urgent, now)
	}
	if i.Severity != severity {
		i.note(now, "severity.raised", "%s, as %s was (was %s).", i.Severity, a.From, cmp.Or(severity, unknown))
	}
	if i.Severity != severity || i.Holder != holder || i.Phase != phase {
		i.applyPolicy(now)
	}
}

// takeWorst keeps the worse severity, of equal ones the confirmed one, the
// higher urgency and the earlier clocks. It reports whether the urgency rose.
func (i *Incident) takeWorst(a Absorb) (urgent bool) {
	switch {
	case worse(a.Severity, i.Severity):
		i.Severity, i.Provisional = a.Severity, a.Provisional
	case a.Severity == i.Severity:
		i.Provisional = i.Provisional && a.Provisional
	}
	if worse(a.Highest, i.Highest) {
		i.Highest = a.Highest
	}
	if i.Impact == (Impact{}) {
		i.Impact = a.Impact
	}
	i.Storm = i.Storm || a.Storm
	if urgencyRank(a.Urgency) > urgencyRank(i.Urgency) {
		i.Urgency, urgent = a.Urgency, true
	}
	i.earlier(TriggeredAt, a.Triggered)
	i.earlier(ImpactStarted, a.ImpactStarted)
	return urgent
}

// earlier keeps the earlier one of two stamps.
func (i *Incident) earlier(c Clock, at time.Time) {
	if mine := i.Stamp(c); !at.IsZero() && (mine.IsZero() || at.Before(mine)) {
		i.stamp(c, at)
	}
}

// takeAlertsOf keeps the last word of each of its alerts, and reports whether
// one fires that was not known to.
func (i *Incident) takeAlertsOf(a Absorb, known *Absorbed, now time.Time) (fires bool) {
	for _, state := range a.Alerts {
		if news := i.takeState(state, now); news && state.Status == alerts.Firing && state.Suppressed == "" {
			fires = true
		}
		i.Recovered = i.Recovered && state.Status != alerts.Firing
	}
	i.Counts.More = max(0, i.Counts.More+a.More-known.More)
	i.countFiring()
	for _, service := range a.Affected {
		if !slices.Contains(i.Affected, service) && len(i.Affected) < maxServices {
			i.Affected = append(i.Affected, service)
		}
	}
	return fires
}

// takeWorkOf goes on with its open follow-ups, under their tickets, and with
// its escape hatches, links and runbooks.
func (i *Incident) takeWorkOf(a Absorb) {
	for _, f := range a.FollowUps {
		if i.carries(a.From, f) {
			continue
		}
		f.From = a.From + "/" + f.ID
		f.ID = strings.TrimPrefix(i.ordinal("follow-up"), "follow-up-")
		i.FollowUps = append(i.FollowUps, f)
	}
	for _, h := range a.Hatches {
		i.takeHatch(a.From, h)
	}
	for _, l := range a.Links {
		if !slices.Contains(i.Links, l) && len(i.Links) < maxLinks {
			i.Links = append(i.Links, l)
		}
	}
	for _, b := range a.Runbooks {
		if !slices.ContainsFunc(i.Runbooks, func(o RunbookOffered) bool { return o.Name == b.Name }) {
			i.Runbooks = append(i.Runbooks, b)
		}
	}
}

// takeHatch goes on with an escape hatch of another incident, under the
// follow-up that was taken over with it. One that is open here too is one.
func (i *Incident) takeHatch(from string, h Hatch) {
	n := slices.IndexFunc(i.FollowUps, func(f FollowUp) bool { return f.From == from+"/"+h.FollowUp })
	if n < 0 || !i.owed(i.FollowUps[n].ID) {
		return
	}
	h.FollowUp = i.FollowUps[n].ID
	known := func(o Hatch) bool { return o.FollowUp == h.FollowUp } // and may be restored here since
	if !slices.ContainsFunc(i.Hatches, known) && i.standing(h.ID) == nil {
		i.keepHatch(h)
	}
}

// carries reports whether a follow-up of another incident goes on here.
func (i *Incident) carries(from string, f FollowUp) bool {
	return slices.ContainsFunc(i.FollowUps, func(o FollowUp) bool { return o.From == from+"/"+f.ID })
}

// takePeopleOf makes everyone who worked on it a responder; its commander
// commands where there is none.
func (i *Incident) takePeopleOf(a Absorb, now time.Time) {
	if a.Commander != "" && i.Roles[Commander] == "" {
		for _, s := range i.offers(Commander, func(*Summons) bool { return true }) {
			i.end(s, now, a.Commander)
		}
		if i.Roles == nil {
			i.Roles = map[Role]string{}
		}
		i.Roles[Commander] = a.Commander
	}
	for _, p := range append([]string{a.Holder, a.Commander}, a.Responders...) {
		if p != "" {
			i.join(p)
		}
	}
}

// reachFor sees to it that somebody knows of what was taken over: whoever is
// being paged anyway, the holder, or whom the escalation finds.
func (i *Incident) reachFor(a Absorb, urgent bool, now time.Time) {
	covered := i.Holder != "" && (a.By == i.Holder || (a.Holder == i.Holder && !a.Unanswered))
	why := fmt.Sprintf("%s became part of it: %s", a.From, a.Title)
	if i.Phase == Resolved || (i.Phase == Mitigated && a.Working) {
		i.goBack(Person(a.By), why, now)
		if covered {
			i.AckedAgain = now
		}
	}
	paging := len(i.escalations()) > 0
	switch {
	case paging && (urgent || (a.Unanswered && !covered)):
		i.pageAgain(now, why, urgent)
	case paging:
	case i.Holder == "":
		i.beginFor(a, why, now)
	case covered:
	case a.Unanswered:
		i.pageAgain(now, why, true)
	default:
		i.tell(now, []string{i.Holder}, a.By, fmt.Sprintf("%s merged %s into %s: %s", a.By, a.From, i.Number, a.Reason))
	}
}

// beginFor reaches for people where nobody was told of this incident yet: it
// is held, or pages nobody. Who holds the other one then holds both; a hold
// ends, since somebody was told of the other one.
func (i *Incident) beginFor(a Absorb, why string, now time.Time) {
	switch {
	case i.Held && a.Held, !i.pages():
	case i.Held:
		i.EndHold(now)
	case a.Unanswered:
		i.pageForAlert(now, why)
	case a.Holder != "":
		i.Holder, i.Heard = a.Holder, now
		i.Responders = slices.DeleteFunc(i.Responders, func(p string) bool { return p == a.Holder })
		if i.Phase == Triggered {
			i.Phase = Triaging
		}
		if !a.FirstAck.IsZero() && i.Stamp(FirstAck).IsZero() {
			i.stamp(FirstAck, a.FirstAck)
		}
		i.note(now, "acknowledged", "%s holds %s, and with it this.", a.Holder, a.From)
	}
}
