package store

import (
	"encoding/json"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// maxListed bounds the alerts of one incident that fire at once and that it
// is told by name.
const maxListed = 50

// claim decides on one claim and changes the desk accordingly.
func (d *desk) claim(c Claim) Claimed {
	row, known := d.held[pair{c.Service, c.Key}]
	var out Claimed
	if !known {
		if !slices.ContainsFunc(c.Alerts, func(a alerts.Alert) bool { return d.opens(c, a) }) {
			for _, a := range c.Alerts {
				d.note(c, a, nil)
			}
			return out
		}
		row, out.New = d.assign(c)
	}
	out.Number, out.Key, out.Storm = row.Number, row.Key, row.Storm != 0
	out.Started = !row.Started.Time().IsZero()
	if out.New {
		out.Recurs, out.Cleared = row.Recurs, row.Cleared
	}
	before := row.beyond()
	out.News = d.tell(c, row)
	out.More = row.beyond()
	if len(out.News) > 0 || bits.Len(uint(before)) != bits.Len(uint(out.More)) {
		out.Outbox = d.want(c, out)
	}
	return out
}

// opens reports whether an alert calls for an incident when none is open: it
// fires, is not suppressed, and is not known to have ended already. The number
// of a beat is used once.
func (d *desk) opens(c Claim, a alerts.Alert) bool {
	if d.taken[c.Number] && incident.IsBeat(c.Number) {
		return false
	}
	return a.Status == alerts.Firing && a.Suppressed == "" && !stale(d.facts[factID{c.Service, c.Key, a.Fingerprint}], a, c.At)
}

// stale reports whether a delivery is about an earlier time than what is
// known, or is a late copy that says an alert fires whose end is known. A
// source that does not say since when is taken at its word.
func stale(known *factRow, a alerts.Alert, at time.Time) bool {
	if known == nil || a.StartsAt.IsZero() {
		return false
	}
	starts := stampOf(a.StartsAt).Time()
	return starts.Before(known.Starts.Time()) ||
		starts.Equal(known.Starts.Time()) && !known.firing() && a.Status == alerts.Firing &&
			at.Sub(known.Last.Time()) < alerts.CopiesWithin
}

// assign gives a new key to an incident: to one of its own, or to the storm
// of its service when too many came within a minute. It reports whether the
// incident is new.
func (d *desk) assign(c Claim) (*claimRow, bool) {
	d.rates[c.Service]++
	at := pair{c.Service, c.Key}
	if c.StormLimit <= 0 || d.rates[c.Service] <= c.StormLimit {
		return d.open(c, at, c.Title), true
	}
	storm := pair{c.Service, incident.StormKey}
	row, known := d.held[storm]
	if !known {
		row = d.open(c, storm, "Alert storm at "+c.Service)
		row.Storm = 1
	}
	if at != storm {
		d.hold(c, at, row)
	}
	return row, !known
}

// open makes an incident that holds a key.
func (d *desk) open(c Claim, at pair, title string) *claimRow {
	row := &claimRow{
		Number: d.number(c.Number), Service: c.Service, Team: c.Team, Key: at.key, Title: title,
		Recurs: d.earlier[at], Cleared: d.cleared(c, at), At: stampOf(c.At),
	}
	d.opened = append(d.opened, row)
	d.hold(c, at, row)
	return row
}

// cleared counts the latest incidents of a key that paged somebody and cleared
// by themselves. One that ended otherwise says that people saw to it: what came
// before it does not count.
func (d *desk) cleared(c Claim, at pair) int {
	n, since := 0, c.At.Add(-c.Lately)
	for _, e := range d.ended[at] {
		switch {
		case e.Reason != string(incident.Transient):
			n = 0
		case e.Paged == "" || (c.Urgent && e.Paged != string(catalog.Urgent)):
		case e.At.Time().After(since):
			n++
		}
	}
	return n
}

func (d *desk) hold(c Claim, at pair, row *claimRow) {
	d.held[at] = row
	d.joined = append(d.joined, keyRow{Service: at.service, Key: at.key, Number: row.Number, At: stampOf(c.At)})
}

// number returns the wanted number when it is free, else the next one.
func (d *desk) number(wanted string) string {
	if wanted != "" && !d.taken[wanted] {
		d.taken[wanted] = true
		return wanted
	}
	d.counters.Incident++
	return incident.NumberPrefix + strconv.FormatInt(d.counters.Incident, 10)
}

// tell notes what the alerts say and returns what the incident must hear of
// it. Resolved alerts come first: they make room in the list.
func (d *desk) tell(c Claim, row *claimRow) []alerts.Alert {
	if row.Truncated != c.Truncated {
		row.Truncated = c.Truncated
		d.count(row)
	}
	var news []alerts.Alert
	for _, status := range []alerts.Status{alerts.Resolved, alerts.Firing} {
		for _, a := range c.Alerts {
			if a.Status != status {
				continue
			}
			known := d.facts[factID{c.Service, c.Key, a.Fingerprint}]
			if a.Suppressed != "" && (known == nil || known.Number != row.Number) {
				d.note(c, a, nil) // it is none of the incident's until it pages
				continue
			}
			unknown := known == nil
			if told := d.note(c, a, row); told && (status == alerts.Firing || !unknown || len(news) < maxListed) {
				news = append(news, a)
			}
		}
	}
	return news
}

// note keeps what a delivery says of an alert, for the incident of row or for
// none, and reports whether the incident must hear it.
func (d *desk) note(c Claim, a alerts.Alert, row *claimRow) bool {
	id := factID{c.Service, c.Key, a.Fingerprint}
	known := d.facts[id]
	now := factRow{Service: c.Service, Key: c.Key, Fingerprint: a.Fingerprint, First: stampOf(c.At)}
	if known != nil {
		now = *known
	}
	now.Count++
	if !stale(known, a, c.At) {
		now.Last = stampOf(c.At)
		now.Suppressed = suppression(known, a, row, c.At)
	}
	heard := false
	if isNews(known, a, row, c.At) {
		now.Status, now.Starts, now.Alert = string(a.Status), stampOf(a.StartsAt), encode(a)
		if row != nil {
			heard = d.list(known, &now, row)
		}
	}
	d.facts[id], d.seen[id] = &now, &now
	return heard
}

// noteOnly keeps what a delivery says of an alert that pages nobody.
func (d *desk) noteOnly(c Claim, a alerts.Alert) {
	id := factID{c.Service, c.Key, a.Fingerprint}
	row, known := d.held[pair{c.Service, c.Key}], d.facts[id]
	if row != nil && known != nil && known.Number == row.Number {
		return
	}
	d.note(c, a, nil)
	d.facts[id].Number, d.facts[id].Listed = "", 0
}

// suppression returns the silence that keeps an alert from paging from now on.
// A silence that begins later does not touch what an open incident knows to
// fire.
func suppression(known *factRow, a alerts.Alert, row *claimRow, at time.Time) string {
	switch {
	case a.Status != alerts.Firing:
		return ""
	case row != nil && known != nil && known.Number == row.Number && a.Suppressed != "" && !isNews(known, a, row, at):
		return known.Suppressed
	}
	return a.Suppressed
}

// isNews reports whether a delivery changes what is known of an alert.
// Copies, repeats and late deliveries do not; an alert that still fires is
// news for an incident that it did not belong to.
func isNews(known *factRow, a alerts.Alert, row *claimRow, at time.Time) bool {
	switch {
	case known == nil:
		return true
	case stale(known, a, at):
		return false
	case row != nil && known.Number != row.Number && known.firing():
		return true
	case row != nil && known.Suppressed != "" && known.firing() && a.Suppressed == "":
		return true
	}
	return known.Status != string(a.Status) || !known.Starts.Time().Equal(stampOf(a.StartsAt).Time())
}

// list moves an alert to the incident of row, by name while there is room and
// as a count beyond, and reports whether it is told by name.
func (d *desk) list(known, now *factRow, row *claimRow) bool {
	d.count(row)
	counted := false
	if known != nil && known.Number == row.Number && known.firing() {
		if known.Listed != 0 {
			row.Listed--
		} else {
			row.More--
			counted = true
		}
	}
	now.Number = row.Number
	if !now.firing() {
		return !counted
	}
	now.Listed = asNumber(row.Listed < maxListed)
	row.Listed += now.Listed
	row.More += 1 - now.Listed
	return now.Listed != 0
}

// count marks that the counts of an incident have changed; those of a new one
// are written with it.
func (d *desk) count(row *claimRow) {
	if !slices.Contains(d.opened, row) {
		d.changed[row.Number] = row
	}
}

// want adds what an incident must hear to the outbox.
func (d *desk) want(c Claim, out Claimed) int64 {
	d.counters.Outbox++
	d.wanted = append(d.wanted, outboxRow{
		ID: d.counters.Outbox, Number: out.Number, Alerts: encode(out.News), More: out.More, At: stampOf(c.At),
	})
	return d.counters.Outbox
}

// encode writes what is made of texts and times only, which JSON can always
// hold.
func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "[]"
	}
	return string(text)
}
