package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// firing is a delivery of one alert whose name is the key.
func firing(name string) store.Claim {
	labels := map[string]string{"alertname": name}
	key := map[string]string{"alertname": name}
	return store.Claim{
		Service: "checkout", Team: "payments", Key: alerts.Key(key), Title: name, At: noon(),
		Alerts: []alerts.Alert{{
			Source: "alertmanager", Status: alerts.Firing, Labels: labels, StartsAt: noon(),
			Fingerprint: alerts.Fingerprint(labels),
		}},
	}
}

// host is an alert about one host, of one key with those about other hosts.
func host(name string, status alerts.Status, starts time.Time) alerts.Alert {
	labels := map[string]string{"alertname": "Errors", "host": name}
	return alerts.Alert{
		Source: "alertmanager", Status: status, Labels: labels, StartsAt: starts, Fingerprint: alerts.Fingerprint(labels),
	}
}

func hosts(list ...alerts.Alert) store.Claim {
	c := firing("Errors")
	c.Alerts = list
	return c
}

func claim(t testing.TB, s *store.Store, c store.Claim) store.Claimed {
	t.Helper()
	out, err := s.Claim(context.Background(), []store.Claim{c})
	require.NoError(t, err)
	require.Len(t, out, 1)
	return out[0]
}

func openKeys(t testing.TB, s *store.Store) []store.OpenKey {
	t.Helper()
	keys, err := s.OpenKeys(context.Background())
	require.NoError(t, err)
	return keys
}

func TestManyClaimOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		// Several stores stand for several processes.
		stores := []*store.Store{storetest.Open(t, dsn), storetest.Open(t, dsn), storetest.Open(t, dsn)}
		answers := make([]store.Claimed, 50)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() {
				out, err := stores[i%len(stores)].Claim(t.Context(), []store.Claim{firing("Errors"), firing(fmt.Sprint("Other", i%5))})
				if err == nil {
					answers[i] = out[0]
				}
			})
		}
		wg.Wait()
		opened, wanted := 0, 0
		for _, a := range answers {
			require.Equal(t, answers[0].Number, a.Number)
			require.NotEmpty(t, a.Number)
			opened += count(a.New)
			wanted += count(a.Outbox != 0)
		}
		require.Equal(t, 1, opened, "one of them opens it")
		require.Equal(t, 1, wanted, "and says so once")
		require.Len(t, openKeys(t, stores[0]), 6)
	})
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func TestClaimOpensJoinsAndRecurs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		out, err := s.Claim(t.Context(), []store.Claim{firing("a"), firing("b"), firing("a")})
		require.NoError(t, err)
		require.Equal(t, []string{"INC-1", "INC-2", "INC-1"}, []string{out[0].Number, out[1].Number, out[2].Number})
		require.True(t, out[0].New)
		require.True(t, out[1].New)
		require.False(t, out[2].New, "a copy in the same moment joins")
		require.Zero(t, out[2].Outbox)
		require.Equal(t, `alertname="a"`, out[0].Key)
		require.Equal(t, firing("a").Alerts, out[0].News)

		require.NoError(t, s.Accept(t.Context(), []int64{out[0].Outbox}))
		joined := claim(t, s, firing("a"))
		require.Equal(t, store.Claimed{Number: "INC-1", Started: true, Key: `alertname="a"`}, joined)
		require.False(t, claim(t, s, firing("b")).Started)

		require.NoError(t, s.Release(t.Context(), "INC-1", "workflow gone"))
		again := claim(t, s, firing("a"))
		require.True(t, again.New, "an alert that still fires is not left alone")
		require.Equal(t, "INC-3", again.Number)
		require.Equal(t, "INC-1", again.Recurs)
		require.Len(t, again.News, 1)
		require.False(t, again.Started)
	})
}

func TestClaimOfNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		out, err := s.Claim(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, out)
		require.Equal(t, store.Claimed{}, claim(t, s, hosts()))
		require.Empty(t, openKeys(t, s))
	})
}

