package incident

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Why is one recorded fact that explains why somebody was paged, or was not.
type Why struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Explanation says why a person was paged about an incident, or was not.
type Explanation struct {
	Person string `json:"person"`
	// Paged says that at least one page was handed over.
	Paged bool `json:"paged"`
	// Reasons are the facts behind it, in the order in which they happened.
	Reasons []Why `json:"reasons"`
}

// Explain says why a person was paged, or was not, from what was recorded: the
// timeline with its look-ups, and the pages. It makes up nothing: what was not
// recorded is not in it.
func Explain(i *Incident, entries []Entry, pages []Page, person string) Explanation {
	out := Explanation{Person: person, Reasons: []Why{}}
	reached := map[int]bool{}
	for _, e := range entries {
		if e.Looked != nil {
			out.look(i, e, person)
			if strings.HasPrefix(e.Looked.Summons, string(ForAlert)) {
				reached[e.Looked.Level] = true
			}
			continue
		}
		tried := e.Kind == "page.retried" && strings.HasPrefix(e.Text, person+" ")
		if turns(e.Kind) || tried || (e.Actor.ID == person && e.Kind == "declined") {
			out.add(e.Occurred, e.Text+by(e))
		}
	}
	for _, p := range pages { // behind the level that made them
		if p.Person == person {
			out.Paged = out.Paged || !p.Sent.IsZero()
			out.add(p.Due, pageStory(p))
		}
	}
	slices.SortStableFunc(out.Reasons, func(a, b Why) int { return a.At.Compare(b.At) })
	out.unreached(i, reached)
	return out
}

// turns reports whether a line of the timeline begins, stops or withholds
// paging.
func turns(kind string) bool {
	switch kind {
	case "opened", "held", "acknowledged", "ack.withdrawn", "everyone.awaited", "snoozed", "snooze.ended", "escalated",
		"exhausted", "recovered", "unanswered", "flapping", "flapping.ended":
		return true
	}
	return slices.Contains([]Phase{Transient, Cancelled, Merged, Mitigated, Mitigating, Resolved}, Phase(kind))
}

// by says how somebody acknowledged.
func by(e Entry) string {
	if e.Kind != "acknowledged" || e.Source == "" {
		return ""
	}
	return " It came by " + e.Source + "."
}

func (x *Explanation) add(at time.Time, text string) {
	x.Reasons = append(x.Reasons, Why{At: at, Text: text})
}

// pageStory tells what became of a page.
func pageStory(p Page) string {
	text := fmt.Sprintf("A page by %s (%s, %s) was due: %s.", p.Kind, p.Contact, p.Summons, p.Reason)
	switch p.State {
	case PageSent, PageOvertaken:
		if !p.Sent.IsZero() {
			text += " It was handed over at " + moment(p.Sent) + "."
		}
		if p.State == PageOvertaken {
			text += " Its reason had gone away by then."
		}
	case PageFailed:
		text += " It failed: " + p.Error + "."
	case PageSuperseded:
		text += " It was not handed over: somebody answered before, or a later page took its place."
	case PageDue:
		text += " It was not handed over yet."
	}
	if !p.Answered.IsZero() {
		text += " It was answered at " + moment(p.Answered) + "."
	}
	return text
}

// look tells what one look-up found, and whether the person was among it.
func (x *Explanation) look(i *Incident, e Entry, person string) {
	l := e.Looked
	where := fmt.Sprintf("Level %d", l.Level+1)
	switch {
	case l.Level < 0:
		where = "The holder"
	case l.Level >= len(i.Policy.Escalation.Levels) && strings.HasPrefix(l.Summons, string(ForAlert)):
		where = "The last resort"
	}
	where += fmt.Sprintf(" of %s (%s)", l.Summons, cmp.Or(strings.Join(l.Targets, ", "), "no targets"))
	switch reason, found := l.Found[person]; {
	case l.Skipped != "":
		x.add(e.Occurred, where+" was left out: "+l.Skipped+".")
	case found:
		x.add(e.Occurred, where+" meant "+person+": "+reason+"."+source(l))
	default:
		x.add(e.Occurred, where+" did not mean "+person+": it found "+cmp.Or(foundBy(l), "nobody")+"."+source(l))
	}
	for _, missing := range l.Missing {
		if strings.HasPrefix(missing, person+" ") {
			x.add(e.Occurred, missing+".")
		}
	}
}

func source(l *Looked) string {
	if l.Stale {
		return " The look-up failed, and the last good answer was used."
	}
	return fmt.Sprintf(" Catalog version %d.", l.Catalog)
}

func foundBy(l *Looked) string {
	var out []string
	for _, person := range slices.Sorted(maps.Keys(l.Found)) {
		out = append(out, fmt.Sprintf("%s (%s)", person, l.Found[person]))
	}
	return strings.Join(out, ", ")
}

// unreached says which levels of the escalation policy were never begun.
func (x *Explanation) unreached(i *Incident, reached map[int]bool) {
	var never []string
	for n, l := range i.Policy.Escalation.Levels {
		if reached[n] {
			continue
		}
		var targets []string
		for _, t := range l.Targets {
			targets = append(targets, t.String())
		}
		never = append(never, fmt.Sprintf("level %d (%s)", n+1, strings.Join(targets, ", ")))
	}
	if len(never) == 0 {
		return
	}
	last := i.Stamp(TriggeredAt)
	if n := len(x.Reasons); n > 0 {
		last = x.Reasons[n-1].At
	}
	x.add(last, "Never begun so far: "+strings.Join(never, "; ")+".")
}
