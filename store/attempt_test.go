package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		made := func(want bool) {
			t.Helper()
			a, got, err := s.Made(ctx, "INC-1/mail/1")
			require.NoError(t, err)
			require.Equal(t, want, got)
			if want {
				require.Equal(t, noon().Truncate(time.Microsecond).Add(time.Second), a.At, "when it was made")
			}
		}
		at := noon().Truncate(time.Microsecond)
		failure := activities.Attempt{Key: "INC-1/mail/1", Incident: "INC-1", What: "mail", At: at, Error: "mailbox full"}
		success := activities.Attempt{Key: "INC-1/mail/1", Incident: "INC-1", What: "mail", At: at.Add(time.Second)}
		other := activities.Attempt{Key: "INC-2/mail/1", Incident: "INC-2", What: "mail", At: at}

		made(false)
		require.NoError(t, s.Attempt(ctx, failure))
		require.NoError(t, s.Attempt(ctx, other))
		made(false)
		require.NoError(t, s.Attempt(ctx, success))
		require.NoError(t, s.Attempt(ctx, success))
		made(true)

		attempts, err := s.Attempts(ctx, "INC-1")
		require.NoError(t, err)
		require.Equal(t, []activities.Attempt{failure, success}, attempts)
		attempts, err = s.Attempts(ctx, "INC-3")
		require.NoError(t, err)
		require.Empty(t, attempts)
	})
}

func TestAttemptWithoutATimeIsNow(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite(t))
	require.NoError(t, s.Attempt(t.Context(), activities.Attempt{Key: "k", Incident: "INC-1"}))
	attempts, err := s.Attempts(t.Context(), "INC-1")
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), attempts[0].At, time.Minute)
}
