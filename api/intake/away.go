package intake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// awayNumber makes the number of an incident without the store: equal
// deliveries make equal numbers. What began when the source does not say is
// told apart by the day.
func awayNumber(s slot, list []alerts.Alert, at time.Time, try int) string {
	return awayHash(s.service, s.key, began(list, at).UTC().Format(time.RFC3339Nano), fmt.Sprint(try))
}

func awayHash(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return incident.AwayPrefix + hex.EncodeToString(sum[:6])
}

// began returns when the first of the firing alerts began.
func began(list []alerts.Alert, at time.Time) time.Time {
	var first time.Time
	for _, a := range list {
		if a.Status != alerts.Firing || a.StartsAt.IsZero() {
			continue
		}
		if first.IsZero() || a.StartsAt.Before(first) {
			first = a.StartsAt
		}
	}
	if first.IsZero() {
		return at.UTC().Truncate(24 * time.Hour)
	}
	return first
}

// placeAway pages without the store: a known key is signalled, an unknown one
// opens an incident. A key that was claimed may belong to an incident that
// Temporal never accepted: it is started under its own number, since the store
// will send it under that one too.
func (i *Intake) placeAway(ctx context.Context, p *parcel) (Placed, error) {
	if !i.keys.known() {
		return Placed{}, incident.Errorf(incident.Unavailable, "the store is away and was never read by this process: send it again")
	}
	held, ok := i.keys.find(p.slot)
	news := i.keys.untold(p.slot, p.alerts)
	i.metrics.fate(fateRepeat, len(p.alerts)-len(news))
	if len(news) == 0 {
		return Placed{Number: held.number, Service: p.service, Key: p.key}, nil
	}
	row := store.Outbox{
		Number: held.number, Service: p.service, Team: p.team, Key: p.key, Title: p.title,
		Alerts: news, More: p.truncated, At: p.at,
		Started: i.keys.hasBegun(held.number),
	}
	if !ok && p.mild {
		return Placed{Service: p.service, Key: p.key}, nil
	}
	if !ok {
		if !slices.ContainsFunc(news, pages) {
			return Placed{}, incident.Errorf(incident.Unavailable, "the store is away and what these alerts end, or whether they are silenced, cannot be kept: send it again")
		}
		i.beginAway(p, &row)
	}
	e := newErrand(row)
	e.away = !ok || held.away
	e = i.dispatch.send(e)
	if err := e.wait(ctx); err != nil {
		return Placed{}, err
	}
	i.keys.tell(p.slot, news)
	i.metrics.fate(fateSent, len(news))
	return Placed{Number: e.Number, Service: p.service, Key: row.Key, New: !ok, News: len(news)}, nil
}

// beginAway gives a row the number of a new incident, or makes it part of the
// service's storm.
func (i *Intake) beginAway(p *parcel, row *store.Outbox) {
	if i.keys.bear(p.service, p.stormLimit, p.at) {
		row.Key, row.Storm = incident.StormKey, true
		if storm, ok := i.keys.find(slot{p.service, incident.StormKey}); ok {
			row.Number, row.Started = storm.number, i.keys.hasBegun(storm.number)
			return
		}
		// Every delivery of one storm must make the same number.
		row.Number = awayHash(p.service, incident.StormKey, p.at.UTC().Truncate(time.Hour).Format(time.RFC3339))
		return
	}
	row.Number = cmp.Or(p.number, awayNumber(p.slot, row.Alerts, p.at, 0))
}
