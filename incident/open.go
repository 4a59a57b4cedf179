package incident

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

// Opening is what is known when an incident begins.
type Opening struct {
	Number string
	Title  string
	Key    string
	Storm  bool
	// Recurs names the earlier incident of the same key, if there is one.
	Recurs   string
	Policy   catalog.Policy
	Urgency  catalog.Urgency
	Severity catalog.Level
	// Impact is set when a person declares it.
	Impact   Impact
	Runbooks []RunbookOffered
	// By is who or what opened it, Source through what.
	By     Actor
	Source string
	At     time.Time
}

// New opens an incident in phase triggered. Paging has not begun: Begin does
// that, when the workflow runs.
func New(o Opening) *Incident {
	i := &Incident{
		Number: o.Number, Title: o.Title, Phase: Triggered, Service: o.Policy.Service, Team: o.Policy.Team,
		Key: o.Key, Storm: o.Storm, Origin: o.Source, Recurs: o.Recurs,
		Urgency: o.Urgency, Severity: o.Severity, Provisional: o.By.Kind != APerson, Impact: o.Impact,
		Runbooks: o.Runbooks, Policy: o.Policy, HoldsKey: o.Key != "",
	}
	if o.By.Kind == APerson {
		i.Highest = o.Severity
	}
	i.Clocks.Stamps = map[Clock]time.Time{TriggeredAt: o.At}
	text := fmt.Sprintf("%s opened: %s", o.Number, o.Title)
	if o.Recurs != "" {
		text += " (recurrence of " + o.Recurs + ")"
	}
	i.record(Entry{Kind: "opened", Occurred: o.At, Recorded: o.At, Actor: o.By, Source: o.Source, Text: text, Highlight: true})
	return i
}

// Begin starts the response: it pages, or holds the first page for as long as
// the service asks. Calling it again changes nothing.
func (i *Incident) Begin(now time.Time) {
	if i.Ordinals["alert"] > 0 || i.Held {
		return
	}
	if i.Policy.Hold > 0 && i.Origin != "" && i.Provisional {
		i.Held = true
		i.note(now, "held", "Held for %s: nobody is paged if it clears by itself.", i.Policy.Hold)
		return
	}
	i.pageForAlert(now, "")
}

// HoldEnds returns when the hold ends, or the zero time when nothing is held.
func (i *Incident) HoldEnds() time.Time {
	if !i.Held || i.Phase != Triggered {
		return time.Time{}
	}
	return i.Stamp(TriggeredAt).Add(i.Policy.Hold)
}

// EndHold pages what was held.
func (i *Incident) EndHold(now time.Time) {
	if !i.Held || i.Phase != Triggered {
		return
	}
	i.Held = false
	i.pageForAlert(now, "")
}

// maxAlerts bounds the alerts that are carried; the rest are counted.
const maxAlerts = 50

// TakeAlerts applies what monitoring says. Copies and repeats change nothing,
// and neither does a delivery about an earlier start than the one known.
func (i *Incident) TakeAlerts(batch []alerts.Alert, more int, now time.Time) {
	before := i.Counts.Firing + i.Counts.More
	fired := 0
	i.Counts.More = more
	for _, a := range batch {
		if i.takeAlert(a) && a.Status == alerts.Firing {
			fired++
		}
	}
	i.countFiring()
	switch {
	case fired > 0:
		i.fired(batch, before, now)
	case before > 0 && i.Counts.Firing+i.Counts.More == 0:
		i.cleared(now)
	}
}

// takeAlert keeps the last word of one alert and reports whether it is news.
func (i *Incident) takeAlert(a alerts.Alert) bool {
	state := AlertState{Fact: a.Fact(), Name: a.Name(), Summary: a.Summary(), EndsAt: a.EndsAt}
	n := slices.IndexFunc(i.Alerts, func(s AlertState) bool { return s.Fingerprint == a.Fingerprint })
	if n < 0 {
		i.Counts.Alerts++
		if len(i.Alerts) >= maxAlerts && !i.dropQuiet() {
			if a.Status == alerts.Firing {
				i.Counts.More++
			}
			return true
		}
		i.Alerts = append(i.Alerts, state)
		return true
	}
	known := i.Alerts[n]
	stale := a.StartsAt.Before(known.StartsAt)
	ended := a.StartsAt.Equal(known.StartsAt) && known.Status == alerts.Resolved
	if stale || ended || known.Fact == state.Fact {
		return false
	}
	i.Alerts[n] = state
	return true
}

