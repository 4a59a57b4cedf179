package incident

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Opening is what is known when an incident begins.
type Opening struct {
	Number string
	Title  string
	Key    string
	Storm  bool
	// Drill marks an exercise, which no mean counts.
	Drill bool
	// Recurs names the earlier incident of the same key, if there is one.
	Recurs string
	// Cleared counts the latest incidents of the key that were opened within the
	// time that Policy.Flapping names, paged somebody and then cleared by
	// themselves, one after the other; none of them was less urgent.
	Cleared int
	// SplitFrom names the incident whose alerts this one takes.
	SplitFrom string
	Policy    catalog.Policy
	Urgency   catalog.Urgency
	Severity  catalog.Level
	// Impact is set when a person declares it.
	Impact Impact
	// Labels are what the alerts that open it have in common.
	Labels   map[string]string
	Runbooks []RunbookOffered
	// Suspects are the changes that may be the cause, the likeliest first.
	Suspects []Suspect
	// By is who or what opened it, Source through what.
	By     Actor
	Source string
	At     time.Time
}

// New opens an incident in phase triggered. Paging has not begun: Begin does
// that, when the workflow runs. A severity that a person declares is
// confirmed; one that an alert was mapped to is provisional.
func New(o Opening) *Incident {
	o.At = o.At.UTC()
	i := &Incident{
		Number: o.Number, Title: o.Title, Phase: Triggered, Service: o.Policy.Service, Team: o.Policy.Team,
		Key: o.Key, Storm: o.Storm, Drill: o.Drill, Origin: o.Source, Recurs: o.Recurs, SplitFrom: o.SplitFrom,
		Urgency: o.Urgency, Severity: o.Severity, Provisional: o.By.Kind != APerson, Impact: o.Impact,
		Labels: o.Labels, Runbooks: o.Runbooks, Policy: o.Policy, HoldsKey: o.Key != "",
	}
	if o.By.Kind == APerson {
		i.Highest = o.Severity
	}
	i.Openings = i.openings(o.Cleared)
	i.Clocks.Stamps = map[Clock]time.Time{TriggeredAt: o.At}
	text := fmt.Sprintf("%s opened: %s", o.Number, o.Title)
	if o.Recurs != "" {
		text += " (recurrence of " + o.Recurs + ")"
	}
	if o.SplitFrom != "" {
		text += " (split from " + o.SplitFrom + ")"
	}
	if !i.pages() && o.SplitFrom == "" {
		text += " (pages nobody)"
	}
	i.record(Entry{Kind: "opened", Occurred: o.At, Recorded: o.At, Actor: o.By, Source: o.Source, Text: text, Highlight: true})
	i.openWith(o.Suspects, o.At)
	return i
}

// pages reports whether the incident reaches people by itself. A storm always
// does.
func (i *Incident) pages() bool { return i.Urgency != catalog.NotPaged || i.Storm }

// Begin starts the response: it pages, or holds the first page for as long as
// the service asks, or longer while it flaps. What a person declared and a
// storm are never held, and what has no urgency pages nobody. Calling it again
// changes nothing.
func (i *Incident) Begin(now time.Time) {
	if i.Phase != Triggered || i.Holder != "" || i.Held || i.paging() || !i.pages() {
		return
	}
	if i.hold() > 0 && i.Provisional && !i.Storm {
		i.Held = true
		if i.Openings > 0 {
			i.flapAgain(now)
			return
		}
		i.note(now, "held", "Held for %s: nobody is paged if it clears by itself.", catalog.FormatDuration(i.hold()))
		return
	}
	i.pageForAlert(i.triggered(now), "")
}

// hold is for how long the first page waits.
func (i *Incident) hold() time.Duration {
	if i.Openings > 0 {
		return max(i.Policy.Hold, i.Policy.Flapping.Hold)
	}
	return i.Policy.Hold
}

// paging reports whether the escalation has ever begun.
func (i *Incident) paging() bool { return i.Ordinals[string(ForAlert)] > 0 }

// triggered returns the cause of the first escalation: the opening, as the
// clock of the host that opened it has it, but never the future.
func (i *Incident) triggered(now time.Time) time.Time {
	if at := i.Stamp(TriggeredAt); at.Before(now) {
		return at
	}
	return now
}

// HoldEnds returns when the hold ends, or the zero time when nothing is held.
// What flaps and does not fire now is held until it does.
func (i *Incident) HoldEnds() time.Time {
	flaps := i.Openings > 0 || len(i.Flapping()) > 0
	if !i.Held || i.Phase != Triggered || (flaps && !i.loud()) {
		return time.Time{}
	}
	return i.Stamp(TriggeredAt).Add(i.hold())
}

// EndHold pages what was held.
func (i *Incident) EndHold(now time.Time) {
	if !i.Held || i.Phase != Triggered {
		return
	}
	i.Held, i.HeldUntil = false, now.UTC()
	why := ""
	if i.Openings > 0 {
		why = "it flaps: " + i.howOften()
	}
	i.pageForAlert(i.triggered(now), why)
}

// Clone returns a deep copy, on which a command can be tried. It has no
// undrained entries.
func (i *Incident) Clone() *Incident {
	data, err := json.Marshal(i)
	if err != nil {
		panic(fmt.Sprintf("incident: encode %s: %v", i.Number, err)) // plain data: cannot happen
	}
	var out Incident
	if err := json.Unmarshal(data, &out); err != nil {
		panic(fmt.Sprintf("incident: decode %s: %v", i.Number, err))
	}
	return &out
}
