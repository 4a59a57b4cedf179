package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

func TestTheClocksMeasureWhatTheirNamesSay(t *testing.T) {
	i := resolved(t)
	for name, test := range map[string]struct {
		measure func() (time.Duration, bool)
		want    time.Duration
	}{
		"TTA": {i.TTA, time.Minute}, "TTM": {i.TTM, 19 * time.Minute},
		"TTR": {i.TTR, 30 * time.Minute}, "mitigated to resolved": {i.MitigatedToResolved, 10 * time.Minute},
	} {
		took, ok := test.measure()
		require.True(t, ok, name)
		require.Equal(t, test.want, took, name)
	}
}

func TestWhatHasNotHappenedIsEmptyAndNeverZero(t *testing.T) {
	i := opened(t)
	for _, measure := range []func() (time.Duration, bool){i.TTA, i.TTM, i.TTR, i.MitigatedToResolved} {
		_, ok := measure()
		require.False(t, ok)
	}
	do(t, i, "alice", 10*time.Minute, i.Acknowledge, incident.Acknowledge{})
	do(t, i, "alice", 11*time.Minute, i.Mitigate, incident.Mitigate{What: "it had recovered", Since: after(5 * time.Minute)})
	_, ok := i.TTM()
	require.False(t, ok, "mitigated before the ack")
}

func TestDrillsCancelledTransientAndMergedAreOutsideAllMeans(t *testing.T) {
	require.True(t, resolved(t).InMeans())
	require.False(t, resolved(t, func(o *incident.Opening) { o.Drill = true }).InMeans())
	i := opened(t)
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(time.Minute))
	require.False(t, i.InMeans())
	i = held(t)
	i.Merge("INC-9", after(time.Hour))
	require.False(t, i.InMeans())
}

func TestACorrectedStampKeepsItsOriginal(t *testing.T) {
	i := resolved(t)
	zone := time.FixedZone("CET", 3600)
	do(t, i, "alice", time.Hour, i.CorrectStamp, incident.CorrectStamp{Clock: incident.MitigatedAt, At: after(15 * time.Minute).In(zone), Reason: "the graph says so"})
	require.Equal(t, after(15*time.Minute), i.Stamp(incident.MitigatedAt), "in UTC")
	require.Equal(t, []incident.Correction{{
		Clock: incident.MitigatedAt, Original: after(20 * time.Minute), Reason: "the graph says so", By: "alice", At: after(time.Hour),
	}}, i.Clocks.Corrected)
	do(t, i, "alice", time.Hour, i.CorrectStamp, incident.CorrectStamp{Clock: incident.Contained, At: after(2 * time.Minute)})
	do(t, i, "alice", time.Hour, i.CorrectStamp, incident.CorrectStamp{Clock: incident.ImpactStarted, At: after(-time.Hour)})
	require.Equal(t, incident.Resolved, i.Phase, "contained stops no clock")
}

func TestCorrectionsThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		give incident.CorrectStamp
		kind incident.Kind
	}{
		"an unknown clock":          {incident.CorrectStamp{Clock: "lunch", At: noon, Reason: "x"}, incident.Invalid},
		"closing":                   {incident.CorrectStamp{Clock: incident.ClosedAt, At: noon, Reason: "x"}, incident.Invalid},
		"no time":                   {incident.CorrectStamp{Clock: incident.FirstAck, Reason: "x"}, incident.Invalid},
		"the future":                {incident.CorrectStamp{Clock: incident.FirstAck, At: after(2 * time.Hour), Reason: "x"}, incident.Invalid},
		"no reason":                 {incident.CorrectStamp{Clock: incident.FirstAck, At: after(30 * time.Second)}, incident.Refused},
		"ack before triggered":      {incident.CorrectStamp{Clock: incident.FirstAck, At: after(-time.Second), Reason: "x"}, incident.Invalid},
		"triggered after mitigated": {incident.CorrectStamp{Clock: incident.TriggeredAt, At: after(21 * time.Minute), Reason: "x"}, incident.Invalid},
		"has not happened":          {incident.CorrectStamp{Clock: incident.ResolvedAt, At: after(21 * time.Minute), Reason: "x"}, incident.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			i := mitigated(t)
			refused(t, test.kind, by("alice", time.Hour), i.CorrectStamp, test.give)
			require.Empty(t, i.Clocks.Corrected)
		})
	}
}
