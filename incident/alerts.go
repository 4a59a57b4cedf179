package incident

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

const (
	// maxAlerts bounds the alerts that are carried; the rest are counted.
	maxAlerts = 50
	// maxServices bounds the affected services that are told apart.
	maxServices = 50
)

// TakeAlerts applies what monitoring says; more counts the firing alerts that
// were left out. Copies and repeats change nothing, and neither does a
// delivery about an earlier start than the one known. What is suppressed counts
// as firing and pages nobody, until it comes again without being so. What flaps
// pages nobody again, unless it is more urgent, and does not count as cleared.
// What has ended within the batch in which it fires is no news.
//
// What fires after the incident is over, or after it was stable for the
// stabilisation window, belongs to a new, linked incident: it is kept in
// Outbox.Recurrence until Recurred says that it was handed on.
func (i *Incident) TakeAlerts(batch []alerts.Alert, more int, now time.Time) {
	before := i.stands()
	i.Counts.More = max(more, 0)
	var fired, suppressed []alerts.Alert
	for _, a := range batch {
		switch news := i.takeAlert(a, now) && a.Status == alerts.Firing; {
		case news && a.Suppressed != "":
			suppressed = append(suppressed, a)
		case news && i.calmed(a):
			i.Recovered = false
		case news:
			fired = append(fired, a)
		}
	}
	if len(suppressed) > 0 {
		i.note(now, "alert.suppressed", "%s fires under silence %s and pages nobody.", names(suppressed), suppressed[0].Suppressed)
	}
	fired = slices.DeleteFunc(fired, i.ended)
	i.countFiring()
	i.Revision++
	switch {
	case len(fired) > 0 && i.past(now):
		i.recur(fired, now)
	case len(fired) > 0:
		i.fired(fired, now)
	case before && !i.stands() && !i.Phase.Over():
		i.cleared(now)
	}
}

// ended reports whether the last word of an alert is that it has ended.
func (i *Incident) ended(a alerts.Alert) bool {
	return slices.ContainsFunc(i.Alerts, func(s AlertState) bool {
		return s.Fingerprint == a.Fingerprint && s.Status == alerts.Resolved
	})
}

// takeAlert takes in what a delivery says of one alert and reports whether it
// is news.
func (i *Incident) takeAlert(a alerts.Alert, now time.Time) bool {
	state := AlertState{Fact: a.Fact(), Name: cut(a.Name()), Summary: cut(a.Summary()), EndsAt: a.EndsAt.UTC(), Suppressed: a.Suppressed}
	state.StartsAt = state.StartsAt.UTC()
	return i.takeState(state, now)
}

// takeState keeps the last word of one alert and reports whether it is news.
func (i *Incident) takeState(state AlertState, now time.Time) bool {
	n := slices.IndexFunc(i.Alerts, func(s AlertState) bool { return s.Fingerprint == state.Fingerprint })
	if n < 0 {
		i.Counts.Alerts++
		if len(i.Alerts) >= maxAlerts && !i.dropQuiet() {
			if state.Status == alerts.Firing {
				i.Counts.More++
			}
			return true
		}
		i.Alerts = append(i.Alerts, state)
		return true
	}
	known := i.Alerts[n]
	stale := state.StartsAt.Before(known.StartsAt)
	copied := state.StartsAt.Equal(known.StartsAt) && known.Status == alerts.Resolved &&
		(known.EndsAt.IsZero() || now.Sub(known.EndsAt) < alerts.CopiesWithin)
	lifted := known.Suppressed != "" && state.Suppressed == ""
	if stale || copied || known.Fact == state.Fact && !lifted {
		return false
	}
	if state.Summary == state.Name { // many who send say it only while it fires
		state.Summary = known.Summary
	}
	i.Alerts[n] = state
	if known.Status != state.Status || !known.StartsAt.Equal(state.StartsAt) {
		i.changed(state, now)
	}
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
	i.forgetFlaps()
}

// Firing reports whether any alert's condition still holds.
func (i *Incident) Firing() bool { return i.Counts.Firing+i.Counts.More > 0 }

// loud reports whether any alert fires that no silence keeps from paging.
func (i *Incident) loud() bool {
	return i.Counts.More > 0 || slices.ContainsFunc(i.Alerts, func(a AlertState) bool {
		return a.Status == alerts.Firing && a.Suppressed == ""
	})
}

// past reports whether what fires now is a recurrence and not this incident.
func (i *Incident) past(now time.Time) bool {
	stable := i.Phase == Resolved && (!now.Before(i.Stabilised()) || (i.keyed() && !i.HoldsKey))
	return stable || i.Phase.Over()
}

// maxRecurrence bounds the alerts that are carried to the next incident.
const maxRecurrence = 20

// recur owes a new incident for alerts that came too late for this one.
func (i *Incident) recur(fired []alerts.Alert, now time.Time) {
	i.FreeKey(now)
	room := max(maxRecurrence-len(i.Outbox.Recurrence), 0)
	i.Outbox.Recurrence = append(i.Outbox.Recurrence, fired[:min(room, len(fired))]...)
	i.note(now, "recurrence", "Fires again after the end: %s. That is a new incident.", names(fired))
}

