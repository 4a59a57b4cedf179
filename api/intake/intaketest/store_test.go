package intaketest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// TestStoreAnswersAsTheRealOne gives the same random claims, releases and
// marks to the stand-in and to a database, and wants the same answers.
func TestStoreAnswersAsTheRealOne(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	fake := intaketest.NewStore()
	var real intake.Store = storetest.Open(t, "sqlite::memory:")
	for step := range 120 {
		at := noon.Add(time.Duration(step) * time.Second)
		batch := randomClaims(random, at)
		want, err := real.Claim(t.Context(), batch)
		require.NoError(t, err)
		got, err := fake.Claim(t.Context(), batch)
		require.NoError(t, err)
		require.Equal(t, plain(want), plain(got), "step %d: %+v", step, batch)
		number := want[0].Number
		if random.IntN(3) == 0 && number != "" {
			sameRows(t, real, fake, number, random.IntN(2) == 0)
		}
		sameSuppressed(t, real, fake)
		if random.IntN(10) == 0 && number != "" {
			require.NoError(t, real.Release(t.Context(), number, "gone"))
			require.NoError(t, fake.Release(t.Context(), number, "gone"))
		}
	}
	wantKeys, err := real.OpenKeys(t.Context())
	require.NoError(t, err)
	gotKeys, err := fake.OpenKeys(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, wantKeys, gotKeys)
}

// sameSuppressed compares what fires under each silence.
func sameSuppressed(t *testing.T, real, fake intake.Store) {
	t.Helper()
	for _, silence := range []string{"s-0", "s-1"} {
		want, err := real.SuppressedBy(t.Context(), silence, 1000)
		require.NoError(t, err)
		got, err := fake.SuppressedBy(t.Context(), silence, 1000)
		require.NoError(t, err)
		require.ElementsMatch(t, facts(want), facts(got), silence)
	}
	want, err := real.Suppressing(t.Context())
	require.NoError(t, err)
	got, err := fake.Suppressing(t.Context())
	require.NoError(t, err)
	require.Len(t, got, len(want))
}

// sameRows compares what is wanted of an incident, and marks it.
func sameRows(t *testing.T, real, fake intake.Store, number string, mark bool) {
	t.Helper()
	want, err := real.WaitingFor(t.Context(), number)
	require.NoError(t, err)
	got, err := fake.WaitingFor(t.Context(), number)
	require.NoError(t, err)
	require.Len(t, got, len(want))
	var ids []int64
	for n := range want {
		require.Equal(t, want[n].ID, got[n].ID)
		require.Equal(t, want[n].Started, got[n].Started)
		require.Equal(t, facts(want[n].Alerts), facts(got[n].Alerts))
		ids = append(ids, want[n].ID)
	}
	if mark && len(ids) > 0 {
		require.NoError(t, real.Accept(t.Context(), ids))
		require.NoError(t, fake.Accept(t.Context(), ids))
	}
}

func randomClaims(random *rand.Rand, at time.Time) []store.Claim {
	batch := make([]store.Claim, 1+random.IntN(3))
	for n := range batch {
		batch[n] = store.Claim{
			Service: fmt.Sprintf("service-%d", random.IntN(2)), Key: fmt.Sprintf("key-%d-%d", n, random.IntN(6)),
			Title: "t", StormLimit: 3, At: at, Truncated: random.IntN(4) / 3 * 5,
		}
		for range 1 + random.IntN(40) {
			a := alerts.Alert{
				Status: alerts.Firing, Fingerprint: fmt.Sprint(random.IntN(70)),
				StartsAt: noon.Add(time.Duration(random.IntN(3)) * time.Minute),
			}
			if random.IntN(3) == 0 {
				a.Status = alerts.Resolved
			} else if random.IntN(4) == 0 {
				a.Suppressed = fmt.Sprintf("s-%d", random.IntN(2))
			}
			batch[n].Alerts = append(batch[n].Alerts, a)
		}
	}
	return batch
}

// plain leaves out what the stand-in does not keep.
func plain(list []store.Claimed) []string {
	var out []string
	for _, c := range list {
		out = append(out, fmt.Sprint(c.Number, c.New, c.Started, c.Storm, c.Key, c.Recurs, c.Cleared, c.More, c.Outbox, facts(c.News)))
	}
	return out
}

func facts(list []alerts.Alert) []string {
	out := []string{}
	for _, a := range list {
		out = append(out, fmt.Sprint(a.Fingerprint, a.Status, a.StartsAt.Sub(noon)))
	}
	return out
}
