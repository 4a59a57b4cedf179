package catalog

import (
	"strconv"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/oncall"
)

// Watchdog is the reserved id of the service, team, person and escalation
// policy of beats, which prove to a watchdog outside that the whole way of an
// alert works. Every catalog has them and none declares or lists them.
const Watchdog = "tocsin-watchdog"

// KindHeartbeat is the kind of contact method that beats are handed over by.
// It is not among ContactKinds: no person can have one.
const KindHeartbeat = "heartbeat"

// watchdog is the person whom beats page. Whoever serves its contact method
// knows the address.
func watchdog() *Person {
	return &Person{
		ID: Watchdog, Name: "the watchdog outside",
		Contacts: []ContactMethod{{ID: KindHeartbeat, Kind: KindHeartbeat, Verified: true}},
	}
}

// beat routes a synthetic alert: each moment has an incident of its own. What
// it carries is not asked, so that no label leads anywhere else.
func beat(a alerts.Alert) Routed {
	group := map[string]string{"beat": strconv.FormatInt(a.StartsAt.Unix(), 10)}
	return Routed{Service: Watchdog, Team: Watchdog, Group: group, Key: alerts.Key(group), Urgency: Urgent, Severity: SEV5}
}

// watchdogPolicy pages the watchdog once and nobody else: a beat that was not
// handed over is missed, and that is what the watchdog is for.
func (c *Catalog) watchdogPolicy() Policy {
	return Policy{
		Version: c.Version, Service: Watchdog, ServiceName: "Watchdog", Team: Watchdog,
		Escalation: oncall.EscalationPolicy{ID: Watchdog, Levels: []oncall.Level{
			{Targets: []oncall.Target{{Person: Watchdog}}, Timeout: time.Hour},
		}},
		Severities:      []Severity{{Level: SEV5, Urgency: Urgent}},
		DoneResolutions: DefaultDoneResolutions(),
	}
}
