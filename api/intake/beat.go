package intake

import (
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// A beat takes the way of every alert, with two differences: its number is
// made of its moment, so that the beats of all processes are one and none uses
// up a number; and it is never opened twice, late or anew: what it would prove
// then is not true any more.

// asBeat gives the parcel of a beat the number of its moment, and no part in
// storms and in what flaps.
func (p *parcel) asBeat(routed catalog.Routed, a alerts.Alert) {
	if routed.Service == catalog.Watchdog {
		p.number, p.stormLimit, p.lately = incident.BeatNumber(a.StartsAt), 0, 0
	}
}

// missed reports whether an errand is a beat that comes too late to prove
// anything: it is dropped, as if Temporal had accepted it.
func (i *Intake) missed(e *errand) bool {
	at, ok := incident.BeatTime(e.Number)
	return ok && !e.Started && i.now().Sub(at) > incident.BeatFresh
}
