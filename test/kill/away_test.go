package kill_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/test/scene"
)

// TestAnAcknowledgementCountsWhileEveryWorkerIsDead taps while nothing runs
// but the API that serves people: the tap counts from then, and silences what
// became due meanwhile.
func TestAnAcknowledgementCountsWhileEveryWorkerIsDead(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.startGround(t)
	takes := freeAddr(t)
	s.addTocsin(t, "worker")
	s.addTocsin(t, "intake", "TOCSIN_LISTEN="+takes)
	s.addTocsin(t, "api --no-intake")
	source := *s.world
	source.API = "http://" + takes
	a := alert(s.services[0], "Sleepless")
	number, err := a.Fire(t.Context(), &source)
	require.NoError(t, err)
	page, err := s.world.Push(t.Context(), scene.Primary, number, a.Summary)
	require.NoError(t, err)

	require.NoError(t, s.victims["intake"].Kill())
	require.NoError(t, s.victims["worker"].Kill())
	tapped := time.Now()
	require.NoError(t, (&scene.Incident{World: s.world}).Tap(t.Context(), page))
	require.Eventually(t, func() bool { return time.Since(page.Received) > firstLevel+time.Second }, patience, 10*time.Millisecond)
	back := time.Now()
	require.NoError(t, s.victims["worker"].Restart(t.Context()))
	require.NoError(t, s.victims["intake"].Restart(t.Context()))

	held, err := s.world.Incident(t.Context(), number, "the holder", func(i *client.Incident) bool { return i.Holder == scene.Primary })
	require.NoError(t, err)
	require.WithinRange(t, held.Clocks.Stamps[incident.FirstAck], tapped.Add(-time.Second), tapped.Add(callWithin))
	require.True(t, held.Clocks.Stamps[incident.FirstAck].Before(back), "stamped at the tap")
	// The commander is sought only after all that was overdue was looked at.
	_, err = s.world.Push(t.Context(), scene.Commander, number, "commander")
	require.NoError(t, err)
	for _, p := range s.world.Sandbox.Phone.Pages(scene.Secondary) {
		require.False(t, strings.HasPrefix(p.Key, number+"/alert-"), "%s was paged after the tap", p.Key)
	}
	require.Empty(t, s.world.Sandbox.Phone.Hooks(scene.Primary), "what was due after the tap")
}

// firstLevel is the first level's timeout of scene.Steady, and callWithin how
// long a tap may be on its way.
const (
	firstLevel = 5 * time.Second
	callWithin = 5 * time.Second
)

// TestPagingGoesOnWithTheDatabaseStopped stops PostgreSQL while an escalation
// runs and an alert comes in; afterwards the record is whole.
func TestPagingGoesOnWithTheDatabaseStopped(t *testing.T) {
	t.Parallel()
	s := inParts(t)
	running, late := alert(s.services[0], "Before"), alert(s.services[1], "Meanwhile")
	number, err := running.Fire(t.Context(), s.world)
	require.NoError(t, err)
	_, err = s.world.Push(t.Context(), scene.Primary, number, running.Summary)
	require.NoError(t, err)

	require.NoError(t, s.victims["postgres"].Kill())
	fired := time.Now()
	other, err := late.Fire(t.Context(), s.world)
	require.NoError(t, err)
	first, err := s.world.Push(t.Context(), scene.Primary, other, late.Summary)
	require.NoError(t, err)
	t.Logf("%s: paged %s after its alert, without the database", other, first.Received.Sub(fired).Round(time.Millisecond))
	require.Less(t, first.Received.Sub(fired), promised)
	second, err := s.world.Push(t.Context(), scene.Secondary, number, running.Summary)
	require.NoError(t, err, "the escalation goes on")
	require.NoError(t, (&scene.Incident{World: s.world}).Tap(t.Context(), second), "an acknowledgement needs no database")
	require.NoError(t, (&scene.Incident{World: s.world}).Tap(t.Context(), first))

	require.NoError(t, s.victims["postgres"].Restart(t.Context()))
	for number, holder := range map[string]string{number: scene.Secondary, other: scene.Primary} {
		i, err := s.world.Incident(t.Context(), number, "the record", func(i *client.Incident) bool { return i.Holder == holder })
		require.NoError(t, err)
		open, err := s.world.Open(t.Context(), i.Service)
		require.NoError(t, err)
		require.Equal(t, []string{number}, open)
		timeline(t, s.world, number)
	}
	again, err := late.Fire(t.Context(), s.world)
	require.NoError(t, err)
	require.Equal(t, other, again, "the same alert belongs to the same incident")
	requireOnce(t, s)
}

