package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

// Flap is how often an alert has changed between firing and resolved.
type Flap struct {
	Fingerprint string `json:"fingerprint"`
	// Changes are the latest ones, the oldest first.
	Changes []time.Time `json:"changes"`
	// Until is set while the alert flaps: it does no more once it has not
	// changed until then.
	Until time.Time `json:"until,omitzero"`
}

// openings returns how often the key of a new incident was opened of late,
// with this time, when the incidents before it cleared by themselves so often
// that this one flaps from its beginning; else zero. Each of those was two
// changes of what they were about. What is grave is never held for that.
func (i *Incident) openings(cleared int) int {
	limit := i.Policy.Flapping
	if limit.Changes <= 0 || 2*cleared <= limit.Changes || i.grave() || i.Storm {
		return 0
	}
	return cleared + 1
}

// howOften says why an incident flaps from its beginning.
func (i *Incident) howOften() string {
	return fmt.Sprintf("opened %d times within %s", i.Openings, catalog.FormatDuration(i.Policy.Flapping.Within))
}

// flapAgain begins an incident of a key that flaps: it takes in what would be
// new incidents, and its page is held.
func (i *Incident) flapAgain(now time.Time) {
	now, i.Flapped, i.Flaps = now.UTC(), true, nil
	for _, a := range i.Alerts {
		if a.Suppressed == "" {
			i.Flaps = append(i.Flaps, Flap{a.Fingerprint, []time.Time{now}, now.Add(i.Policy.Flapping.Within)})
		}
	}
	i.did(Header{By: Self(), At: now}, now, "flapping",
		"It flaps: %s, and cleared by itself each time before. It pages as soon as it fires %s after it was opened, or later, and nobody until then. Once it has been quiet for %s it is over.",
		i.howOften(), catalog.FormatDuration(i.hold()), catalog.FormatDuration(i.Policy.Flapping.Within))
}

// changed counts that a known alert changed its state, and notices when it
// begins to flap. Once a person said that the incident is over, what fires
// again contradicts them and counts as ever.
func (i *Incident) changed(state AlertState, now time.Time) {
	limit := i.Policy.Flapping
	if limit.Changes <= 0 || !i.Phase.Active() {
		return
	}
	now = now.UTC()
	n := slices.IndexFunc(i.Flaps, func(f Flap) bool { return f.Fingerprint == state.Fingerprint })
	if n < 0 {
		n = len(i.Flaps)
		i.Flaps = append(i.Flaps, Flap{Fingerprint: state.Fingerprint})
	}
	f := &i.Flaps[n]
	recent := slices.DeleteFunc(slices.Clone(f.Changes), func(at time.Time) bool { return !at.After(now.Add(-limit.Within)) })
	recent = append(recent, now)
	f.Changes = recent[max(0, len(recent)-limit.Changes-1):]
	switch {
	case !f.Until.IsZero():
		f.Until = now.Add(limit.Within)
	case len(f.Changes) > limit.Changes:
		f.Until, i.Flapped = now.Add(limit.Within), true
		i.did(Header{By: Self(), At: now}, now, "flapping",
			"%s flaps: it changed %d times within %s. Until it has been quiet for as long, it pages nobody again and does not count as cleared.",
			state.Name, len(f.Changes), catalog.FormatDuration(limit.Within))
	}
}

// Flapping lists the fingerprints of the alerts that flap.
func (i *Incident) Flapping() []string {
	var out []string
	for _, f := range i.Flaps {
		if !f.Until.IsZero() {
			out = append(out, f.Fingerprint)
		}
	}
	return out
}

// flaps reports whether this alert flaps.
func (i *Incident) flaps(fingerprint string) bool { return slices.Contains(i.Flapping(), fingerprint) }

// stands reports whether the condition of an alert holds, or may hold again at
// any moment since it flaps.
func (i *Incident) stands() bool { return i.Firing() || len(i.Flapping()) > 0 }

// FlappingEnds returns when the first flapping alert has been quiet for long
// enough, or the zero time.
func (i *Incident) FlappingEnds() time.Time {
	var first time.Time
	for _, f := range i.Flaps {
		if !f.Until.IsZero() && (first.IsZero() || f.Until.Before(first)) {
			first = f.Until
		}
	}
	return first
}

// EndFlapping applies the last word of each alert that has been quiet for long
// enough: what fires makes a mitigated incident begin again, and what is
// resolved counts as cleared.
func (i *Incident) EndFlapping(now time.Time) {
	var quiet, fires []string
	for _, f := range i.Flaps {
		if f.Until.IsZero() || f.Until.After(now) {
			continue
		}
		quiet = append(quiet, f.Fingerprint)
		for _, a := range i.chosen([]string{f.Fingerprint}) {
			i.note(now, "flapping.ended", "%s does not flap any more: it is %s.", a.Name, a.Status)
			if a.Status == alerts.Firing && a.Suppressed == "" {
				fires = append(fires, a.Name)
			}
		}
	}
	if len(quiet) == 0 {
		return
	}
	i.Flaps = slices.DeleteFunc(i.Flaps, func(f Flap) bool { return slices.Contains(quiet, f.Fingerprint) })
	i.Revision++
	switch {
	case len(fires) > 0 && i.Phase == Mitigated:
		i.relapse(Header{By: Self(), At: now}, "an alert fires still: "+join(fires), now)
	case !i.stands() && i.Counts.Alerts > 0:
		i.cleared(now)
	}
}

// calmed reports whether what an alert says now pages nobody since it flaps.
// What is more urgent than all before pages.
func (i *Incident) calmed(a alerts.Alert) bool {
	return i.flaps(a.Fingerprint) && urgencyRank(i.urgencyOf(a)) <= urgencyRank(i.Urgency)
}

// forgetFlaps forgets those of alerts that are not carried any more, and all
// once the incident is not active.
func (i *Incident) forgetFlaps() {
	i.Flaps = slices.DeleteFunc(i.Flaps, func(f Flap) bool {
		return !i.Phase.Active() || !slices.ContainsFunc(i.Alerts, func(a AlertState) bool { return a.Fingerprint == f.Fingerprint })
	})
}
