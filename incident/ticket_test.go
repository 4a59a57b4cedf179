package incident_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func TestATicketIsWantedWhereAServiceNamesAProject(t *testing.T) {
	demanded := func(project string) *incident.Incident {
		return opened(t, func(o *incident.Opening) {
			o.Policy.Ticket = catalog.Ticketing{Project: project}
			for n := range o.Policy.Severities {
				o.Policy.Severities[n].Response.Ticket = true
			}
		})
	}
	require.True(t, demanded("SHOP").TicketWanted())
	require.False(t, demanded("").TicketWanted(), "nobody could make one")
}