// requireOnce holds every push to having arrived once.
func requireOnce(t *testing.T, s *stack) {
	t.Helper()
	times := map[string]int{}
	for _, p := range s.world.Sandbox.Phone.Pages("") {
		times[p.Topic+" "+p.Key]++
	}
	for key, n := range times {
		require.Equal(t, 1, n, key)
	}
}

// TestTwoPeopleAtOnce has both who were paged tap at the same moment.
func TestTwoPeopleAtOnce(t *testing.T) {
	t.Parallel()
	s := allInOne(t)
	a := alert(s.services[0], "Crowded")
	number, err := a.Fire(t.Context(), s.world)
	require.NoError(t, err)
	i := &scene.Incident{World: s.world, Number: number, Summary: a.Summary}
	one, err := s.world.Push(t.Context(), scene.Primary, number, a.Summary)
	require.NoError(t, err)
	two, err := s.world.Push(t.Context(), scene.Secondary, number, a.Summary)
	require.NoError(t, err)
	var taps sync.WaitGroup
	errs := make([]error, 2)
	taps.Go(func() { errs[0] = i.Tap(context.WithoutCancel(t.Context()), one) })
	taps.Go(func() { errs[1] = i.Tap(context.WithoutCancel(t.Context()), two) })
	taps.Wait()
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	held, err := s.world.Incident(t.Context(), number, "the holder", func(i *client.Incident) bool { return i.Holder != "" })
	require.NoError(t, err)
	require.Contains(t, []string{scene.Primary, scene.Secondary}, held.Holder)
	entries, err := scene.Until(t.Context(), s.world, "both taps", func(ctx context.Context) ([]client.Entry, bool) {
		all, err := s.world.Timeline(ctx, number)
		taps := slices.DeleteFunc(all, func(e client.Entry) bool { return !strings.HasPrefix(e.Kind, "acknowledged") })
		return taps, err == nil && len(taps) == 2
	})
	require.NoError(t, err)
	require.Equal(t, []string{"acknowledged", "acknowledged.also"}, []string{entries[0].Kind, entries[1].Kind})
	require.Equal(t, held.Holder, entries[0].Actor.ID, "the first one holds it")
}

// TestNumbersDoNotCollideInARestoredDatabase goes on with a database that has
// forgotten incidents which Temporal knows.
func TestNumbersDoNotCollideInARestoredDatabase(t *testing.T) {
	t.Parallel()
	s := allInOne(t)
	fire := func(service string) string {
		a := alert(service, "Forgotten")
		number, err := a.Fire(t.Context(), s.world)
		require.NoError(t, err)
		_, err = s.world.Push(t.Context(), scene.Primary, number, a.Summary)
		require.NoError(t, err)
		return number
	}
	numbers := []string{fire(s.services[0])}
	require.NoError(t, s.victims["all-in-one"].Kill())
	backup := t.TempDir()
	s.copyDatabase(t, s.dir, backup)
	require.NoError(t, s.victims["all-in-one"].Restart(t.Context()))
	numbers = append(numbers, fire(s.services[1]), fire(s.services[2]))
	require.NoError(t, s.victims["all-in-one"].Kill())
	s.copyDatabase(t, backup, s.dir)
	require.NoError(t, s.victims["all-in-one"].Restart(t.Context()))
	numbers = append(numbers, fire(s.services[3]), fire(s.services[4]))
	distinct := slices.Clone(numbers)
	slices.Sort(distinct)
	require.Len(t, slices.Compact(distinct), len(numbers), "%v", numbers)
	t.Logf("the numbers are %v", numbers)
}

// copyDatabase copies the SQLite files of a stack that does not run.
func (s *stack) copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{"tocsin.db", "tocsin.db-wal", "tocsin.db-shm"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if os.IsNotExist(err) {
			require.NoError(t, os.RemoveAll(filepath.Join(to, name)))
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, name), data, 0o600))
	}
}
