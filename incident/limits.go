package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Breach is a time limit that was broken.
type Breach struct {
	// Limit is acknowledge, mitigate or resolve.
	Limit string        `json:"limit"`
	Allow time.Duration `json:"allow"`
	At    time.Time     `json:"at"`
}

// NextLimit returns the next limit that can be broken and when, or the zero
// time. The mitigation budget runs from the first ack, at the latest from the
// limit on acknowledging; the resolution budget from mitigated.
func (i *Incident) NextLimit() (name string, at time.Time) {
	limits := i.Response().Limits
	ackBy := i.after(TriggeredAt, limits.Acknowledge)
	from := i.Stamp(FirstAck)
	if from.IsZero() || (!ackBy.IsZero() && ackBy.Before(from)) {
		from = ackBy
	}
	switch {
	case !i.Phase.Active() || i.Held:
		return "", time.Time{}
	case i.Phase == Triggered && limits.Acknowledge > 0 && !i.breached("acknowledge"):
		return "acknowledge", ackBy
	case i.Phase != Mitigated && limits.Mitigate > 0 && !from.IsZero() && !i.breached("mitigate"):
		return "mitigate", from.Add(limits.Mitigate)
	case i.Phase == Mitigated && limits.Resolve > 0 && !i.breached("resolve"):
		return "resolve", i.after(MitigatedAt, limits.Resolve)
	}
	return "", time.Time{}
}

func (i *Incident) after(c Clock, d time.Duration) time.Time {
	if at := i.Stamp(c); !at.IsZero() && d > 0 {
		return at.Add(d)
	}
	return time.Time{}
}

func (i *Incident) breached(limit string) bool {
	return slices.ContainsFunc(i.Breaches, func(b Breach) bool { return b.Limit == limit })
}

// Breach records that a limit was broken and pages the leads of the team and
// the commander about it.
func (i *Incident) Breach(limit string, now time.Time) {
	allow := map[string]time.Duration{
		"acknowledge": i.Response().Limits.Acknowledge,
		"mitigate":    i.Response().Limits.Mitigate,
		"resolve":     i.Response().Limits.Resolve,
	}[limit]
	i.Breaches = append(i.Breaches, Breach{Limit: limit, Allow: allow, At: now})
	text := fmt.Sprintf("%s: the time to %s (%s) is over", i.Number, limit, allow)
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
		Kind: ForBreach, Why: text, Urgency: i.Urgency, Caused: now,
		Levels: []oncall.Level{{Targets: targets, Timeout: i.patience()}},
	})
}

// StillOnItDue returns when the holder is asked whether they are still on it,
// or the zero time.
func (i *Incident) StillOnItDue() time.Time {
	silence := i.Response().StillOnIt
	asking := len(i.open(ofKind(ForStillOnIt, ForAlert))) > 0
	if silence == 0 || i.Holder == "" || asking || !i.Phase.Active() || i.Phase == Mitigated {
		return time.Time{}
	}
	return i.lastHeard().Add(silence)
}

func (i *Incident) lastHeard() time.Time {
	if i.Heard.After(i.Stamp(FirstAck)) {
		return i.Heard
	}
	return i.Stamp(FirstAck)
}

// AskStillOnIt pages the holder; no answer withdraws the acknowledgement.
func (i *Incident) AskStillOnIt(now time.Time) {
	i.note(now, "still-on-it", "Asking %s: still on it?", i.Holder)
	i.summon(&Summons{
		Kind: ForStillOnIt, Subject: i.Holder, Why: "Still on it? Nothing was heard for " + i.Response().StillOnIt.String(),
		Urgency: i.Urgency, Caused: now,
		Levels: []oncall.Level{{Targets: []oncall.Target{{Person: i.Holder}}, Timeout: i.patience()}},
	})
}

// WithdrawAck takes the incident from a holder who did not answer, and starts
// the escalation from its first level.
func (i *Incident) WithdrawAck(now time.Time) {
	silent := i.Holder
	i.record(Entry{Kind: "ack.withdrawn", Recorded: now, Actor: Self(), Highlight: true, Text: silent + " did not answer; the acknowledgement is withdrawn."})
	i.Holder = ""
	i.join(silent)
	i.pageForAlert(now, silent+" does not answer")
}
