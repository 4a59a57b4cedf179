package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// AdmitRun lets runs start by themselves until there were enough.
func (w *world) AdmitRun(_ context.Context, a activities.AutoRun) (bool, error) {
	if err := w.fails("gate"); err != nil {
		return false, err
	}
	w.see("may %s start? %d within %s for %s", a.Runbook, a.Most, a.Within, a.Service)
	return a.Most > 1, nil
}

// byItself is an incident whose catalog has rollback start by itself.
func byItself(t *testing.T, hold time.Duration, auto catalog.Auto, change ...func(*incident.Opening)) *story {
	t.Helper()
	p := quiet()
	p.Hold = hold
	o := opening(p)
	o.Runbooks = []incident.RunbookOffered{{Name: "rollback", Auto: &auto}}
	for _, f := range change {
		f(&o)
	}
	return tell(t, o, fire("PaymentsFail", "02:00"))
}

func TestARunbookStartsByItselfAfterTheFirstPage(t *testing.T) {
	s := byItself(t, 0, catalog.Auto{PerHour: 2}).at("02:01", command("alice", incident.AcknowledgeCommand, ack)).at("02:03", stop).play()
	require.Equal(t, []string{
		"02:00 may rollback start? 2 within 1h0m0s for payments", "02:00 push alice (alert-1)", "02:00 run rollback started by policy",
	}, s.transcript("02:00", "02:01", "push", "may", "run"))
	require.Equal(t, "policy", s.row.Runs[0].By)
}

func TestARunbookWaitsForTheEndOfTheHold(t *testing.T) {
	s := byItself(t, 2*time.Minute, catalog.Auto{PerHour: 2}).at("02:03", command("alice", incident.AcknowledgeCommand, ack)).at("02:04", stop).play()
	require.Equal(t, []string{"02:02 run rollback started by policy"}, s.transcript("02:00", "02:04", "run rollback"))
	s = byItself(t, 2*time.Minute, catalog.Auto{PerHour: 2}).at("02:01", says(clear("PaymentsFail", "02:00"))).play()
	require.Empty(t, s.transcript("02:00", "02:04", "may", "run"), "what cleared by itself is looked at by nobody")
}

func TestNoMoreStartByThemselvesThanTheCatalogSays(t *testing.T) {
	s := byItself(t, 0, catalog.Auto{PerHour: 1}).at("02:03", stop).play()
	require.Equal(t, []string{"02:00 rollback did not start by itself: 1 runs did for this service within 1 h."}, s.recorded("run.left-out"))
	require.Empty(t, s.row.Runs)

	s = byItself(t, 0, catalog.Auto{}).at("02:03", stop).play()
	require.Empty(t, s.transcript("02:00", "02:04", "may", "run rollback"), "what changes something needs a limit")

	s = byItself(t, 0, catalog.Auto{PerHour: 2})
	s.broken["gate"] = away("02:00", "02:30")
	s.at("02:05", command("alice", incident.AcknowledgeCommand, ack)).at("02:06", stop).play()
	require.Len(t, s.recorded("run.left-out"), 1)
	require.Contains(t, s.recorded("run.left-out")[0], "rollback did not start by itself: nobody could count how often it did.")
}
