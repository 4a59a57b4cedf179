package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// A diagnostic starts by itself at most so often within some time for a
// service, where the catalog says no other number: it looks at the first
// incidents of a storm, and not at the others.
const (
	diagnostics       = 3
	diagnosticsWithin = 10 * time.Minute
)

// Diagnostics start by themselves no more once so many runbooks did, for whatever
// service: a storm over many services is to page people first.
const (
	AutoRunsInAll  = 30
	AutoRunsWithin = time.Minute
)

// ByPolicy is whose run it is that no person started.
const ByPolicy = "policy"

// ToAutoRun returns the next runbook that is to start by itself, once the
// incident is announced.
func (i *Incident) ToAutoRun() (RunbookOffered, bool) {
	n := slices.IndexFunc(i.Runbooks, func(o RunbookOffered) bool { return o.Auto != nil && !o.Decided })
	if n < 0 || i.Held || !i.Phase.Active() {
		return RunbookOffered{}, false
	}
	return i.Runbooks[n], true
}

// AutoLimit is how many runs of it may start by themselves for a service within
// some time; none where it changes something and the catalog names no number.
func (o RunbookOffered) AutoLimit() (most int, within time.Duration) {
	switch {
	case o.Auto == nil:
		return 0, time.Hour
	case o.Auto.PerHour > 0:
		return o.Auto.PerHour, time.Hour
	case o.ReadOnly:
		return diagnostics, diagnosticsWithin
	}
	return 0, time.Hour
}

// AutoRun starts a runbook by itself, or notes why it does not: empty admits it.
func (i *Incident) AutoRun(name, refused string, now time.Time) {
	n := slices.IndexFunc(i.Runbooks, func(o RunbookOffered) bool { return o.Name == name && o.Auto != nil && !o.Decided })
	if n < 0 {
		return
	}
	i.Runbooks[n].Decided = true
	if err := i.mayRun(name, false); refused == "" && err != nil {
		refused = err.Error()
	}
	switch {
	case !i.Phase.Active():
		return
	case refused != "":
		i.note(now, "run.left-out", "%s did not start by itself: %s.", name, refused)
		return
	}
	i.addRun(Run{Name: name, By: ByPolicy, Started: now})
	i.note(now, "run.started", "%s starts by itself, as the catalog says.", name)
}

// TooOften is why a runbook does not start by itself any more for a while.
func (o RunbookOffered) TooOften() string {
	most, within := o.AutoLimit()
	if most == 0 {
		return "it changes something, and the catalog names no limit an hour (auto.per_hour)"
	}
	why := fmt.Sprintf("%d runs did for this service within %s", most, catalog.FormatDuration(within))
	if o.ReadOnly {
		why += fmt.Sprintf(", or %d for all services within %s", AutoRunsInAll, catalog.FormatDuration(AutoRunsWithin))
	}
	return why
}
