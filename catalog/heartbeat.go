package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
)

// Heartbeat is a sign of life that is expected again and again: its absence is
// an alert.
type Heartbeat struct {
	ID string `yaml:"id" json:"id"`
	// Service is paged when it is missed.
	Service string        `yaml:"service" json:"service"`
	Every   time.Duration `yaml:"every" json:"every"`
	// Grace is how late it may be; Every when zero.
	Grace time.Duration `yaml:"grace" json:"grace,omitempty"`
	// Labels are added to the alert, such as its severity.
	Labels map[string]string `yaml:"labels" json:"labels,omitempty"`
}

// HeartbeatMissed is the name of the alert about a heartbeat.
const HeartbeatMissed = "HeartbeatMissed"

// minHeartbeat is the shortest that can be told from an accident.
const minHeartbeat = 10 * time.Second

// Deadline returns when the heartbeat is missed that was last heard, or that
// is waited for, since then.
func (h Heartbeat) Deadline(since time.Time) time.Time {
	return since.Add(h.Every + cmp.Or(h.Grace, h.Every))
}

// Alert returns the alert that the heartbeat is missed since a time.
func (h Heartbeat) Alert(status alerts.Status, since time.Time) alerts.Alert {
	labels := map[string]string{"alertname": HeartbeatMissed, "heartbeat": h.ID}
	maps.Copy(labels, h.Labels)
	return alerts.Alert{
		Source: "heartbeat", Status: status, Service: h.Service, Labels: labels,
		Group:       map[string]string{"alertname": HeartbeatMissed, "heartbeat": h.ID},
		Annotations: map[string]string{"summary": fmt.Sprintf("The heartbeat %s is missing: it is expected every %s", h.ID, FormatDuration(h.Every))},
		StartsAt:    since.UTC(), Fingerprint: alerts.Fingerprint(map[string]string{"heartbeat": h.ID}),
	}
}

// Heartbeat returns the heartbeat with that id.
func (c *Catalog) Heartbeat(id string) (Heartbeat, bool) {
	i := slices.IndexFunc(c.Heartbeats, func(h Heartbeat) bool { return h.ID == id })
	if i < 0 {
		return Heartbeat{}, false
	}
	return c.Heartbeats[i], true
}

func (k *checker) heartbeats() {
	for i, h := range k.c.Heartbeats {
		key := fmt.Sprintf("heartbeats[%d]", i)
		k.refer(key+".service", "service", h.Service)
		if h.Every < minHeartbeat {
			k.report(key+".every", "must be at least %s", FormatDuration(minHeartbeat))
		}
		for _, name := range slices.Sorted(maps.Keys(h.Labels)) {
			if name == "alertname" || name == "heartbeat" || name == "" {
				k.report(key+".labels."+name, "is set by Tocsin: choose another label")
			}
		}
	}
}