// TestFacts tells what each of a series of deliveries about one alert is:
// news for its incident, only counted, or nothing that opens one.
func TestFacts(t *testing.T) {
	t.Parallel()
	t0, t1, t2, none := noon(), noon().Add(time.Minute), noon().Add(2*time.Minute), time.Time{}
	type delivery struct {
		status alerts.Status
		starts time.Time
		want   string // news, counted, nothing
	}
	up := func(starts time.Time, want string) delivery { return delivery{alerts.Firing, starts, want} }
	down := func(starts time.Time, want string) delivery { return delivery{alerts.Resolved, starts, want} }
	for name, series := range map[string][]delivery{
		"repeat":                      {up(t0, "news"), up(t0, "counted"), up(t0, "counted")},
		"clears, and its copy":        {up(t0, "news"), down(t0, "news"), down(t0, "counted")},
		"fires again":                 {up(t0, "news"), down(t0, "news"), up(t1, "news")},
		"fires again, end not heard":  {up(t0, "news"), up(t1, "news"), down(t1, "news")},
		"firing after its end":        {up(t0, "news"), down(t0, "news"), up(t0, "counted")},
		"an older start":              {up(t1, "news"), up(t0, "counted"), down(t0, "counted")},
		"end of a start not heard of": {up(t0, "news"), down(t0, "news"), down(t1, "news")},
		"resolved before firing":      {down(t0, "nothing"), up(t0, "nothing"), up(t1, "news")},
		"resolved only":               {down(t0, "nothing"), down(t0, "nothing"), down(t1, "nothing")},
		"no start given":              {up(none, "news"), up(none, "counted"), down(none, "news"), up(none, "news")},
		"late and older":              {down(t2, "nothing"), up(t1, "nothing"), up(t2, "nothing")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				for n, d := range series {
					got := claim(t, s, hosts(host("web", d.status, d.starts)))
					require.Equal(t, d.want != "nothing", got.Number != "", "delivery %d", n)
					require.Equal(t, d.want == "news", len(got.News) == 1, "delivery %d", n)
					require.Equal(t, d.want == "news", got.Outbox != 0, "delivery %d", n)
				}
			})
		})
	}
}

func TestLateFiringAfterTheIncidentIsOver(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := claim(t, s, hosts(host("web", alerts.Firing, noon())))
		claim(t, s, hosts(host("web", alerts.Resolved, noon())))
		require.NoError(t, s.Release(t.Context(), first.Number, "transient"))
		require.Empty(t, claim(t, s, hosts(host("web", alerts.Firing, noon()))).Number, "a copy that came late")
		require.True(t, claim(t, s, hosts(host("web", alerts.Firing, noon().Add(time.Nanosecond*2000)))).New)
	})
}

func TestAnAlertThatItsSourceLostSightOfFiresAgainSinceTheSameMoment(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := func(status alerts.Status, minutes int) store.Claimed {
			c := hosts(host("web", status, noon()))
			c.At = noon().Add(time.Duration(minutes) * time.Minute)
			return claim(t, s, c)
		}
		at(alerts.Firing, 0)
		require.Len(t, at(alerts.Resolved, 10).News, 1)
		require.Empty(t, at(alerts.Firing, 14).News, "a late copy")
		require.Len(t, at(alerts.Firing, 15).News, 1, "late copies do not put it off")
	})
}

func TestResolvedOfAnUnknownAlertIsHeard(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		claim(t, s, hosts(host("web-1", alerts.Firing, noon())))
		// The incident may have heard of web-2 while the database was away.
		got := claim(t, s, hosts(host("web-2", alerts.Resolved, noon())))
		require.Len(t, got.News, 1)
	})
}

func TestWantedNumber(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := firing("a")
		c.Number = "INC-x1f"
		require.Equal(t, "INC-x1f", claim(t, s, c).Number)
		require.Equal(t, "INC-x1f", claim(t, s, firing("a")).Number)
		other := firing("b")
		other.Number = "INC-x1f"
		require.Equal(t, "INC-1", claim(t, s, other).Number, "a number that is taken is not given twice")
	})
}

func TestWhatIsTakenBeforeItIsRecorded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		taken, err := s.Taken(t.Context(), "INC-1")
		require.NoError(t, err)
		require.False(t, taken)
		require.Equal(t, "INC-1", claim(t, s, firing("a")).Number)
		taken, err = s.Taken(t.Context(), "INC-1")
		require.NoError(t, err)
		require.True(t, taken)
	})
}
