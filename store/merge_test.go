package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// recorded records an incident as its workflow would, with some changes.
func recorded(t *testing.T, s *store.Store, number string, revision int, change func(*incident.Incident)) {
	t.Helper()
	i := someIncident(number)
	i.Revision = revision
	change(i)
	record(t, s, i)
}

func keeps(i *incident.Incident) { i.HoldsKey = true }

// mergedInto is what an incident records that became a part of another.
func mergedInto(into string) func(*incident.Incident) {
	return func(i *incident.Incident) { i.Phase, i.HoldsKey, i.Into = incident.Merged, false, into }
}

func TestMergeMovesWhatAlertsFindAnIncidentBy(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		survivor := claim(t, s, firing("a"))
		gone := claim(t, s, firing("b"))
		elsewhere := firing("b")
		elsewhere.Service = "search"
		other := claim(t, s, elsewhere)
		require.NoError(t, s.Accept(ctx, []int64{survivor.Outbox}))
		recorded(t, s, "INC-1", 1, keeps)
		recorded(t, s, "INC-2", 1, func(i *incident.Incident) {
			keeps(i)
			i.FollowUps = []incident.FollowUp{{ID: "1", State: incident.FollowUpOpen, Ticket: incident.TicketRef{ID: "10"}}}
			i.Ticket = incident.TicketRef{ID: "9"}
		})
		for range 2 { // a record may be repeated
			recorded(t, s, "INC-2", 2, func(i *incident.Incident) {
				mergedInto("INC-1")(i)
				i.FollowUps = []incident.FollowUp{{ID: "1", State: incident.FollowUpMoved, Ticket: incident.TicketRef{ID: "10"}}}
			})
		}
		require.ElementsMatch(t, []store.OpenKey{
			{Service: "checkout", Key: `alertname="a"`, Number: "INC-1"},
			{Service: "checkout", Key: `alertname="b"`, Number: "INC-1"},
			{Service: "search", Key: `alertname="b"`, Number: other.Number},
		}, openKeys(t, s))
		rows, err := s.WaitingFor(ctx, "INC-1")
		require.NoError(t, err)
		require.Len(t, rows, 1, "what was not accepted is wanted of the one that goes on")
		require.Equal(t, gone.Outbox, rows[0].ID)
		list, _, err := s.Alerts(ctx, "INC-1", "", 0)
		require.NoError(t, err)
		require.Len(t, list, 2)

		repeat := claim(t, s, firing("b"))
		require.Equal(t, "INC-1", repeat.Number)
		require.True(t, repeat.Started)
		require.Empty(t, repeat.News, "it knows")
		over := firing("b")
		over.Alerts[0].Status, over.Alerts[0].EndsAt = alerts.Resolved, noon().Add(time.Minute)
		require.Len(t, claim(t, s, over).News, 1)

		for ticket, want := range map[string]string{"10": "INC-1", "9": "INC-2"} {
			number, err := s.IncidentOfTicket(ctx, ticket)
			require.NoError(t, err)
			require.Equal(t, want, number)
		}
		recorded(t, s, "INC-1", 2, keeps)
		require.Len(t, openKeys(t, s), 3, "the next record keeps both")
		recorded(t, s, "INC-1", 3, func(i *incident.Incident) { i.Phase, i.HoldsKey = incident.Closed, false })
		require.Len(t, openKeys(t, s), 1, "and they are free when it is over")
		again := firing("b")
		again.Alerts[0].StartsAt, again.At = noon().Add(time.Hour), noon().Add(time.Hour)
		next := claim(t, s, again)
		require.True(t, next.New)
		require.Equal(t, "INC-1", next.Recurs)
	})
}

func TestMergeIntoADeclaredIncident(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		declared, err := s.Declare(t.Context(), store.Declaration{Request: "r", Service: "search", At: noon()})
		require.NoError(t, err)
		claim(t, s, firing("a"))
		recorded(t, s, declared.Number, 1, keeps)
		recorded(t, s, "INC-2", 1, mergedInto(declared.Number))
		found := claim(t, s, firing("a"))
		require.Equal(t, declared.Number, found.Number)
		require.True(t, found.Started, "it runs, though nobody marked it: it is signalled and not started")
	})
}

// TestMergeOfWhatWasOpenedWithoutTheDatabase: a person was faster than the
// incident could ask for its key.
func TestMergeOfWhatWasOpenedWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		claim(t, s, firing("a"))
		claim(t, s, firing("c"))
		for n, key := range []string{`alertname="b"`, `alertname="c"`} {
			for range 2 { // a record may be repeated
				recorded(t, s, fmt.Sprintf("INC-x%d", n), 1, func(i *incident.Incident) {
					i.Service, i.Key = "checkout", key
					mergedInto("INC-1")(i)
				})
			}
		}
		require.ElementsMatch(t, []store.OpenKey{
			{Service: "checkout", Key: `alertname="a"`, Number: "INC-1"},
			{Service: "checkout", Key: `alertname="b"`, Number: "INC-1"},
			{Service: "checkout", Key: `alertname="c"`, Number: "INC-2"},
		}, openKeys(t, s), "what another holds stays there")
		over := firing("b")
		over.Alerts[0].Status, over.Alerts[0].EndsAt = alerts.Resolved, noon().Add(time.Minute)
		ends := claim(t, s, over)
		require.Equal(t, "INC-1", ends.Number)
		require.Len(t, ends.News, 1, "or its alerts would fire there for ever")
	})
}

func TestMergeIntoWhatIsOverFreesTheKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		claim(t, s, firing("a"))
		claim(t, s, firing("b"))
		recorded(t, s, "INC-1", 1, func(i *incident.Incident) { i.Phase, i.HoldsKey = incident.Cancelled, false })
		recorded(t, s, "INC-2", 1, mergedInto("INC-1"))
		require.Empty(t, openKeys(t, s))
		require.True(t, claim(t, s, firing("b")).New)
	})
}

func TestMergeCountsBeyondFifty(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		claim(t, s, hosts(many(40, alerts.Firing)...))
		second := firing("Other")
		second.Alerts = nil
		for n := range 70 {
			a := host(fmt.Sprintf("db-%d", n), alerts.Firing, noon())
			second.Alerts = append(second.Alerts, a)
		}
		second.Truncated = 3
		require.Equal(t, 23, claim(t, s, second).More)
		recorded(t, s, "INC-1", 1, keeps)
		recorded(t, s, "INC-2", 1, mergedInto("INC-1"))
		rest := hosts(host("web-new", alerts.Firing, noon()))
		require.Equal(t, 40+70+1-50, claim(t, s, rest).More, "fifty are listed, the rest is counted")
		second.Alerts, second.Truncated = nil, 0
		for n := range 70 {
			a := host(fmt.Sprintf("db-%d", n), alerts.Resolved, noon())
			a.EndsAt = noon().Add(time.Minute)
			second.Alerts = append(second.Alerts, a)
		}
		require.Equal(t, 1, claim(t, s, second).More)
	})
}
