package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func waiting(t *testing.T, s *store.Store, olderThan time.Time) []store.Outbox {
	t.Helper()
	rows, err := s.Waiting(t.Context(), olderThan, 100)
	require.NoError(t, err)
	return rows
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		first := claim(t, s, firing("a"))
		change := firing("a")
		change.Alerts[0].Status, change.At = alerts.Resolved, noon().Add(time.Minute)
		second := claim(t, s, change)
		claim(t, s, firing("b"))

		require.Empty(t, waiting(t, s, noon()))
		rows := waiting(t, s, noon().Add(time.Second))
		require.Len(t, rows, 2)
		require.Equal(t, store.Outbox{
			ID: first.Outbox, Number: "INC-1", Service: "checkout", Team: "payments", Key: `alertname="a"`, Title: "a",
			Alerts: firing("a").Alerts, At: noon().Truncate(time.Microsecond),
		}, rows[0])

		require.NoError(t, s.Accept(ctx, nil))
		require.NoError(t, s.Accept(ctx, []int64{first.Outbox}))
		require.NoError(t, s.Accept(ctx, []int64{first.Outbox}), "twice is once")
		rows, err := s.WaitingFor(ctx, "INC-1")
		require.NoError(t, err)
		require.Len(t, rows, 1)
		require.Equal(t, second.Outbox, rows[0].ID)
		require.True(t, rows[0].Started)
		require.NoError(t, s.Accept(ctx, []int64{second.Outbox, 4711}))
		require.Len(t, waiting(t, s, noon().Add(time.Hour)), 1, "b is still wanted")
	})
}

func TestReleaseKeepsWhatIsWanted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		lost := claim(t, s, firing("a"))
		require.NoError(t, s.Release(ctx, lost.Number, "workflow gone"))
		require.NoError(t, s.Release(ctx, lost.Number, "again"))
		require.NoError(t, s.Release(ctx, "INC-404", "never heard of"))

		rows, err := s.WaitingFor(ctx, lost.Number)
		require.NoError(t, err)
		require.Len(t, rows, 1)
		anew := firing("a")
		anew.Alerts = rows[0].Alerts
		next := claim(t, s, anew)
		require.True(t, next.New)
		require.Len(t, next.News, 1)
		require.NoError(t, s.Accept(ctx, []int64{rows[0].ID, next.Outbox}))
		require.Empty(t, waiting(t, s, noon().Add(time.Hour)))
	})
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for range 2 {
			holder, err := s.Adopt(ctx, "INC-xabc", "checkout", `alertname="a"`, noon())
			require.NoError(t, err)
			require.Equal(t, "INC-xabc", holder)
		}
		holder, err := s.Adopt(ctx, "INC-xdef", "checkout", `alertname="a"`, noon())
		require.NoError(t, err)
		require.Equal(t, "INC-xabc", holder, "who was faster keeps it")

		joined := claim(t, s, firing("a"))
		require.Equal(t, "INC-xabc", joined.Number)
		require.True(t, joined.Started, "it runs already")
		require.Len(t, joined.News, 1)
		_, err = s.Adopt(ctx, "INC-xabc", "checkout", "", noon())
		require.Equal(t, incident.Invalid, incident.KindOf(err))

		require.NoError(t, s.Release(ctx, "INC-xabc", "merged"))
		holder, err = s.Adopt(ctx, "INC-xdef", "checkout", `alertname="a"`, noon())
		require.NoError(t, err)
		require.Equal(t, "INC-xdef", holder)
		require.Equal(t, []store.OpenKey{{Service: "checkout", Key: `alertname="a"`, Number: "INC-xdef"}}, openKeys(t, s))
	})
}
