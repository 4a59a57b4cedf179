package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestIncidentOfTicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		inc := &incident.Incident{
			Number: "INC-7", Phase: incident.Resolved, Ticket: incident.TicketRef{ID: "100", Key: "PAY-1"},
			FollowUps: []incident.FollowUp{{ID: "1", Ticket: incident.TicketRef{ID: "101", Key: "PAY-2"}}, {ID: "2"}},
		}
		for range 2 {
			require.NoError(t, s.Record(t.Context(), activities.Batch{Number: "INC-7", Decided: decided(inc), Ordinal: inc.Revision, Epoch: "e", Incident: inc}))
		}
		for _, id := range []string{"100", "101"} {
			number, err := s.IncidentOfTicket(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, "INC-7", number)
		}
		_, err := s.IncidentOfTicket(t.Context(), "102")
		require.Equal(t, incident.NotFound, incident.KindOf(err))
	})
}

func TestHighlightsAreTheLastOnesInOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var entries []incident.Entry
		for n := range 9 {
			entries = append(entries, incident.Entry{Sequence: n + 1, Kind: "note", Recorded: time.Now(), Text: "x", Highlight: n%2 == 0})
		}
		inc := &incident.Incident{Number: "INC-7", Phase: incident.Triaging}
		require.NoError(t, s.Record(t.Context(), activities.Batch{Number: "INC-7", Decided: decided(inc), Ordinal: inc.Revision, Epoch: "e", Entries: entries, Incident: inc}))

		last, err := s.Highlights(t.Context(), "INC-7", 3)
		require.NoError(t, err)
		require.Equal(t, []int{5, 7, 9}, []int{last[0].Sequence, last[1].Sequence, last[2].Sequence})
	})
}

func TestChangesTellOfEachRecordingOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		none, cursor, err := s.Changes(t.Context(), "", 10)
		require.NoError(t, err)
		require.Empty(t, none)
		inc := &incident.Incident{Number: "INC-7", Phase: incident.Triaging}
		require.NoError(t, s.Record(t.Context(), activities.Batch{Number: "INC-7", Decided: decided(inc), Ordinal: inc.Revision, Epoch: "e", Incident: inc}))

		var told []*incident.Incident
		require.Eventually(t, func() bool {
			var more []*incident.Incident
			more, cursor, err = s.Changes(t.Context(), cursor, 10)
			require.NoError(t, err)
			told = append(told, more...)
			return len(told) > 0
		}, 10*time.Second, 50*time.Millisecond)
		require.Len(t, told, 1)
		again, _, err := s.Changes(t.Context(), cursor, 10)
		require.NoError(t, err)
		require.Empty(t, again)
	})
}
