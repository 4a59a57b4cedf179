package catalog

import (
	"cmp"
	"time"
)

// What holds when a catalog does not say otherwise.
const (
	// DefaultLevel is the provisional severity of an alert whose severity
	// label is missing or not mapped, and the level whose policy answers for
	// one that is not set.
	DefaultLevel = SEV3
	// DefaultUrgency is how such an alert pages: nobody said that it may wait.
	DefaultUrgency = Urgent
	// DefaultPagesPerMinute is how many pages of one urgency go to one contact
	// method each by itself within a minute.
	DefaultPagesPerMinute = 5
	// DefaultFlappingChanges is how often an alert may change its state within
	// DefaultFlappingWithin before it is taken to flap.
	DefaultFlappingChanges = 4
	// DefaultFlappingWithin is also how long it has to be quiet then.
	DefaultFlappingWithin = 30 * time.Minute
	// DefaultFlappingHold is how long the page of an incident waits that flaps
	// from its beginning.
	DefaultFlappingHold = 10 * time.Minute
	// DefaultStormKeys is the number of new keys a minute above which one
	// service's alerts join a storm incident.
	DefaultStormKeys = 20
	// DefaultCollectWithin is how long an incident waits for follow-ups where
	// nobody has to confirm that they are collected.
	DefaultCollectWithin = 24 * time.Hour
)

// severityLabel is the alert label that Settings.AlertSeverities maps.
const severityLabel = "severity"

// DefaultDoneResolutions returns the JIRA resolutions that count as done.
func DefaultDoneResolutions() []string { return []string{"Done", "Fixed"} }

// Limit returns how many pages a minute go each by itself.
func (b Bundle) Limit() int { return cmp.Or(b.PagesPerMinute, DefaultPagesPerMinute) }

// Limit returns how many new keys a minute one service may open.
func (s Storm) Limit() int { return cmp.Or(s.NewKeysPerMinute, DefaultStormKeys) }

// Limit returns what holds, with the defaults; the zero value where no alert
// is taken to flap.
func (f Flapping) Limit() Flapping {
	if f.Changes < 0 {
		return Flapping{}
	}
	return Flapping{
		Changes: cmp.Or(f.Changes, DefaultFlappingChanges), Within: cmp.Or(f.Within, DefaultFlappingWithin),
		Hold: cmp.Or(f.Hold, DefaultFlappingHold),
	}
}

// Within returns how long an incident waits for follow-ups where nobody has to
// confirm that they are collected.
func (c Closing) Within() time.Duration { return cmp.Or(c.CollectWithin, DefaultCollectWithin) }
