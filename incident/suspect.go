package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Suspect is a change that may be the cause of the incident, as it was ranked
// when it was found.
type Suspect struct {
	// Source and ID name the change, of which everything else is on record.
	Source string `json:"source"`
	ID     string `json:"id"`
	// Service is what was changed, What the change in a few words: "checkout
	// 1.42 (deployment by alice)".
	Service string    `json:"service"`
	What    string    `json:"what"`
	At      time.Time `json:"at"`
	// Score ranks it among the others, from 0 to 1; Reasons say what speaks
	// for it.
	Score   float64  `json:"score"`
	Reasons []string `json:"reasons,omitempty"`
}

// String is the suspect in one line, with what speaks for it.
func (s Suspect) String() string {
	if len(s.Reasons) == 0 {
		return s.What
	}
	return s.What + ": " + strings.Join(s.Reasons, ", ")
}

func (s Suspect) is(o Suspect) bool {
	return s.Source == o.Source && s.ID == o.ID && s.Service == o.Service
}

const (
	// keptSuspects bounds those that an incident carries: the likeliest.
	keptSuspects = 5
	// notedSuspects bounds those that the timeline tells of, one by one, after
	// the opening: a service that is deployed every minute fills no timeline.
	notedSuspects = 20
)

// Suspect takes in changes that were reported while the incident was open. One
// that it knows already changes nothing, and neither does one that is less likely
// than those that it carries: it is on record with the others.
func (i *Incident) Suspect(list []Suspect, now time.Time) {
	if !i.Phase.Active() {
		return
	}
	for _, s := range list {
		if slices.ContainsFunc(i.Suspects, s.is) {
			continue
		}
		i.keepSuspects(s)
		if !slices.ContainsFunc(i.Suspects, s.is) {
			continue
		}
		i.Revision++
		if i.Ordinals[suspects] >= notedSuspects {
			continue
		}
		i.ordinal(suspects)
		i.record(Entry{
			Kind: "change", Occurred: s.At, Recorded: now, Actor: Machine(s.Source), Source: "changes",
			Text: "Changed: " + s.String(), Highlight: true,
		})
	}
}

// suspects counts those that were noted after the opening.
const suspects = "suspect"

func (i *Incident) keepSuspects(list ...Suspect) {
	i.Suspects = append(i.Suspects, list...)
	slices.SortStableFunc(i.Suspects, func(a, b Suspect) int { return cmp.Compare(b.Score, a.Score) })
	i.Suspects = i.Suspects[:min(len(i.Suspects), keptSuspects)]
}

// openWith notes what had been changed when the incident began.
func (i *Incident) openWith(list []Suspect, now time.Time) {
	if len(list) == 0 {
		return
	}
	i.keepSuspects(list...)
	lines := make([]string, len(i.Suspects))
	for n, s := range i.Suspects {
		lines[n] = fmt.Sprintf("%d. %s", n+1, s)
	}
	i.record(Entry{
		Kind: "suspects", Recorded: now, Actor: Self(), Source: "changes",
		Text: "Changed shortly before: " + strings.Join(lines, "; "),
	})
}
