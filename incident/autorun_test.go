package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func TestWhatTheCatalogNamesStartsByItself(t *testing.T) {
	o := opening()
	o.Runbooks = []incident.RunbookOffered{
		{Name: "rollback"},
		{Name: "look", ReadOnly: true, Auto: &catalog.Auto{}},
		{Name: "restart", Auto: &catalog.Auto{PerHour: 2}},
		{Name: "drain", Auto: &catalog.Auto{}},
	}
	i := incident.New(o)
	i.Held = true
	_, due := i.ToAutoRun()
	require.False(t, due, "nothing starts before anybody is told")
	i.Held = false
	i.Drain()

	next, due := i.ToAutoRun()
	require.True(t, due)
	require.Equal(t, "look", next.Name)
	most, within := next.AutoLimit()
	require.Equal(t, 3, most)
	require.Equal(t, 10*time.Minute, within)
	i.AutoRun("look", "", noon)
	i.AutoRun("look", "", noon)
	require.Len(t, i.Runs, 1)
	require.Equal(t, "policy", i.Runs[0].By)
	require.Equal(t, "INC-7/runbook/look/1", i.Runs[0].ID)

	next, _ = i.ToAutoRun()
	most, within = next.AutoLimit()
	require.Equal(t, "restart", next.Name)
	require.Equal(t, 2, most)
	require.Equal(t, time.Hour, within)
	i.AutoRun("restart", next.TooOften(), noon)

	next, _ = i.ToAutoRun()
	most, _ = next.AutoLimit()
	require.Equal(t, "drain", next.Name)
	require.Zero(t, most, "what changes something starts by itself only with a limit")
	i.AutoRun("drain", next.TooOften(), noon)
	_, due = i.ToAutoRun()
	require.False(t, due)

	var texts []string
	for _, e := range i.Drain() {
		texts = append(texts, e.Text)
	}
	require.Equal(t, []string{
		"look starts by itself, as the catalog says.",
		"restart did not start by itself: 2 runs did for this service within 1 h.",
		"drain did not start by itself: it changes something, and the catalog names no limit an hour (auto.per_hour).",
	}, texts)
	require.Len(t, i.Runs, 1)
}

func TestNothingStartsByItselfWhenItIsOver(t *testing.T) {
	o := opening()
	o.Runbooks = []incident.RunbookOffered{{Name: "look", ReadOnly: true, Auto: &catalog.Auto{}}}
	i := incident.New(o)
	i.Phase = incident.Resolved
	_, due := i.ToAutoRun()
	require.False(t, due)
	i.AutoRun("look", "", noon)
	require.Empty(t, i.Runs)
}
