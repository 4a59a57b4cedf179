package intake

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// slot is what at most one open incident holds.
type slot struct{ service, key string }

// parcel is what one delivery says about one slot.
type parcel struct {
	slot
	team       string
	title      string
	stormLimit int
	// lately is for how long incidents count that cleared by themselves.
	lately time.Duration
	alerts []alerts.Alert
	// truncated counts firing alerts that the source left out.
	truncated int
	at        time.Time
	// silenced counts the alerts that a silence keeps from paging.
	silenced int
	// number is wanted for a new incident; empty takes the next one.
	number string
	// mild says that none of the alerts pages anybody: they have ended. Urgent
	// says that one of them pages as such.
	mild, urgent bool
}

// sortOut routes every alert. What pages nobody is quiet: it is recorded and
// goes no further. The parcels are in the order in which the delivery names
// them.
//
// What has ended is never quiet: an incident that knows it must hear so, even
// where a route has become quiet since it fired.
func (i *Intake) sortOut(cat *catalog.Catalog, d alerts.Delivery, at time.Time) (parcels, quiet []*parcel) {
	loudAt, quietAt := map[slot]*parcel{}, map[slot]*parcel{}
	for _, a := range d.Alerts {
		routed := cat.Route(a, at)
		i.metrics.unsure(routed.Unsure)
		if len(routed.Routes) > 0 {
			a.Urgency, a.Severity = string(routed.Urgency), string(routed.Severity)
		}
		a.Suppressed = routed.Silence
		bySlot, out := loudAt, &parcels
		if !routed.Pages() && a.Status == alerts.Firing {
			bySlot, out = quietAt, &quiet
		}
		where := slot{routed.Service, routed.Key}
		p := bySlot[where]
		if p == nil {
			p = &parcel{
				slot: where, team: routed.Team, stormLimit: cat.Settings.Storm.Limit(), at: at, mild: true,
				lately: cat.Settings.Flapping.Limit().Within,
			}
			p.asBeat(routed, a)
			bySlot[where] = p
			*out = append(*out, p)
		}
		p.mild = p.mild && !routed.Pages()
		p.urgent = p.urgent || (pages(a) && routed.Urgency == catalog.Urgent)
		if a.Suppressed != "" && routed.Pages() {
			p.silenced++
		}
		p.alerts = append(p.alerts, a)
	}
	for _, p := range parcels {
		p.title = titleOf(p.alerts)
	}
	if d.Truncated > 0 && len(parcels) > 0 {
		largest(parcels).truncated = d.Truncated
	}
	return parcels, quiet
}

func alertsOf(list []*parcel) int {
	n := 0
	for _, p := range list {
		n += len(p.alerts)
	}
	return n
}

func silencedOf(list []*parcel) int {
	n := 0
	for _, p := range list {
		n += p.silenced
	}
	return n
}

// largest is where the alerts that a source left out most likely belong.
func largest(parcels []*parcel) *parcel {
	out := parcels[0]
	for _, p := range parcels[1:] {
		if len(p.alerts) > len(out.alerts) {
			out = p
		}
	}
	return out
}

// pages reports whether an alert fires and is not suppressed.
func pages(a alerts.Alert) bool { return a.Status == alerts.Firing && a.Suppressed == "" }

// titleOf is the summary of the first alert that pages.
func titleOf(list []alerts.Alert) string {
	for _, a := range list {
		if pages(a) {
			return cut(a.Summary(), maxTitle)
		}
	}
	return cut(list[0].Summary(), maxTitle)
}

func (p *parcel) claim(number string) store.Claim {
	return store.Claim{
		Service: p.service, Team: p.team, Key: p.key, Title: p.title,
		StormLimit: p.stormLimit, Alerts: p.alerts, Truncated: p.truncated, At: p.at, Number: cmp.Or(number, p.number),
		Lately: p.lately, Urgent: p.urgent,
	}
}

