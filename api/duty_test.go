package api_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// dutyWorld is a world whose catalog is in a real store, today.
type dutyWorld struct {
	*world
	db    *store.Store
	clock *clock
	codes *codes
	now   time.Time
}

// codes remembers the codes that were sent.
type codes struct {
	apitest.Pager
	mu   sync.Mutex
	sent map[string]string
	err  error
}

func (c *codes) SendCode(_ context.Context, m catalog.ContactMethod, code string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[m.Address] = code
	return c.err
}

func newDutyWorld(t *testing.T) *dutyWorld {
	t.Helper()
	d := &dutyWorld{now: time.Now().UTC().Truncate(time.Second), codes: &codes{sent: map[string]string{}}}
	d.clock = &clock{now: d.now}
	d.db = storetest.Open(t, storetest.SQLite(t))
	_, err := d.db.SaveCatalog(t.Context(), example(t), 0, "alice")
	require.NoError(t, err)
	d.world = newWorld(t, func(c *api.Config) {
		c.Duty, c.Catalogs, c.Now, c.Pager = d.db, store.NewCatalogs(d.db), d.clock.Now, d.codes
	})
	for _, person := range []string{"bob", "carol", "dave", "erin"} {
		d.grant("person", person, api.ScopeRead, api.ScopeRespond)
	}
	return d
}

// hence returns a time to come, as a request writes it.
func (d *dutyWorld) hence(ahead time.Duration) string { return d.now.Add(ahead).Format(time.RFC3339) }

// turn returns a part of the next duty of somebody in a rotation.
func (d *dutyWorld) turn(person, rotation string) oncall.Span {
	d.t.Helper()
	calendar, _ := example(d.t).Calendar("payments")
	from := d.now.Add(24 * time.Hour).Truncate(time.Hour)
	for _, shift := range calendar.Shifts(from, from.Add(40*24*time.Hour)) {
		if shift.Person == person && shift.Rotation == rotation {
			return oncall.Span{Rotation: rotation, From: shift.From.UTC(), Until: shift.From.Add(8 * time.Hour).UTC()}
		}
	}
	require.Fail(d.t, "no turn of "+person)
	return oncall.Span{}
}

// on returns who is on call in a rotation of payments at a moment.
func (d *dutyWorld) on(rotation string, at time.Time) []string {
	d.t.Helper()
	var got gen.OnCall
	d.do("alice", "GET", "/v1/oncall?schedule=payments&at="+at.Format(time.RFC3339), "").want(200, &got)
	var out []string
	for _, shift := range got.Schedules[0].Shifts {
		if shift.Rotation == rotation {
			out = append(out, shift.Person)
		}
	}
	return out
}

func TestPastOnCall(t *testing.T) {
	d := newDutyWorld(t)
	var got gen.OnCall
	d.do("alice", "GET", "/v1/oncall", "").want(200, &got)
	require.Equal(t, 1, got.CatalogVersion)
	d.do("alice", "GET", "/v1/oncall?at="+d.hence(-24*time.Hour), "").problem(404, "not-found")

	primary := d.on("primary", d.now.Add(time.Hour))[0]
	other := map[string]string{"alice": "bob", "bob": "carol", "carol": "alice"}[primary]
	var made gen.Override
	d.do("grace", "POST", "/v1/overrides", fmt.Sprintf(`{"schedule":"payments","person":%q,"until":%q}`, other, d.hence(8*time.Hour))).want(201, &made)
	d.clock.Move(2 * time.Hour)
	d.do("grace", "DELETE", "/v1/overrides/"+made.Id, "").want(204)
	next := example(t)
	next.Schedules[0].Rotations[0].Participants = []string{"erin"}
	_, err := d.db.SaveCatalog(t.Context(), next, 1, "alice")
	require.NoError(t, err)
	d.clock.Move(time.Hour)

	var list gen.ShiftList
	d.do("alice", "GET", "/v1/oncall/shifts?schedule=payments&from="+d.hence(time.Second)+"&until="+d.hence(4*time.Hour), "").want(200, &list)
	var primaries []string
	for _, s := range list.Shifts {
		if s.Rotation == "primary" {
			primaries = append(primaries, s.Person)
		}
	}
	require.Contains(t, primaries, "erin", "what is in force now")
	d.do("alice", "GET", "/v1/oncall/shifts?schedule=x", "").problem(404, "not-found")
	d.do("alice", "GET", "/v1/oncall/shifts?until="+d.hence(100*24*time.Hour), "").problem(400, "invalid")
	d.do("alice", "GET", "/v1/oncall/shifts?until="+d.hence(-time.Hour), "").problem(400, "invalid")
	d.do("alice", "GET", "/v1/oncall/shifts?person=me&from="+d.hence(5*time.Hour)+"&until="+d.hence(60*24*time.Hour), "").want(200, &list)
	for _, s := range list.Shifts {
		require.Equal(t, "alice", s.Person)
		require.NotEmpty(t, s.Reason)
	}
}

func TestLoad(t *testing.T) {
	d := newDutyWorld(t)
	var got gen.Load
	d.do("alice", "GET", "/v1/oncall/load?schedule=payments&from="+d.hence(time.Minute)+"&until="+d.hence(21*24*time.Hour+time.Minute), "").want(200, &got)
	require.Len(t, got.People, 3)
	var total float32
	for _, p := range got.People {
		total += p.Hours
		require.Positive(t, p.NightHours)
		require.LessOrEqual(t, p.WeekendHours, p.Hours)
	}
	require.InDelta(t, 2*21*24, total, 1.5, "two rotations of three people, nobody twice at once")
	d.do("alice", "GET", "/v1/oncall/load?schedule=x", "").problem(404, "not-found")
	d.do("alice", "GET", "/v1/oncall/load?from="+d.hence(-100*24*time.Hour), "").problem(400, "invalid")
}
