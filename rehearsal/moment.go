package rehearsal

import (
	"fmt"
	"time"
)

// Moment reads a time, in RFC 3339 or as a clock in the zone shows it
// ("2026-10-25T01:00"). What such a clock shows twice means the first time;
// what it never shows is refused.
func Moment(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		wall, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if t, ok := firstShown(wall, zone); ok {
			return t, nil
		}
		return time.Time{}, fmt.Errorf("no clock in %s shows %s: it is skipped; say it with an offset instead, such as 2026-03-29T01:30:00Z", zone, text)
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write it as 2026-10-25T01:00, or with an offset as 2026-10-25T01:00:00+02:00", text)
}

// firstShown returns when clocks of a zone first show a time.
func firstShown(wall time.Time, zone *time.Location) (time.Time, bool) {
	const layout = "2006-01-02 15:04:05"
	var first time.Time
	for _, near := range []time.Time{wall.Add(-24 * time.Hour), wall.Add(24 * time.Hour)} {
		_, offset := near.In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if t.Format(layout) == wall.Format(layout) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first, !first.IsZero()
}

// shown is a time as a transcript shows it.
func shown(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
