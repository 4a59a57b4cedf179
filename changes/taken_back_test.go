package changes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
)

func TestAChangeIsTakenBackByARunOfItsUndo(t *testing.T) {
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	c := changes.Change{At: at, Undo: changes.Undo{Runbook: "rollback", Params: map[string]string{"target": "checkout"}}}
	done := incident.Run{
		ID: "INC-1/runbook/rollback/1", Name: "rollback", Params: map[string]string{"target": "checkout", "settle": "2m"},
		State: incident.RunDone, Started: at.Add(time.Minute),
	}
	require.Equal(t, done.ID, changes.TakenBack(c, nil, []incident.Run{done}))
	for name, change := range map[string]func(r *incident.Run){
		"a dry run":           func(r *incident.Run) { r.DryRun = true },
		"it failed":           func(r *incident.Run) { r.State = incident.RunFailed },
		"another runbook":     func(r *incident.Run) { r.Name = "flag-set" },
		"another target":      func(r *incident.Run) { r.Params = map[string]string{"target": "search"} },
		"before it was there": func(r *incident.Run) { r.Started = at.Add(-time.Minute) },
	} {
		other := done
		change(&other)
		require.Empty(t, changes.TakenBack(c, nil, []incident.Run{other}), name)
	}
	c.Undo.Params = nil
	require.Empty(t, changes.TakenBack(c, nil, []incident.Run{done}), "it may have been another target")
	done.Params = nil
	require.Equal(t, done.ID, changes.TakenBack(c, nil, []incident.Run{done}))
	require.Empty(t, changes.TakenBack(changes.Change{At: at}, nil, []incident.Run{done}), "nobody said how it is undone")
}

// A roll-back goes one revision back: what was deployed before the latest still
// runs.
func TestARunTakesTheLatestOfTheChangesBackThatHaveItsUndo(t *testing.T) {
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	change := func(id, service string, after time.Duration) changes.Change {
		return changes.Change{
			ID: id, Service: service, At: at.Add(after), Undo: changes.Undo{Runbook: "rollback", Params: map[string]string{"target": "checkout"}},
		}
	}
	list := []changes.Change{
		change("bad", "checkout", 0), change("harmless", "checkout", 10*time.Minute), change("after it", "checkout", 40*time.Minute),
		change("of the same repository", "search", 0),
	}
	run := incident.Run{ID: "INC-1/runbook/rollback/1", Name: "rollback", Params: list[0].Undo.Params, State: incident.RunDone, Started: at.Add(30 * time.Minute)}
	var taken []string
	for _, c := range list {
		if changes.TakenBack(c, list, []incident.Run{run}) != "" {
			taken = append(taken, c.ID)
		}
	}
	require.Equal(t, []string{"harmless", "of the same repository"}, taken)
}
