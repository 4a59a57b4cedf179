package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

// withoutDatabase is an incident that was opened while the database was away.
func withoutDatabase(t *testing.T) *story {
	t.Helper()
	o := opening(quiet())
	o.Number = "INC-x0123456789ab"
	s := tell(t, o, fire("PaymentsFail", "02:00"))
	s.broken["store"] = away("02:00", "02:06")
	return s
}

func TestAdoptsItsKeyWhenTheDatabaseReturns(t *testing.T) {
	s := withoutDatabase(t).at("02:12", command("carol", incident.AcknowledgeCommand, ack)).at("02:13", stop).play()
	require.Equal(t, []string{
		"02:00 push alice (alert-1)", "02:05 push bob (alert-1)", "02:10 push carol (alert-1)", "02:10 push dave (alert-1)",
	}, s.transcript("02:00", "02:12", "push"))
	require.Equal(t, 1, s.started["keys"])
}

func TestMergesIntoTheIncidentThatHoldsTheKey(t *testing.T) {
	s := withoutDatabase(t).at("02:03", says(fire("Other", "02:03")))
	s.holder = "INC-1042"
	s.play()
	require.Equal(t, incident.Merged, s.row.Phase)
	require.Len(t, s.transcript("02:06", "03:00", "INC-1042 hears of 2 alerts"), 1)
	require.Len(t, s.transcript("02:06", "03:00", "go on there"), 1)
	require.Empty(t, s.transcript("02:08", "03:00", "push", "sms"), "and stops paging")
}

func TestGoesOnWhenTheHolderDoesNotHear(t *testing.T) {
	s := withoutDatabase(t)
	s.holder = "INC-1042"
	s.broken["signal"] = refused
	s.at("02:12", command("carol", incident.AcknowledgeCommand, ack)).at("02:13", stop).play()
	require.NotEmpty(t, s.transcript("02:10", "02:12", "push carol"))
	require.Greater(t, s.started["keys"], 1, "it asks again")
}