// Recurred says that the first n alerts of Outbox.Recurrence were handed on;
// number names their new incident when it is known. What came in meanwhile is
// owed still.
func (i *Incident) Recurred(n int, number string, now time.Time) {
	i.Outbox.Recurrence = slices.Clone(i.Outbox.Recurrence[min(n, len(i.Outbox.Recurrence)):])
	i.note(now, "recurred", "The recurrence was handed on as %s.", cmp.Or(number, "a new incident"))
}

// fired applies new firing alerts: what they say beyond the last ack pages
// the holder again.
func (i *Incident) fired(fired []alerts.Alert, now time.Time) {
	i.note(now, "alert.firing", "%d of %d alerts fire: %s", i.Counts.Firing+i.Counts.More, i.Counts.Alerts, names(fired))
	i.Recovered = false
	wider := i.affects(fired)
	urgent := i.worsen(fired, now)
	switch {
	case i.Phase == Mitigated || i.Phase == Resolved:
		i.relapse(Header{By: Self(), At: now}, "an alert fires again: "+names(fired), now)
	case i.Held:
		if i.Openings > 0 && (urgent || i.grave()) {
			i.EndHold(now)
		}
	case i.Phase == Triggered && !i.paging():
		if urgent {
			i.Begin(now)
		}
	case urgent:
		i.pageAgain(now, "a more urgent alert fires: "+names(fired), true)
	case wider != "":
		i.pageAgain(now, wider+" is affected too: "+names(fired), false)
	}
}

// worsen raises what the alerts say is worse, and reports whether they are
// more urgent. A severity that a person confirmed is left to people.
func (i *Incident) worsen(fired []alerts.Alert, now time.Time) (urgent bool) {
	before := i.Severity
	for _, a := range fired {
		mapped := i.Policy.AlertSeverities[a.Labels["severity"]]
		if u := i.urgencyOf(a); urgencyRank(u) > urgencyRank(i.Urgency) {
			i.Urgency, urgent = u, true
		}
		if s := cmp.Or(catalog.Level(a.Severity), mapped.Severity, catalog.DefaultLevel); i.Provisional && worse(s, i.Severity) {
			i.Severity = s
		}
	}
	if i.Severity != before {
		i.note(now, "severity.raised", "Provisionally %s (was %s).", i.Severity, cmp.Or(before, unknown))
		i.applyPolicy(now)
	}
	return urgent
}

// urgencyOf returns how an alert pages.
func (i *Incident) urgencyOf(a alerts.Alert) catalog.Urgency {
	return cmp.Or(catalog.Urgency(a.Urgency), i.Policy.AlertSeverities[a.Labels["severity"]].Urgency, catalog.DefaultUrgency)
}

func urgencyRank(u catalog.Urgency) int {
	return slices.Index([]catalog.Urgency{catalog.NotPaged, catalog.Ordinary, catalog.Urgent}, u)
}

// affects notes which services the alerts name, and returns one that was not
// known to be affected before; the first ones are what the incident is about.
func (i *Incident) affects(fired []alerts.Alert) string {
	known, wider := len(i.Affected) > 0, ""
	for _, a := range fired {
		service := a.Labels["service"]
		if service == "" || slices.Contains(i.Affected, service) || len(i.Affected) >= maxServices {
			continue
		}
		i.Affected = append(i.Affected, service)
		if known && wider == "" {
			wider = service
		}
	}
	return wider
}

// cleared applies that the last firing alert went away. Before any ack the
// incident ends, unless it is grave, a person stands for it, or it has left
// something degraded.
func (i *Incident) cleared(now time.Time) {
	i.note(now, "alert.cleared", "All alerts cleared.")
	switch {
	case i.Phase == Triggered && !i.Held && (i.grave() || !i.Provisional):
		i.Recovered = true
		i.note(now, "recovered", "Recovered before anyone acknowledged; paging goes on.")
	case i.Phase == Triggered && i.Outbox.Merge != nil: // the other incident must hear of it first
	case i.Phase == Triggered && i.unsettled() != nil: // what it has begun must be seen to its end
	case i.Phase == Triggered && len(i.degraded()) > 0:
		i.Recovered = true
		i.note(now, "recovered", "Recovered by what was degraded, which somebody has to restore; paging goes on.")
		i.EndHold(now)
	case i.Phase == Triggered:
		i.move(Transient, now, Self(), "It cleared by itself before anyone acknowledged.")
		i.tell(now, i.Paged, "", i.Number+" cleared by itself. Nothing to do.")
	case i.Phase == Triaging || i.Phase == Mitigating:
		i.tell(now, []string{i.Holder}, "", "All alerts of "+i.Number+" cleared. Is it mitigated?")
	}
}

// grave reports whether this is a SEV1 or SEV2 now.
func (i *Incident) grave() bool { return i.Severity == catalog.SEV1 || i.Severity == catalog.SEV2 }

// names lists the names of some alerts, without repeats.
func names(batch []alerts.Alert) string {
	seen := map[string]bool{}
	for _, a := range batch {
		seen[cut(a.Name())] = true
	}
	list := slices.Sorted(maps.Keys(seen))
	if len(list) > 5 {
		return fmt.Sprintf("%s and %d more", join(list[:5]), len(list)-5)
	}
	return join(list)
}
