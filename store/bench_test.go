package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// eachDatabase runs a benchmark on both databases.
func eachDatabase(b *testing.B, bench func(b *testing.B, s *store.Store)) {
	b.Run(store.SQLite, func(b *testing.B) { bench(b, storetest.Open(b, storetest.SQLite(b))) })
	b.Run(store.Postgres, func(b *testing.B) { bench(b, storetest.Open(b, storetest.Postgres(b))) })
}

// BenchmarkClaim takes batches of new keys, and batches of repeats.
func BenchmarkClaim(b *testing.B) {
	for _, size := range []int{1, 50} {
		for name, keys := range map[string]int{"new": 0, "repeat": 50} {
			b.Run(fmt.Sprintf("%s-%d", name, size), func(b *testing.B) {
				eachDatabase(b, func(b *testing.B, s *store.Store) { benchClaim(b, s, size, keys) })
			})
		}
	}
}

func benchClaim(b *testing.B, s *store.Store, size, keys int) {
	n := 0
	for b.Loop() {
		batch := make([]store.Claim, size)
		for i := range batch {
			key := n
			if keys > 0 {
				key = n % keys
			}
			batch[i] = firing(fmt.Sprint("alert", key))
			batch[i].StormLimit = 1_000_000
			// The minute moves on, or the storm count would grow with b.N.
			batch[i].At = noon().Add(time.Duration(n) * time.Second)
			n++
		}
		_, err := s.Claim(b.Context(), batch)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/claim")
}

// BenchmarkRecord writes what an incident records when it pages: two lines,
// one page and itself.
func BenchmarkRecord(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *store.Store) {
		n := 0
		for b.Loop() {
			n++
			i := someIncident(fmt.Sprint("INC-", n))
			require.NoError(b, s.Record(b.Context(), activities.Batch{
				Number: i.Number, Decided: decided(i), Ordinal: i.Revision, Epoch: "run-1", Incident: i, Entries: []incident.Entry{entry(1), entry(2)},
				Pages: []incident.Page{page(i.Number+"/p", incident.PageSent)},
			}))
		}
	})
}

// BenchmarkAccept marks one row.
func BenchmarkAccept(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *store.Store) {
		id := claim(b, s, firing("a")).Outbox
		for b.Loop() {
			require.NoError(b, s.Accept(b.Context(), []int64{id}))
		}
	})
}
