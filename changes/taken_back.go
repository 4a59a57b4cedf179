package changes

import "github.com/tocsinhq/tocsin/incident"

// TakenBack returns which run of an incident took a change back as its undo says,
// or "": to do so twice would go back to what it had brought.
func TakenBack(c Change, runs []incident.Run) string {
	for _, r := range runs {
		if !r.DryRun && r.State == incident.RunDone && r.Name == c.Undo.Runbook && r.Started.After(c.At) && c.Undo.within(r.Params) {
			return r.ID
		}
	}
	return ""
}

// within reports whether a run has all parameters of the undo. One that leaves
// them all to the catalog is not that of a run which was given some.
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
