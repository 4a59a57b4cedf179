package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestOutputsAreKeptOnceAndRedacted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon().Truncate(time.Microsecond)
		first := incident.Output{ID: "a-1-1", Run: "INC-1/runbook/a/1", Title: "Pods", Body: "three\x00 of four", Bytes: 13, Removed: 1, At: at}
		require.NoError(t, s.KeepOutput(t.Context(), "INC-1", first))
		again := first
		again.Body = "other"
		require.NoError(t, s.KeepOutput(t.Context(), "INC-1", again))
		second := incident.Output{ID: "a-1-2", Run: first.Run, Title: "Events", Body: "none", Bytes: 4, At: at.Add(time.Second)}
		require.NoError(t, s.KeepOutput(t.Context(), "INC-1", second))
		list, err := s.Outputs(t.Context(), "INC-1", 10)
		require.NoError(t, err)
		first.Body = "three\uFFFD of four"
		require.Equal(t, []incident.Output{second, first}, list)
		list, err = s.Outputs(t.Context(), "INC-2", 10)
		require.NoError(t, err)
		require.Empty(t, list)

		require.NoError(t, s.RedactOutput(t.Context(), "INC-1", "a-1-1", "lena", "a name"))
		require.NoError(t, s.RedactOutput(t.Context(), "INC-1", "a-1-1", "other", "again"))
		require.NoError(t, s.KeepOutput(t.Context(), "INC-1", first), "a repeat brings nothing back")
		got, err := s.Output(t.Context(), "INC-1", "a-1-1")
		require.NoError(t, err)
		first.Title, first.Body, first.RedactedBy = "(redacted)", "Redacted by lena: a name", "lena"
		require.Equal(t, first, got)
		require.Equal(t, incident.NotFound, incident.KindOf(s.RedactOutput(t.Context(), "INC-1", "b", "lena", "a name")))
		_, err = s.Output(t.Context(), "INC-2", "a-1-1")
		require.Equal(t, incident.NotFound, incident.KindOf(err))
	})
}

func TestAnIncidentKeepsOnlySoManyOutputs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for n := range 200 {
			require.NoError(t, s.KeepOutput(t.Context(), "INC-1", incident.Output{ID: fmt.Sprint(n), At: noon()}))
		}
		require.Equal(t, incident.Refused, incident.KindOf(s.KeepOutput(t.Context(), "INC-1", incident.Output{ID: "more", At: noon()})))
		require.NoError(t, s.KeepOutput(t.Context(), "INC-1", incident.Output{ID: "7", At: noon()}))
	})
}

// However many ask at once, so many start and no more; and whoever asks again is
// answered alike.
func TestOnlySoManyRunsStartByThemselves(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := time.Now().UTC()
		ask := func(number string, at time.Time) activities.AutoRun {
			return activities.AutoRun{Incident: number, Service: "checkout", Runbook: "rollback", At: at, Most: 3, Within: time.Hour}
		}
		var mu sync.Mutex
		var group sync.WaitGroup
		admitted := map[string]bool{}
		for n := range 12 {
			group.Go(func() {
				number := fmt.Sprint("INC-", n)
				ok, err := s.AdmitRun(t.Context(), ask(number, now))
				mu.Lock()
				defer mu.Unlock()
				if err == nil && ok {
					admitted[number] = true
				}
			})
		}
		group.Wait()
		require.Len(t, admitted, 3)
		for n := range 12 {
			number := fmt.Sprint("INC-", n)
			ok, err := s.AdmitRun(t.Context(), ask(number, now))
			require.NoError(t, err)
			require.Equal(t, admitted[number], ok)
		}
		ok, err := s.AdmitRun(t.Context(), ask("INC-later", now.Add(61*time.Minute)))
		require.NoError(t, err)
		require.True(t, ok)
		other := ask("INC-later", now)
		other.Runbook = "diagnose"
		ok, err = s.AdmitRun(t.Context(), other)
		require.NoError(t, err)
		require.True(t, ok)
	})
}

// The clock of one incident's worker is ahead or behind: the limit holds.
func TestTheLimitOfRunsHoldsWhateverTheOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ask := func(n string, at time.Time) bool {
			ok, err := s.AdmitRun(t.Context(), activities.AutoRun{Incident: n, Service: "shop", Runbook: "restart", At: at, Most: 1, Within: time.Hour})
			require.NoError(t, err)
			return ok
		}
		require.True(t, ask("INC-1", noon()))
		require.False(t, ask("INC-2", noon().Add(59*time.Minute)))
		require.False(t, ask("INC-3", noon().Add(-59*time.Minute)))
		require.True(t, ask("INC-1", noon().Add(time.Minute)), "asked again")
		require.False(t, ask("INC-2", noon().Add(59*time.Minute)), "asked again")
	})
}

// A storm over many services pages people before it looks everywhere.
func TestRunsOfAllServicesStartByThemselvesSoOftenAtMost(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		admitted := func(at time.Time) (count int) {
			for n := range 40 {
				ok, err := s.AdmitRun(t.Context(), activities.AutoRun{
					Incident: fmt.Sprint("INC-", at.Unix(), n), Service: fmt.Sprint("shop-", n), Runbook: "diagnose", At: at, Most: 3, Within: 10 * time.Minute, Diagnostic: true,
				})
				require.NoError(t, err)
				if ok {
					count++
				}
			}
			return count
		}
		require.Equal(t, 30, admitted(noon()))
		require.Zero(t, admitted(noon().Add(59*time.Second)))
		ok, err := s.AdmitRun(t.Context(), activities.AutoRun{Incident: "INC-7", Service: "shop", Runbook: "restart", At: noon(), Most: 1, Within: time.Hour})
		require.NoError(t, err)
		require.True(t, ok, "what mends something has a limit of its own")
		require.Equal(t, 30, admitted(noon().Add(61*time.Second)))
	})
}
