package changes

import (
	"slices"

	"github.com/tocsinhq/tocsin/incident"
)

// TakenBack returns which run took a change back as its undo says, or "": to do
// so twice would go back to what it had brought. Of the changes of a service that
// a run may have taken back it took the latest, so list has to hold all of them
// until it was started. Runs have all parameters that they had, and undos those
// that tell them from others.
func TakenBack(c Change, list []Change, runs []incident.Run) string {
	for _, r := range runs {
		later := func(o Change) bool { return o.Service == c.Service && o.At.After(c.At) && o.mayBeUndoneBy(r) }
		if c.mayBeUndoneBy(r) && !slices.ContainsFunc(list, later) {
			return r.ID
		}
	}
	return ""
}

func (c Change) mayBeUndoneBy(r incident.Run) bool {
	return !r.DryRun && r.State == incident.RunDone && r.Name == c.Undo.Runbook && r.Started.After(c.At) && c.Undo.within(r.Params)
}

// within reports whether a run has all parameters of the undo. One of which
// nobody knows any is not that of a run which has some.
func (u Undo) within(params map[string]string) bool {
	if len(u.Params) == 0 {
		return len(params) == 0
	}
	for name, value := range u.Params {
		if params[name] != value {
			return false
		}
	}
	return true
}
