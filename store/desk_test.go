package store_test

import (
	"fmt"
	"math/bits"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func many(n int, status alerts.Status) []alerts.Alert {
	out := make([]alerts.Alert, n)
	for i := range out {
		out[i] = host(fmt.Sprintf("web-%d", i), status, noon())
	}
	return out
}

func TestAlertsBeyondTheListAreCounted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := claim(t, s, hosts(many(1200, alerts.Firing)...))
		require.Len(t, first.News, 50)
		require.Equal(t, 1150, first.More)

		one := claim(t, s, hosts(host("web-new", alerts.Firing, noon())))
		require.Empty(t, one.News)
		require.Equal(t, 1151, one.More)
		require.Zero(t, one.Outbox, "one more of a thousand is not worth a signal")

		cleared := claim(t, s, hosts(append(many(50, alerts.Resolved), host("web-room", alerts.Firing, noon()))...))
		require.Len(t, cleared.News, 51, "what clears makes room, whatever the order")
		require.Equal(t, alerts.Resolved, cleared.News[0].Status)
		require.Equal(t, "web-room", cleared.News[50].Labels["host"])

		rest := claim(t, s, hosts(many(1200, alerts.Resolved)...))
		require.Empty(t, rest.News, "its end is told as its beginning was: by the count")
		require.Equal(t, 1, rest.More)
		require.NotZero(t, rest.Outbox)
		last := claim(t, s, hosts(host("web-new", alerts.Resolved, noon())))
		require.Zero(t, last.More)
		require.NotZero(t, last.Outbox)

		listed, next, err := s.Alerts(t.Context(), first.Number, "", 200)
		require.NoError(t, err)
		require.Len(t, listed, 200)
		require.NotEmpty(t, next)
	})
}

func TestTruncatedAlertsAreCounted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := hosts(host("web", alerts.Firing, noon()))
		c.Truncated = 7
		require.Equal(t, 7, claim(t, s, c).More)
		require.Zero(t, claim(t, s, c).Outbox, "the same again")
		c.Truncated = 0
		less := claim(t, s, c)
		require.Zero(t, less.More)
		require.NotZero(t, less.Outbox)
	})
}

func TestTenThousandAlertsOfOneKeySayLittle(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		signals := 0
		for part := range slices.Chunk(many(10_000, alerts.Firing), 100) {
			batch := make([]store.Claim, len(part))
			for i, a := range part {
				batch[i] = hosts(a)
			}
			out, err := s.Claim(t.Context(), batch)
			require.NoError(t, err)
			for _, c := range out {
				require.Equal(t, "INC-1", c.Number)
				signals += count(c.Outbox != 0)
			}
		}
		require.LessOrEqual(t, signals, 50+bits.Len(10_000))
	})
}

func TestAlertsOfAnIncident(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		later := hosts(host("web-1", alerts.Firing, noon()), host("web-2", alerts.Firing, noon()))
		first := claim(t, s, hosts(host("web-1", alerts.Firing, noon())))
		later.At = noon().Add(time.Minute)
		claim(t, s, later)

		got, after, err := s.Alerts(t.Context(), first.Number, "", 1)
		require.NoError(t, err)
		require.Equal(t, []store.Alert{{
			Alert: host("web-1", alerts.Firing, noon()), Count: 2,
			First: noon().Truncate(time.Microsecond), Last: later.At.Truncate(time.Microsecond),
		}}, got)
		got, after, err = s.Alerts(t.Context(), first.Number, after, 1)
		require.NoError(t, err)
		require.Empty(t, after)
		require.Equal(t, "web-2", got[0].Labels["host"])
	})
}

func TestStorm(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := func(name string, at time.Time) store.Claim {
			c := firing(name)
			c.StormLimit, c.At = 3, at
			return c
		}
		batch := []store.Claim{at("k1", noon()), at("k2", noon()), at("k3", noon()), at("k4", noon()), at("k5", noon())}
		out, err := s.Claim(t.Context(), batch)
		require.NoError(t, err)
		require.False(t, out[2].Storm)
		require.Equal(t, store.Claimed{
			Number: "INC-4", New: true, Storm: true, Key: incident.StormKey, News: batch[3].Alerts, Outbox: 4,
		}, out[3])
		require.Equal(t, store.Claimed{
			Number: "INC-4", Storm: true, Key: incident.StormKey, News: batch[4].Alerts, Outbox: 5,
		}, out[4])

		more := claim(t, s, at("k6", noon().Add(30*time.Second)))
		require.Equal(t, "INC-4", more.Number)
		require.False(t, more.New)
		other := at("k1", noon())
		other.Service = "ledger"
		require.Equal(t, "INC-5", claim(t, s, other).Number, "another service has no storm")

		calm := noon().Add(5 * time.Minute)
		require.Equal(t, "INC-4", claim(t, s, at("k4", calm)).Number, "what joined the storm stays in it")
		require.Empty(t, claim(t, s, at("k5", calm)).News)
		fresh := claim(t, s, at("k7", calm))
		require.Equal(t, "INC-6", fresh.Number)
		require.False(t, fresh.Storm)

		require.NoError(t, s.Release(t.Context(), "INC-4", "closed"))
		again := claim(t, s, at("k4", calm))
		require.True(t, again.New)
		require.Equal(t, "INC-4", again.Recurs, "the storm was its last incident")
	})
}

func TestClaimsOfAMomentAreManyRows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		batch := make([]store.Claim, 2500)
		for i := range batch {
			batch[i] = firing(fmt.Sprint("alert", i))
		}
		out, err := s.Claim(t.Context(), batch)
		require.NoError(t, err)
		require.Len(t, out, len(batch))
		require.Equal(t, "INC-2500", out[2499].Number)
		again, err := s.Claim(t.Context(), batch)
		require.NoError(t, err)
		for i, c := range again {
			require.Equal(t, out[i].Number, c.Number)
			require.Zero(t, c.Outbox)
		}
	})
}

func TestNotedAlertsBelongToNone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		quiet, paged := firing("quiet"), firing("paged")
		held := claim(t, s, paged)
		for range 2 {
			require.NoError(t, s.Note(t.Context(), []store.Claim{quiet, paged}))
		}
		list, _, err := s.Alerts(t.Context(), "", "", 0)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, quiet.Alerts[0].Labels, list[0].Labels)
		require.Equal(t, 2, list[0].Count)
		list, _, err = s.Alerts(t.Context(), held.Number, "", 0)
		require.NoError(t, err)
		require.Len(t, list, 1, "an open incident keeps what it knows")
		require.Len(t, openKeys(t, s), 1)
	})
}
