package incident

import (
	"fmt"
	"slices"
	"time"
)

// Clock names one stamp of an incident.
type Clock string

// The clocks. Contained stops no clock: nobody new is affected.
const (
	ImpactStarted Clock = "impact_started"
	TriggeredAt   Clock = "triggered"
	FirstAck      Clock = "first_ack"
	Contained     Clock = "contained"
	MitigatedAt   Clock = "mitigated"
	ResolvedAt    Clock = "resolved"
	ClosedAt      Clock = "closed"
)

// Clocks are the stamps of an incident, and what was corrected.
type Clocks struct {
	Stamps map[Clock]time.Time `json:"stamps"`
	// Corrected keeps the originals, the oldest first.
	Corrected []Correction `json:"corrected,omitempty"`
}

// Correction keeps a stamp that was replaced.
type Correction struct {
	Clock    Clock     `json:"clock"`
	Original time.Time `json:"original,omitzero"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// Stamp returns the time of a clock, or the zero time.
func (i *Incident) Stamp(c Clock) time.Time { return i.Clocks.Stamps[c] }

func (i *Incident) stamp(c Clock, at time.Time) {
	if i.Clocks.Stamps == nil {
		i.Clocks.Stamps = map[Clock]time.Time{}
	}
	i.Clocks.Stamps[c] = at
}

// Between returns the time from one clock to another, and false when one of
// them never happened: no acknowledgement leaves TTM empty, never 0.
func (i *Incident) Between(from, to Clock) (time.Duration, bool) {
	a, b := i.Stamp(from), i.Stamp(to)
	if a.IsZero() || b.IsZero() {
		return 0, false
	}
	return b.Sub(a), true
}

// CorrectStamp replaces the time of a clock; the original is kept.
//
// It is refused for clocks that the phases have not reached, except for those
// that only people can know: when the impact started and when it was contained.
func (i *Incident) CorrectStamp(h Header, c CorrectStamp, now time.Time) (Outcome, error) {
	free := c.Clock == ImpactStarted || c.Clock == Contained
	original := i.Stamp(c.Clock)
	switch {
	case !slices.Contains([]Clock{ImpactStarted, TriggeredAt, FirstAck, Contained, MitigatedAt, ResolvedAt}, c.Clock):
		return Outcome{}, Errorf(Invalid, "clock: %q is not a clock that can be corrected", c.Clock)
	case c.Reason == "" && !original.IsZero():
		return Outcome{}, Refusal("a stamp is corrected with a reason", "reason")
	case c.At.IsZero():
		return Outcome{}, Errorf(Invalid, "at: say when it happened")
	case c.At.After(now):
		return Outcome{}, Errorf(Invalid, "at: a stamp cannot lie in the future")
	case original.IsZero() && !free:
		return Outcome{}, Refusal(fmt.Sprintf("%s has not happened yet", c.Clock), string(c.Clock))
	}
	i.Clocks.Corrected = append(i.Clocks.Corrected, Correction{
		Clock: c.Clock, Original: original, Reason: c.Reason, By: h.By.ID, At: now,
	})
	i.stamp(c.Clock, c.At)
	i.did(h, now, "stamp.corrected", "%s is now %s (was %s): %s", c.Clock, c.At.UTC().Format(time.RFC3339), orNever(original), c.Reason)
	return i.outcome("the stamp is corrected; the original is kept"), nil
}

func orNever(t time.Time) string {
	if t.IsZero() {
		return "not set"
	}
	return t.UTC().Format(time.RFC3339)
}
