package incident

import (
	"fmt"
	"slices"
	"strings"
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
	i.Clocks.Stamps[c] = at.UTC()
}

// Between returns the time from one clock to another, and false when one of
// them never happened or the second came first: what was mitigated before
// anybody acknowledged leaves TTM empty, never 0.
func (i *Incident) Between(from, to Clock) (time.Duration, bool) {
	a, b := i.Stamp(from), i.Stamp(to)
	if a.IsZero() || b.IsZero() || b.Before(a) {
		return 0, false
	}
	return b.Sub(a), true
}

// TTA returns the time from triggered to the first ack, and false when there
// was none.
func (i *Incident) TTA() (time.Duration, bool) { return i.Between(TriggeredAt, FirstAck) }

// TTM returns the time from the first ack to mitigated, and false when one of
// them is missing.
func (i *Incident) TTM() (time.Duration, bool) { return i.Between(FirstAck, MitigatedAt) }

// TTR returns the time from triggered to resolved, and false before that.
func (i *Incident) TTR() (time.Duration, bool) { return i.Between(TriggeredAt, ResolvedAt) }

// MitigatedToResolved returns the time from mitigated to resolved, and false
// before that.
func (i *Incident) MitigatedToResolved() (time.Duration, bool) {
	return i.Between(MitigatedAt, ResolvedAt)
}

// InMeans reports whether the incident counts in means such as MTTR: drills,
// cancelled, transient and merged ones do not.
func (i *Incident) InMeans() bool {
	return !i.Drill && i.Phase != Cancelled && i.Phase != Transient && i.Phase != Merged
}

// maxCorrections bounds the corrections of one incident.
const maxCorrections = 20

// CorrectStamp replaces the time of a clock; the original is kept.
//
// It is refused for clocks that the phases have not reached, except for those
// that only people can know: when the impact started and when it was
// contained. What would put the clocks out of order is Invalid.
func (i *Incident) CorrectStamp(h Header, c CorrectStamp, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "correct a stamp")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), fit(word{"reason", c.Reason}), i.canCorrect(c, now)); err != nil {
		return Outcome{}, err
	}
	original := i.Stamp(c.Clock)
	i.heard(h, now)
	i.Clocks.Corrected = append(i.Clocks.Corrected, Correction{
		Clock: c.Clock, Original: original, Reason: cut(c.Reason), By: h.By.ID, At: now,
	})
	i.stamp(c.Clock, c.At)
	i.did(h, now, "stamp.corrected", "%s is now %s (was %s): %s", strings.ReplaceAll(string(c.Clock), "_", " "), orNever(c.At), orNever(original), orNone(c.Reason))
	return i.outcome("the stamp is corrected; the original is kept"), nil
}

// canCorrect says what stands against a correction.
func (i *Incident) canCorrect(c CorrectStamp, now time.Time) error {
	free := c.Clock == ImpactStarted || c.Clock == Contained
	original := i.Stamp(c.Clock)
	switch {
	case !slices.Contains([]Clock{ImpactStarted, TriggeredAt, FirstAck, Contained, MitigatedAt, ResolvedAt}, c.Clock):
		return Errorf(Invalid, "clock: %q is not a clock that can be corrected", c.Clock)
	case c.At.IsZero():
		return Errorf(Invalid, "at: say when it happened")
	case c.At.After(now):
		return Errorf(Invalid, "at: a stamp cannot lie in the future")
	case original.IsZero() && !free:
		return Refusal(fmt.Sprintf("%s has not happened yet", c.Clock), string(c.Clock))
	case c.Reason == "" && !original.IsZero():
		return Refusal("a stamp is corrected with a reason", "reason")
	case len(i.Clocks.Corrected) >= maxCorrections:
		return Refusal(fmt.Sprintf("%d stamps were corrected already", maxCorrections), "room for a correction: write a note instead")
	}
	return i.inOrder(c)
}

// inOrder refuses a stamp that contradicts the others. Mitigation may lie
// before the ack: it had recovered when somebody came.
func (i *Incident) inOrder(c CorrectStamp) error {
	for _, pair := range [][2]Clock{{TriggeredAt, FirstAck}, {TriggeredAt, MitigatedAt}, {MitigatedAt, ResolvedAt}, {FirstAck, ResolvedAt}} {
		early, late := i.Stamp(pair[0]), i.Stamp(pair[1])
		if c.Clock == pair[0] {
			early = c.At
		}
		if c.Clock == pair[1] {
			late = c.At
		}
		if !early.IsZero() && !late.IsZero() && late.Before(early) {
			return Errorf(Invalid, "at: %s cannot lie before %s (%s)", pair[1], pair[0], orNever(early))
		}
	}
	return nil
}

// MomentLayout is how texts spell a moment. They are read by many, so they
// spell it with its day and in UTC; who shows a text to one person may put it
// into that person's zone.
const MomentLayout = "2006-01-02 15:04:05 MST"

func moment(t time.Time) string { return t.UTC().Format(MomentLayout) }

func orNever(t time.Time) string {
	if t.IsZero() {
		return "not set"
	}
	return moment(t)
}
