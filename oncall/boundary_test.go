package oncall_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

// The walk by minutes sees no boundary between two of them.
func TestShiftsAndAtAgreeAtEveryBoundary(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	zones := append(slices.Clone(oracleZones), "America/Nuuk", "Antarctica/Troll", "Asia/Gaza")
	for _, zone := range zones {
		all := changes(t, zone)
		d := dice{random, all[random.IntN(len(all))]}
		s := d.schedule(zone)
		for i := 1; i < len(s.Overrides); i++ {
			// Some touch, some begin at no whole second.
			s.Overrides[i].From = s.Overrides[i-1].Until.Add(time.Duration(d.Int64N(2) * d.Int64N(int64(time.Minute))))
			s.Overrides[i].Until = s.Overrides[i].From.Add(time.Hour)
		}
		require.Empty(t, s.Validate())
		bounded{t, s.Calendar()}.agree(d.around.AddDate(0, 0, -6), d.around.AddDate(0, 0, 5), fmt.Sprintf("%+v", s))
	}
}

// bounded compares a calendar with itself.
type bounded struct {
	t *testing.T
	*oncall.Calendar
}

// agree asks right before, at and behind each end of a shift and each change.
func (b bounded) agree(from, until time.Time, of string) {
	b.t.Helper()
	shifts := b.Shifts(from, until)
	moments := []time.Time{from}
	for _, s := range shifts {
		moments = append(moments, s.From, s.Until)
	}
	for at, ok := from, true; ok && at.Before(until); moments = append(moments, at) {
		at, ok = b.Change(at)
	}
	for _, moment := range moments {
		for _, at := range []time.Time{moment.Add(-1), moment, moment.Add(1)} {
			if !within(at, from, until) {
				continue
			}
			var want, got []string
			for _, s := range shifts {
				if within(at, s.From, s.Until) {
					want = append(want, why(s))
				}
			}
			for _, s := range b.At(at) {
				got = append(got, why(s))
				require.True(b.t, within(at, s.From, s.Until), "%s: %+v of %s", at, s, of)
				require.Contains(b.t, people(b.At(s.From)), s.Rotation+" "+s.Person, "%s: %+v of %s", at, s, of)
				require.Contains(b.t, people(b.At(s.Until.Add(-1))), s.Rotation+" "+s.Person, "%s: %+v of %s", at, s, of)
			}
			require.ElementsMatch(b.t, want, got, "%s of %s", at, of)
		}
	}
}

// why is a shift without its bounds.
func why(s oncall.Shift) string {
	s.From, s.Until = time.Time{}, time.Time{}
	return fmt.Sprintf("%+v", s)
}

func people(shifts []oncall.Shift) []string {
	var out []string
	for _, s := range shifts {
		out = append(out, s.Rotation+" "+s.Person)
	}
	return out
}
