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

func TestWoken(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, opened := t.Context(), noon().Truncate(time.Microsecond)
		keep := func(number string, at time.Time, change func(*incident.Incident), pages ...incident.Page) {
			i := someIncident(number)
			i.Clocks.Stamps = map[incident.Clock]time.Time{incident.TriggeredAt: at}
			i.Alerts = []incident.AlertState{{Name: "Errors"}}
			change(i)
			b := activities.Batch{Number: number, Epoch: "run", Pages: pages, Incident: i, Decided: decided(i), Ordinal: i.Revision}
			require.NoError(t, s.Record(ctx, b))
		}
		handed := func(key, person string) incident.Page {
			p := page(key, incident.PageSent)
			p.Person, p.Sent = person, opened.Add(time.Hour)
			return p
		}
		failed := page("failed", incident.PageFailed)
		failed.Sent = time.Time{}
		given := incident.Given{Reason: "nothing to do", By: "alice", At: opened}
		keep("INC-1", opened, func(i *incident.Incident) { i.Feedback = given },
			handed("a", "alice"), handed("b", "bob"), handed("hook", ""), failed)
		keep("INC-2", opened.Add(time.Minute), func(i *incident.Incident) { i.Phase = incident.Transient })
		keep("INC-3", opened.Add(time.Minute), func(i *incident.Incident) { i.Alerts = nil }, handed("c", "bob"))
		keep("INC-4", opened.Add(time.Hour), func(*incident.Incident) {}, handed("d", "bob"))
		keep("INC-5", opened.Add(-time.Second), func(*incident.Incident) {}, handed("e", "bob"))

		got, err := s.Woken(ctx, opened, opened.Add(time.Hour))
		require.NoError(t, err)
		at := opened.Add(time.Hour)
		require.Equal(t, []incident.Woken{
			{Rule: "Errors", Service: "checkout", Unanswered: true},
			{Rule: "Errors", Service: "checkout", Feedback: given, Pages: []incident.HandedPage{{Person: "alice", At: at}, {Person: "bob", At: at}}},
		}, got)
	})
}
