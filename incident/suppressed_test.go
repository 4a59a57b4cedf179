package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

func under(silence string, a alerts.Alert) alerts.Alert {
	a.Suppressed = silence
	return a
}

func TestWhatFiresUnderASilenceIsStateAndPagesNobody(t *testing.T) {
	i := opened(t)
	do(t, i, "alice", time.Second, i.Acknowledge, incident.Acknowledge{})
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(time.Minute))
	require.False(t, i.Firing())
	pages := len(i.Summonses)

	refired := since(firing("a"), 2*time.Minute)
	i.TakeAlerts([]alerts.Alert{under("s-1", refired)}, 0, after(3*time.Minute))
	require.True(t, i.Firing(), "the state is true")
	require.Len(t, i.Summonses, pages)
	require.Equal(t, "s-1", i.Alerts[0].Suppressed)
	i.TakeAlerts([]alerts.Alert{under("s-1", refired)}, 0, after(4*time.Minute))
	require.Len(t, i.Summonses, pages, "a repeat changes nothing")
}

func TestWhatWasSilencedRelapsesWhenTheSilenceIsOver(t *testing.T) {
	i := mitigated(t)
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(time.Hour))
	refired := since(firing("a"), 2*time.Hour)
	i.TakeAlerts([]alerts.Alert{under("s-1", refired)}, 0, after(2*time.Hour))
	require.Equal(t, incident.Mitigated, i.Phase)
	i.TakeAlerts([]alerts.Alert{refired}, 0, after(3*time.Hour))
	require.Equal(t, incident.Mitigating, i.Phase)
	require.Empty(t, i.Alerts[0].Suppressed)
}
