package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
)

// Alert is the last word of an alert, and how often it was heard of.
type Alert struct {
	alerts.Alert
	// Count counts deliveries: copies, repeats and late ones too.
	Count int
	First time.Time
	Last  time.Time
}

// Alerts lists the alerts of an incident, also those beyond the ones that the
// incident itself carries, by when they were first heard of, and the cursor
// of what comes next, which is empty at the end. Without a number it lists the
// alerts that belong to none. The limit is within 1..200,
// zero means 50; a cursor that was not made here is Invalid.
func (s *Store) Alerts(ctx context.Context, number, after string, limit int) ([]Alert, string, error) {
	var c condition
	c.and("number = ?", number)
	if err := c.after("first_seen", "fingerprint", after); err != nil {
		return nil, "", err
	}
	limit = limited(limit)
	query := `SELECT fingerprint, count, first_seen, last_seen, alert FROM facts` + c.where() +
		` ORDER BY first_seen, fingerprint LIMIT ?`
	rows, err := list[factRow](ctx, s, query, append(c.args, limit+1)...)
	if err != nil {
		return nil, "", failed(err, "list the alerts of "+number)
	}
	rows, next := cut(rows, limit, func(r factRow) string { return timeCursor(r.First, r.Fingerprint) })
	out := make([]Alert, len(rows))
	for i, r := range rows {
		out[i] = Alert{Count: r.Count, First: r.First.Time(), Last: r.Last.Time()}
		if err := json.Unmarshal([]byte(r.Alert), &out[i].Alert); err != nil {
			return nil, "", failed(err, "read an alert of "+number)
		}
	}
	return out, next, nil
}
