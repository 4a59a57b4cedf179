package store_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// rush is several processes that do whatever concerns a few keys, all at once.
type rush struct {
	t *testing.T
	s *store.Store
}

// held returns a key that an incident holds now.
func (r rush) held() (store.OpenKey, error) {
	keys, err := r.s.OpenKeys(r.t.Context())
	if err != nil || len(keys) == 0 {
		return store.OpenKey{Number: "INC-1", Service: "checkout", Key: "k-0"}, err
	}
	return keys[rand.IntN(len(keys))], nil
}

func (r rush) claim(int) error {
	var claims []store.Claim
	for n := range 5 {
		c := firing(fmt.Sprintf("k-%d", n))
		for _, print := range rand.Perm(4) {
			a := suppressed(fmt.Sprintf("f-%d", print), fmt.Sprintf("s-%d", rand.IntN(2)))
			a.StartsAt = time.Now()
			if rand.IntN(2) == 0 {
				a.Suppressed = ""
			}
			c.Alerts = append(c.Alerts, a)
		}
		claims = append(claims, c)
	}
	_, err := r.s.Claim(r.t.Context(), claims)
	return err
}

func (r rush) lift(int) error {
	return r.s.Unsuppress(r.t.Context(), "s-1", []string{"f-0", "f-1", "f-2", "f-3"}, time.Now())
}

func (r rush) release(int) error {
	key, err := r.held()
	if err != nil {
		return err
	}
	return r.s.Release(r.t.Context(), key.Number, "its workflow is gone")
}

func (r rush) record(n int) error {
	key, err := r.held()
	if err != nil {
		return err
	}
	i := someIncident(key.Number)
	i.SplitFrom, i.HoldsKey = "INC-1", rand.IntN(2) == 0
	if other, err := r.held(); err == nil && !i.HoldsKey && other.Number != i.Number {
		i.Into, i.Phase = other.Number, incident.Merged
	}
	return r.s.Record(r.t.Context(), activities.Batch{Number: i.Number, Decided: time.Now(), Ordinal: 1, Epoch: fmt.Sprint(n), Incident: i})
}

func (r rush) split(n int) error {
	key, err := r.held()
	if err != nil {
		return err
	}
	o := activities.SplitOrder{
		ID: fmt.Sprint(n), From: key.Number, Service: key.Service, Key: key.Key, Title: "T", Alerts: []string{"f-1", "f-2"}, At: time.Now(),
	}
	off, err := r.s.TakeSplit(r.t.Context(), o)
	if err != nil {
		return err
	}
	o.Number = off.Number
	return r.s.MoveSplit(r.t.Context(), o)
}

// Who waits for another while that one waits for them keeps every alert from
// being taken in for a second, until PostgreSQL ends one of the two.
func TestWritersNeverWaitForEachOther(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		s, err := store.Open(t.Context(), dsn)
		require.NoError(t, err)
		require.NoError(t, s.Migrate(t.Context()))
		r := rush{t, s}
		require.NoError(t, r.claim(0))
		var group errgroup.Group
		for _, work := range []func(int) error{r.claim, r.lift, r.release, r.record, r.split} {
			for part := range 2 {
				group.Go(func() error {
					for n := range 40 {
						if err := work(2*n + part); err != nil {
							return err
						}
					}
					return nil
				})
			}
		}
		require.NoError(t, group.Wait())
		require.NoError(t, s.Close())
		if strings.HasPrefix(dsn, store.Postgres) {
			require.Zero(t, deadlocks(t, dsn))
		}
	})
}

// deadlocks counts those of a database, as soon as all its connections are gone
// and have told theirs.
func deadlocks(t *testing.T, dsn string) (n int) {
	t.Helper()
	db, err := sql.Open(store.Postgres, dsn)
	require.NoError(t, err)
	defer db.Close()
	require.Eventually(t, func() bool {
		others := -1
		err := db.QueryRowContext(t.Context(), `
			SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&others)
		return err == nil && others == 0
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n))
	return n
}