// dropQuiet makes room for a new alert by forgetting one that is resolved.
func (i *Incident) dropQuiet() bool {
	n := slices.IndexFunc(i.Alerts, func(s AlertState) bool { return s.Status == alerts.Resolved })
	if n < 0 {
		return false
	}
	i.Alerts = slices.Delete(i.Alerts, n, n+1)
	return true
}

func (i *Incident) countFiring() {
	i.Counts.Firing = 0
	for _, a := range i.Alerts {
		if a.Status == alerts.Firing {
			i.Counts.Firing++
		}
	}
}

// Firing reports whether any alert's condition still holds.
func (i *Incident) Firing() bool { return i.Counts.Firing+i.Counts.More > 0 }

// fired applies a new firing alert: what it says beyond the last ack pages
// the holder again.
func (i *Incident) fired(batch []alerts.Alert, before int, now time.Time) {
	i.note(now, "alert.firing", "%d of %d alerts fire: %s", i.Counts.Firing+i.Counts.More, i.Counts.Alerts, names(batch))
	i.Recovered = false
	urgent := i.Urgency != catalog.Urgent && i.urgencyOf(batch) == catalog.Urgent
	if urgent {
		i.Urgency = catalog.Urgent
	}
	switch {
	case i.Phase == Mitigated || i.Phase == Resolved:
		i.relapse(Self(), now, "an alert fires again: "+names(batch))
	case urgent && i.Phase != Triggered:
		i.pageHolderAgain(now, "a more urgent alert fires: "+names(batch))
	case urgent:
		i.pageForAlert(now, "now urgent")
	}
}

// urgencyOf returns the most urgent way in which an alert of the batch pages.
func (i *Incident) urgencyOf(batch []alerts.Alert) catalog.Urgency {
	for _, a := range batch {
		mapped, ok := i.Policy.AlertSeverities[a.Labels["severity"]]
		if a.Status == alerts.Firing && (!ok || mapped.Urgency == catalog.Urgent) {
			return catalog.Urgent
		}
	}
	return catalog.Ordinary
}

// cleared applies that the last firing alert went away.
func (i *Incident) cleared(now time.Time) {
	i.note(now, "alert.cleared", "All alerts cleared.")
	switch {
	case i.Phase == Triggered && i.grave() && !i.Held:
		i.Recovered = true
		i.note(now, "recovered", "Recovered before anyone acknowledged; paging goes on for %s.", i.Severity)
	case i.Phase == Triggered:
		i.endTransient(now)
	case i.Phase == Triaging || i.Phase == Mitigating:
		i.tell(now, []string{i.Holder}, "", "All alerts of "+i.Number+" cleared. Is it mitigated?")
	}
}

func (i *Incident) endTransient(now time.Time) {
	i.Held = false
	i.move(Transient, now, Self(), "It cleared by itself before anyone acknowledged.")
	i.endAll(now, "")
	i.tell(now, i.Paged, "", i.Number+" cleared by itself. Nothing to do.")
}

// grave reports whether this is a SEV1 or SEV2.
func (i *Incident) grave() bool { return i.Severity == catalog.SEV1 || i.Severity == catalog.SEV2 }

// names lists the names of the alerts of a batch, without repeats.
func names(batch []alerts.Alert) string {
	seen := map[string]bool{}
	for _, a := range batch {
		seen[a.Name()] = true
	}
	list := slices.Sorted(maps.Keys(seen))
	if len(list) > 5 {
		return fmt.Sprintf("%s and %d more", join(list[:5]), len(list)-5)
	}
	return join(list)
}

// Clone returns a deep copy, on which a command can be tried.
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
