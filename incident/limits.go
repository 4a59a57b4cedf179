package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// Breach is a time limit that was broken.
type Breach struct {
	// Limit is acknowledge, mitigate or resolve.
	Limit string        `json:"limit"`
	Allow time.Duration `json:"allow"`
	At    time.Time     `json:"at"`
}

// The limits.
const (
	toAcknowledge = "acknowledge"
	toMitigate    = "mitigate"
	toResolve     = "resolve"
)

// NextLimit returns the next limit that can be broken and when, or the zero
// time. The mitigation budget runs from the ack, at the latest from the limit
// on acknowledging, and that from the end of a hold; the resolution budget from
// mitigated. A relapse starts them anew.
func (i *Incident) NextLimit() (name string, at time.Time) {
	limits := i.Response().Limits
	switch {
	case !i.Phase.Active(), i.Phase == Triggered && !i.paging(): // nobody was told
		return "", time.Time{}
	case i.Phase == Triggered && limits.Acknowledge > 0 && !i.breached(toAcknowledge):
		return toAcknowledge, later(i.Stamp(TriggeredAt), i.HeldUntil).Add(limits.Acknowledge)
	case i.Phase == Mitigated && limits.Resolve > 0 && !i.breached(toResolve):
		return toResolve, i.Stamp(MitigatedAt).Add(limits.Resolve)
	case i.Phase != Mitigated && limits.Mitigate > 0 && !i.breached(toMitigate):
		if from := i.budgetFrom(); !from.IsZero() {
			return toMitigate, from.Add(limits.Mitigate)
		}
	}
	return "", time.Time{}
}

// warnAt is how much of the time to mitigate may be over before people are told:
// three quarters.
const warnAt = 0.75

// WarningDue returns when people are to be told that the time to mitigate is
// about to be over, or the zero time.
func (i *Incident) WarningDue() time.Time {
	limit, at := i.NextLimit()
	allow := i.Response().Limits.Mitigate
	if limit != toMitigate || i.Holder == "" {
		return time.Time{}
	}
	due := at.Add(-time.Duration(float64(allow) * (1 - warnAt)))
	if !i.Warned.Before(due) {
		return time.Time{}
	}
	return due
}

// Warn tells who holds and who commands that the time to mitigate is about to be
// over.
func (i *Incident) Warn(now time.Time) {
	_, at := i.NextLimit()
	i.Warned = now
	text := fmt.Sprintf("%s: the time to mitigate (%s) is over at %s", i.Number, catalog.FormatDuration(i.Response().Limits.Mitigate), at.UTC().Format("15:04 MST"))
	i.note(now, "limit.warned", "%s.", text)
	i.tell(now, []string{i.Holder, i.Roles[Commander]}, "", text+". Take back the likeliest change, or ask for help.")
}

// Overdue says, while the time to mitigate is over and it is not mitigated, how
// long that time was and since when it is over.
func (i *Incident) Overdue() (allow time.Duration, since time.Time) {
	if !i.Phase.Active() || i.Phase == Mitigated {
		return 0, time.Time{}
	}
	for _, b := range slices.Backward(i.Breaches) {
		if b.Limit == toMitigate && !b.At.Before(i.Relapsed) {
			return b.Allow, b.At
		}
	}
	return 0, time.Time{}
}

// budgetFrom returns since when mitigation has been under way: the ack, at the
// latest what triggered it plus the limit on acknowledging. It is zero when
// neither is known.
func (i *Incident) budgetFrom() time.Time {
	began, acked := later(i.Stamp(TriggeredAt), i.HeldUntil), i.Stamp(FirstAck)
	if !i.Relapsed.IsZero() {
		began, acked = i.Relapsed, i.AckedAgain
	}
	limit := i.Response().Limits.Acknowledge
	if limit <= 0 {
		return acked
	}
	if latest := began.Add(limit); acked.IsZero() || latest.Before(acked) {
		return latest
	}
	return acked
}

// breached reports whether a limit was broken since the last relapse.
func (i *Incident) breached(limit string) bool {
	return slices.ContainsFunc(i.Breaches, func(b Breach) bool { return b.Limit == limit && !b.At.Before(i.Relapsed) })
}

// maxBreaches bounds the breaches that are carried; the timeline has them all.
const maxBreaches = 20

// Breach records that a limit was broken and pages the leads of the team and
// the commander about it.
func (i *Incident) Breach(limit string, now time.Time) {
	limits := i.Response().Limits
	allow := map[string]time.Duration{
		toAcknowledge: limits.Acknowledge, toMitigate: limits.Mitigate, toResolve: limits.Resolve,
	}[limit]
	i.Breaches = append(i.Breaches, Breach{Limit: limit, Allow: allow, At: now})
	if n := len(i.Breaches); n > maxBreaches {
		i.Breaches = i.Breaches[n-maxBreaches:]
	}
	text := fmt.Sprintf("%s: the time to %s (%s) is over", i.Number, limit, catalog.FormatDuration(allow))
	i.record(Entry{Kind: "limit.breached", Recorded: now, Actor: Self(), Text: text + ".", Highlight: true})
	var targets []oncall.Target
	for _, lead := range i.Policy.Leads {
		targets = append(targets, oncall.Target{Person: lead})
	}
	if c := i.Roles[Commander]; c != "" && !slices.Contains(i.Policy.Leads, c) {
		targets = append(targets, oncall.Target{Person: c})
	}
	if len(targets) == 0 {
		return
	}
	i.summon(&Summons{
		Kind: ForBreach, Why: text, Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: []oncall.Level{{Targets: targets, Timeout: i.patience()}},
	})
}

// StillOnItDue returns when the holder is asked whether they are still on it,
// or the zero time. Once it is mitigated the budget to resolve watches over
// it, and nobody is woken to say so.
func (i *Incident) StillOnItDue() time.Time {
	silence := i.Response().StillOnIt
	asking := len(i.open(ofKind(ForStillOnIt)))+len(i.escalations()) > 0
	if silence <= 0 || i.Holder == "" || !i.Snoozed.Until.IsZero() || asking || !i.Phase.Active() || i.Phase == Mitigated {
		return time.Time{}
	}
	return i.Heard.Add(silence)
}

// AskStillOnIt pages the holder; no answer withdraws the acknowledgement.
func (i *Incident) AskStillOnIt(now time.Time) {
	i.note(now, "still-on-it", "Asking %s: still on it?", i.Holder)
	i.summon(&Summons{
		Kind: ForStillOnIt, Subject: i.Holder, Why: "Still on it? Nothing was heard for " + catalog.FormatDuration(i.Response().StillOnIt),
		Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: []oncall.Level{{Targets: []oncall.Target{{Person: i.Holder}}, Timeout: i.patience()}},
	})
}

// WithdrawAck takes the incident from a holder who did not answer, and starts
// the escalation from its first level; the phase stays. Its cause is the
// silence: a tap after the last sign of life covers it, however late it comes.
func (i *Incident) WithdrawAck(now time.Time) {
	silent := i.Holder
	i.record(Entry{Kind: "ack.withdrawn", Recorded: now, Actor: Self(), Highlight: true, Text: silent + " did not answer; the acknowledgement is withdrawn."})
	i.Holder = ""
	i.join(silent)
	if len(i.escalations()) == 0 {
		i.pageForAlert(i.Heard, silent+" does not answer")
	}
}