// open makes the incident that an errand starts, by the catalog in force. A
// service that has left the catalog is answered for by the catch-all.
func (i *Intake) open(cat *catalog.Catalog, e *errand) *incident.Incident {
	policy, ok := cat.Policy(e.Service)
	if !ok {
		policy, _ = cat.Policy(cat.Settings.CatchAll)
	}
	o := incident.Opening{
		Number: e.Number, Title: e.Title, Key: e.Key, Storm: e.Storm, Recurs: e.Recurs, Cleared: e.Cleared, Policy: policy, At: e.At,
	}
	if e.Storm {
		o.Title = cut("Alert storm on "+policy.ServiceName, maxTitle)
	}
	for _, use := range fitting(cat, e, policy.Service) {
		b, known := i.runbook(use.Name)
		o.Runbooks = append(o.Runbooks, incident.RunbookOffered{
			Name: use.Name, About: b.About, Params: use.Params, ReadOnly: known && !b.Changes(), Auto: use.Auto,
		})
	}
	o.Suspects = i.suspects(cat, e, policy.Service)
	if e.declared != nil {
		e.declared.complete(&o)
		return incident.New(o)
	}
	o.Drill = incident.IsBeat(e.Number)
	o.Urgency, o.Severity, o.Policy.Hold = demanded(cat, e, policy.Hold)
	o.Source, o.Labels = sourceOf(e.Alerts), common(e.Alerts)
	o.By = incident.Machine(o.Source)
	return incident.New(o)
}

// suspects are the changes that may be the cause of what an errand opens.
func (i *Intake) suspects(cat *catalog.Catalog, e *errand, service string) []incident.Suspect {
	if incident.IsBeat(e.Number) {
		return nil
	}
	owner, _ := cat.Service(service)
	scene := changes.Scene{Began: e.At, Service: service, DependsOn: owner.DependsOn}
	for _, a := range e.Alerts {
		if pages(a) && !a.StartsAt.IsZero() && a.StartsAt.Before(scene.Began) {
			scene.Began = a.StartsAt
		}
	}
	return changes.Briefs(changes.Suspects(i.changes.Of(scene.Services()...), scene, changes.Most))
}

// common are the labels that all alerts have, with the same value.
func common(list []alerts.Alert) map[string]string {
	if len(list) == 0 {
		return nil
	}
	out := maps.Clone(list[0].Labels)
	for _, a := range list[1:] {
		maps.DeleteFunc(out, func(name, value string) bool { return a.Labels[name] != value })
	}
	return out
}

// demanded returns the most urgent urgency and the worst severity that any
// firing alert asks for, and the shortest hold; without any, that of the
// service.
func demanded(cat *catalog.Catalog, e *errand, usual time.Duration) (urgency catalog.Urgency, severity catalog.Level, hold time.Duration) {
	hold = usual
	for _, a := range e.Alerts {
		routed := cat.Route(a, e.At)
		if !pages(a) || !routed.Pages() {
			continue
		}
		if routed.Service == e.Service && (urgency == "" || routed.Hold < hold) {
			hold = routed.Hold
		}
		if urgency == "" || routed.Urgency == catalog.Urgent {
			urgency = routed.Urgency
		}
		// SEV1 is the worst, and the first by name.
		if severity == "" || routed.Severity < severity {
			severity = routed.Severity
		}
	}
	return cmp.Or(urgency, catalog.DefaultUrgency), cmp.Or(severity, catalog.DefaultLevel), hold
}

func sourceOf(list []alerts.Alert) string {
	for _, a := range list {
		if a.Source != "" {
			return a.Source
		}
	}
	return "alert"
}

// fitting returns the runbooks that fit any of the alerts, each once; without
// any alert, as of an incident declared by hand, all of the service's.
func fitting(cat *catalog.Catalog, e *errand, service string) []catalog.RunbookUse {
	var fit []catalog.RunbookUse
	if e.declared != nil && len(e.Alerts) == 0 {
		s, _ := cat.Service(service)
		fit = s.Runbooks
	}
	for _, a := range e.Alerts {
		fit = append(fit, cat.RunbooksFor(service, a.Labels)...)
	}
	var out []catalog.RunbookUse
	for _, use := range fit {
		if !slices.ContainsFunc(out, func(o catalog.RunbookUse) bool { return o.Name == use.Name }) {
			out = append(out, use)
		}
	}
	return out
}
