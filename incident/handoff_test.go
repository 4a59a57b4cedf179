package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

func TestHandOffOffersTheIncidentAndLeavesItWithItsHolder(t *testing.T) {
	i := held(t)
	now := after(time.Hour)
	fact := incident.HandOff{Rotation: "payments/primary", At: now, Outgoing: []string{"alice"}, Incoming: "ben"}
	i.HandedOff(fact, now)
	require.Equal(t, "alice", i.Holder)
	require.Len(t, i.Offers, 1)
	require.Equal(t, incident.Holder, i.Offers[0].Role)
	i.HandedOff(fact, now)
	require.Len(t, i.Offers, 1, "a repeat changes nothing")
}

func TestHandOffThatConcernsNobodyChangesNothing(t *testing.T) {
	for name, fact := range map[string]incident.HandOff{
		"another went":    {Rotation: "r", Outgoing: []string{"carol"}, Incoming: "ben"},
		"the holder came": {Rotation: "r", Outgoing: []string{"carol"}, Incoming: "alice"},
	} {
		t.Run(name, func(t *testing.T) {
			i := held(t)
			before := i.Revision
			i.HandedOff(fact, after(time.Hour))
			require.Equal(t, before, i.Revision)
		})
	}
}
