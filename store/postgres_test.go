package store_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// inTheWay makes the first so many claims fail as PostgreSQL does when two
// transactions wait for each other. A sequence counts on through rollbacks.
func inTheWay(t *testing.T, dsn string, times int) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.ExecContext(t.Context(), fmt.Sprintf(`
		CREATE SEQUENCE claims_tried;
		CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF nextval('claims_tried') <= %d THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER collide BEFORE INSERT ON claims FOR EACH ROW EXECUTE FUNCTION collide()`, times))
	require.NoError(t, err)
}

func TestTransactionsInEachOthersWayRunAgain(t *testing.T) {
	t.Parallel()
	for times, want := range map[int]incident.Kind{1: "", 2: "", 3: incident.Unavailable} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			t.Parallel()
			dsn := storetest.Postgres(t)
			s := storetest.Open(t, dsn)
			inTheWay(t, dsn, times)
			out, err := s.Claim(t.Context(), []store.Claim{firing("a")})
			require.Equal(t, want, incident.KindOf(err), "%v", err)
			if want == "" {
				require.Equal(t, "INC-1", out[0].Number)
			}
		})
	}
}

func TestServerIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	cluster, dsn := ownServer(t)
	s := storetest.Open(t, dsn)
	first := claim(t, s, firing("a"))

	require.NoError(t, cluster.Kill())
	var err error
	require.Eventually(t, func() bool {
		_, err = s.Claim(t.Context(), []store.Claim{firing("a")})
		return err != nil
	}, 10*time.Second, 20*time.Millisecond, "open sessions end moments later")
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
	_, err = s.Incident(t.Context(), "INC-1")
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)

	require.NoError(t, cluster.Restart(t.Context()))
	require.Eventually(t, func() bool {
		out, err := s.Claim(t.Context(), []store.Claim{firing("a")})
		return err == nil && out[0].Number == first.Number
	}, 20*time.Second, 50*time.Millisecond, "the pool finds its way back, and the claim was kept")
}
