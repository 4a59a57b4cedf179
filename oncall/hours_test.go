package oncall_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

func office() oncall.Hours {
	return oncall.Hours{
		ID: "office", Zone: "Europe/Berlin", Except: []string{"2026-12-25"},
		During: []oncall.Window{{Days: []string{"monday", "tuesday", "wednesday", "thursday", "friday"}, From: "09:00", Until: "17:00"}},
	}
}

func TestHoursChange(t *testing.T) {
	require.Empty(t, office().Validate())
	clock := office().Clock()
	var got []string
	at := instant(t, "2026-12-23T12:00:00+01:00")
	for range 5 {
		next, ok := clock.Change(at)
		require.True(t, ok)
		require.NotEqual(t, clock.Holds(at), clock.Holds(next))
		require.Equal(t, clock.Holds(at), clock.Holds(next.Add(-1)))
		at = next
		got = append(got, at.Format("Mon 2006-01-02 15:04 MST"))
	}
	require.Equal(t, []string{
		"Wed 2026-12-23 17:00 CET", "Thu 2026-12-24 09:00 CET", "Thu 2026-12-24 17:00 CET",
		"Mon 2026-12-28 09:00 CET", "Mon 2026-12-28 17:00 CET",
	}, got)
}

func TestHoursThatAlwaysHoldChangeOnlyOnExceptedDays(t *testing.T) {
	h := oncall.Hours{ID: "h", Zone: "Europe/Berlin", During: []oncall.Window{{From: "00:00"}}}
	require.Empty(t, h.Validate())
	_, ok := h.Clock().Change(instant(t, "2026-01-01T00:00:00Z"))
	require.False(t, ok)

	h.Except = []string{"2026-12-26", "2026-12-25"}
	begin, ok := h.Clock().Change(instant(t, "2026-01-01T00:00:00Z"))
	require.True(t, ok)
	require.Equal(t, "2026-12-24T23:00:00Z", begin.UTC().Format(time.RFC3339))
	end, ok := h.Clock().Change(begin)
	require.True(t, ok)
	require.Equal(t, 48*time.Hour, end.Sub(begin))
	_, ok = h.Clock().Change(end)
	require.False(t, ok)
}

func TestHoursComeBackAfterManyExceptedDays(t *testing.T) {
	h := oncall.Hours{ID: "h", Zone: "UTC", During: []oncall.Window{{Days: []string{"monday"}}}}
	for monday := utc(5, 0); monday.Year() == 2026; monday = monday.AddDate(0, 0, 7) {
		if h.Except = append(h.Except, monday.Format(time.DateOnly)); len(h.Except) == 1 || len(h.Except) == 3 || len(h.Except) == 52 {
			next, ok := h.Clock().Change(utc(1, 0))
			require.True(t, ok)
			require.Equal(t, monday.AddDate(0, 0, 7), next.UTC())
		}
	}
}

// A window that passes midnight into an excepted day began before it.
func TestExceptedDaysAreThoseOnWhichAWindowBegins(t *testing.T) {
	h := oncall.Hours{ID: "h", Zone: "UTC", Except: []string{"2026-01-02"}, During: []oncall.Window{{From: "22:00", Until: "06:00"}}}
	require.True(t, h.Holds(utc(2, 5)))
	require.False(t, h.Holds(utc(2, 23)))
	require.False(t, h.Holds(utc(3, 5)))
	require.True(t, h.Holds(utc(3, 22)))
}

func TestHoursThatAreNotValidNeverHold(t *testing.T) {
	for _, spoil := range []func(*oncall.Hours){
		func(h *oncall.Hours) { h.Zone = "x" },
		func(h *oncall.Hours) { h.During = nil },
		func(h *oncall.Hours) { h.During[0].From = "17:00" },
		func(h *oncall.Hours) { h.Except[0] = "christmas" },
	} {
		h := office()
		spoil(&h)
		require.Len(t, h.Validate(), 1)
		require.False(t, h.Holds(instant(t, "2026-12-23T12:00:00+01:00")))
		_, ok := h.Clock().Change(utc(1, 0))
		require.False(t, ok)
	}
}

func TestHoursAgreeWithAClockOnTheWall(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, zone := range oracleZones {
		loc, err := time.LoadLocation(zone)
		require.NoError(t, err)
		for _, change := range changes(t, zone) {
			d := dice{random, change}
			h := oncall.Hours{ID: "h", Zone: zone, During: d.windows()}
			for range random.IntN(5) {
				h.Except = append(h.Except, d.moment().Format(time.DateOnly))
			}
			require.Empty(t, h.Validate())
			clock, wall := h.Clock(), ""
			from := change.AddDate(0, 0, -4)
			var was bool
			var next time.Time
			for now := from; now.Before(change.AddDate(0, 0, 4)); now = now.Add(time.Minute) {
				wall = max(wall, now.In(loc).Format(wallClock))
				want := windowHolds(h.During, h.Except, wall)
				if now.Equal(from) {
					was, next = want, changeOf(clock, now)
				}
				if want != was {
					require.Equal(t, now, next, "%+v", h)
					was, next = want, changeOf(clock, now)
				}
				if want != clock.Holds(now) || !now.Before(next) {
					require.FailNow(t, "disagrees", "at %s of %+v: want %v, next change %s", now, h, want, next)
				}
			}
		}
	}
}

// changeOf returns the next change, long after everything when there is none.
func changeOf(c *oncall.Clock, t time.Time) time.Time {
	next, ok := c.Change(t)
	if !ok {
		return t.AddDate(100, 0, 0)
	}
	return next.UTC()
}
