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

func TestOverrides(t *testing.T) {
	d := newDutyWorld(t)
	mine := d.turn("alice", "primary")
	var made gen.Override
	body := fmt.Sprintf(`{"schedule":"payments","person":"carol","of":"me","from":%q,"until":%q,"reason":"ill"}`,
		mine.From.Format(time.RFC3339), mine.Until.Format(time.RFC3339))
	d.do("alice", "POST", "/v1/overrides", body).want(201, &made)
	require.Equal(t, "api", made.Owner)
	require.Equal(t, "alice", made.By)
	require.Equal(t, "primary", made.Rotation)
	require.Equal(t, []string{"carol"}, d.on("primary", mine.From))
	require.Equal(t, []string{"alice"}, d.on("primary", mine.Until))

	var list gen.OverrideList
	for query, want := range map[string]int{
		"": 1, "?schedule=payments&person=me": 1, "?person=carol": 1, "?person=bob": 0, "?schedule=platform": 0,
		"?from=" + mine.Until.Format(time.RFC3339): 0, "?until=" + mine.From.Format(time.RFC3339): 0,
	} {
		d.do("alice", "GET", "/v1/overrides"+query, "").want(200, &list)
		require.Len(t, list.Overrides, want, query)
	}
	d.do("erin", "DELETE", "/v1/overrides/"+made.Id, "").problem(403, "forbidden")
	d.do("bob", "DELETE", "/v1/overrides/"+made.Id, "").want(204)
	require.Equal(t, []string{"alice"}, d.on("primary", mine.From))
	d.do("bob", "DELETE", "/v1/overrides/"+made.Id, "").problem(404, "not-found")
	d.do("bob", "DELETE", "/v1/overrides/o-1", "").problem(404, "not-found")
	list = gen.OverrideList{}
	d.do("alice", "GET", "/v1/overrides?all=true", "").want(200, &list)
	require.Equal(t, "bob", list.Overrides[0].RemovedBy)
}

func TestOverridesThatAreRefused(t *testing.T) {
	d := newDutyWorld(t)
	for name, test := range map[string]struct{ body, field, says string }{
		"past":             {`"schedule":"payments","person":"bob","from":"` + d.hence(-2*time.Hour) + `","until":"` + d.hence(time.Hour) + `"`, "from", "lies in the past"},
		"over":             {`"schedule":"payments","person":"bob","until":"` + d.hence(-time.Hour) + `"`, "until", "lies in the past"},
		"backwards":        {`"schedule":"payments","person":"bob","from":"` + d.hence(2*time.Hour) + `","until":"` + d.hence(time.Hour) + `"`, "until", "later than from"},
		"far ahead":        {`"schedule":"payments","person":"bob","until":"` + d.hence(400*24*time.Hour) + `"`, "until", "more than a year"},
		"unknown schedule": {`"schedule":"x","person":"bob","until":"` + d.hence(time.Hour) + `"`, "schedule", `no schedule "x"`},
		"unknown rotation": {`"schedule":"payments","rotation":"x","person":"bob","until":"` + d.hence(time.Hour) + `"`, "rotation", `no rotation "x"`},
		"unknown person":   {`"schedule":"payments","person":"zoe","until":"` + d.hence(time.Hour) + `"`, "person", `no person "zoe"`},
		"nobody":           {`"schedule":"payments","until":"` + d.hence(time.Hour) + `"`, "person", "must name who comes"},
		"unknown of":       {`"schedule":"payments","person":"bob","of":"zoe","until":"` + d.hence(time.Hour) + `"`, "of", `no person "zoe"`},
		"of themselves":    {`"schedule":"payments","person":"bob","of":"bob","until":"` + d.hence(time.Hour) + `"`, "of", "bob cannot come instead of bob"},
		"add of":           {`"schedule":"payments","kind":"add","person":"bob","of":"carol","until":"` + d.hence(time.Hour) + `"`, "of", "nobody goes"},
		"remove for":       {`"schedule":"payments","kind":"remove","person":"bob","until":"` + d.hence(time.Hour) + `"`, "person", "nobody comes"},
		"remove nobody":    {`"schedule":"payments","kind":"remove","until":"` + d.hence(time.Hour) + `"`, "of", "must name who goes"},
	} {
		t.Run(name, func(t *testing.T) {
			p := d.do("grace", "POST", "/v1/overrides", "{"+test.body+"}").problem(400, "invalid")
			require.Equal(t, test.field, p.Field)
			require.Contains(t, p.Detail, test.says)
		})
	}
}

// The commanders' schedule is paged by no service: nobody manages it but
// administrators.
func TestWhoMayOverride(t *testing.T) {
	d := newDutyWorld(t)
	order := func(schedule, person, of string) string {
		return fmt.Sprintf(`{"schedule":%q,"person":%q,"of":%q,"until":%q}`, schedule, person, of, d.hence(time.Hour))
	}
	for _, test := range []struct {
		as, body string
		status   int
	}{
		{"dave", order("incident-commanders", "carol", "dave"), 201},
		{"dave", order("incident-commanders", "dave", "carol"), 201},
		{"dave", order("incident-commanders", "heidi", "carol"), 403},
		{"erin", order("incident-commanders", "erin", "carol"), 403},
		{"alice", order("incident-commanders", "heidi", "carol"), 201},
		{"grace", order("payments", "bob", "alice"), 201},
		{"bob", order("payments", "carol", "alice"), 201},
		{"erin", order("payments", "erin", "alice"), 403},
		{"alertmanager", order("payments", "bob", "alice"), 403},
	} {
		require.Equal(t, test.status, d.do(test.as, "POST", "/v1/overrides", test.body).status, "%s %s", test.as, test.body)
	}
}

func TestTemporarySchedules(t *testing.T) {
	d := newDutyWorld(t)
	from := d.now.Add(48 * time.Hour)
	body := fmt.Sprintf(`{"schedule":"payments","from":%q,"until":%q,"reason":"move","shifts":[{"person":"erin","from":%q,"until":%q}]}`,
		from.Format(time.RFC3339), d.hence(72*time.Hour), from.Format(time.RFC3339), d.hence(60*time.Hour))
	d.do("erin", "POST", "/v1/temporary-schedules", body).problem(403, "forbidden")
	var made gen.Temporary
	d.do("bob", "POST", "/v1/temporary-schedules", body).want(201, &made)
	require.Equal(t, "bob", made.By)
	var list gen.TemporaryList
	for query, want := range map[string]int{"": 1, "?person=erin": 1, "?person=bob": 1, "?person=dave": 0, "?schedule=platform": 0} {
		d.do("alice", "GET", "/v1/temporary-schedules"+query, "").want(200, &list)
		require.Len(t, list.TemporarySchedules, want, query)
	}
	d.do("erin", "DELETE", "/v1/temporary-schedules/"+made.Id, "").problem(403, "forbidden")
	d.do("carol", "DELETE", "/v1/temporary-schedules/"+made.Id, "").want(204)
	d.do("carol", "DELETE", "/v1/temporary-schedules/"+made.Id, "").problem(404, "not-found")
	d.do("carol", "DELETE", "/v1/temporary-schedules/t-1", "").problem(404, "not-found")
}

func TestTemporarySchedulesThatAreRefused(t *testing.T) {
	d := newDutyWorld(t)
	shift := func(person string, from, until time.Duration) string {
		return fmt.Sprintf(`{"person":%q,"from":%q,"until":%q}`, person, d.hence(from), d.hence(until))
	}
	for name, test := range map[string]struct{ shifts, field string }{
		"none":      {"", "shifts"},
		"outside":   {shift("bob", time.Hour, 30*time.Hour), "shifts[0]"},
		"before":    {shift("bob", -time.Hour, 2*time.Hour), "shifts[0]"},
		"backwards": {shift("bob", 2*time.Hour, time.Hour), "shifts[0].until"},
		"nobody":    {shift("bob", time.Hour, 2*time.Hour) + "," + shift("zoe", time.Hour, 2*time.Hour), "shifts[1].person"},
	} {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"schedule":"payments","until":%q,"shifts":[%s]}`, d.hence(24*time.Hour), test.shifts)
			require.Equal(t, test.field, d.do("grace", "POST", "/v1/temporary-schedules", body).problem(400, "invalid").Field)
		})
	}
}

func (d *dutyWorld) swap(taker string, give, take oncall.Span) string {
	return fmt.Sprintf(`{"schedule":"payments","taker":%q,"reason":"dentist","give":{"rotation":%q,"from":%q,"until":%q},"take":{"rotation":%q,"from":%q,"until":%q}}`,
		taker, give.Rotation, give.From.Format(time.RFC3339), give.Until.Format(time.RFC3339),
		take.Rotation, take.From.Format(time.RFC3339), take.Until.Format(time.RFC3339))
}

func TestSwapIsAccepted(t *testing.T) {
	d := newDutyWorld(t)
	give, take := d.turn("alice", "primary"), d.turn("bob", "primary")
	var offer gen.Swap
	d.do("alice", "POST", "/v1/swaps", d.swap("bob", give, take)).want(201, &offer)
	require.Equal(t, "offered", offer.State)
	require.Equal(t, []string{"alice"}, d.on("primary", give.From), "nothing changes until it is accepted")
	d.do("carol", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(403, "forbidden")
	d.do("alice", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(403, "forbidden")
	d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").want(200, &offer)
	require.Equal(t, "accepted", offer.State)
	require.Equal(t, []string{"bob"}, d.on("primary", give.From))
	require.Equal(t, []string{"alice"}, d.on("primary", take.From))
	d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(409, "refused")
	d.do("alice", "POST", "/v1/swaps/"+offer.Id+"/withdraw", "").problem(409, "refused")

	var overrides gen.OverrideList
	d.do("alice", "GET", "/v1/overrides", "").want(200, &overrides)
	require.Len(t, overrides.Overrides, 2)
	require.Equal(t, offer.Id, overrides.Overrides[0].Swap)
	told, err := d.db.DueNotices(t.Context(), d.now, 10)
	require.NoError(t, err)
	require.Len(t, told, 2)
	require.ElementsMatch(t, []string{"Alice Anders offers you a swap", "Bob Brandt accepts your swap"}, []string{told[0].Title, told[1].Title})
}

func TestSwapIsNotAccepted(t *testing.T) {
	d := newDutyWorld(t)
	give, take := d.turn("alice", "primary"), d.turn("bob", "primary")
	var offer gen.Swap
	for _, end := range []struct{ verb, wrong, by, state string }{
		{"decline", "alice", "bob", "declined"}, {"withdraw", "bob", "alice", "withdrawn"},
	} {
		d.do("alice", "POST", "/v1/swaps", d.swap("bob", give, take)).want(201, &offer)
		d.do(end.wrong, "POST", "/v1/swaps/"+offer.Id+"/"+end.verb, "").problem(403, "forbidden")
		d.do(end.by, "POST", "/v1/swaps/"+offer.Id+"/"+end.verb, "").want(200, &offer)
		require.Equal(t, end.state, offer.State)
		d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(409, "refused")
	}
	d.do("bob", "POST", "/v1/swaps/s-1/accept", "").problem(404, "not-found")

	d.clock.Move(time.Second) // for the order of the list
	d.do("alice", "POST", "/v1/swaps", d.swap("bob", give, take)).want(201, &offer)
	d.do("alice", "POST", "/v1/overrides", fmt.Sprintf(`{"schedule":"payments","person":"carol","of":"alice","from":%q,"until":%q}`,
		give.From.Format(time.RFC3339), give.Until.Format(time.RFC3339))).want(201)
	p := d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(409, "refused")
	require.Equal(t, []string{"give: alice is not on call in the whole of it"}, p.Missing)

	d.clock.Move(60 * 24 * time.Hour)
	var list gen.SwapList
	d.do("bob", "GET", "/v1/swaps?person=me", "").want(200, &list)
	require.Empty(t, list.Swaps)
	d.do("bob", "GET", "/v1/swaps?person=me&all=true&schedule=payments", "").want(200, &list)
	require.Len(t, list.Swaps, 3)
	require.Equal(t, "expired", list.Swaps[0].State)
	d.do("bob", "POST", "/v1/swaps/"+offer.Id+"/accept", "").problem(409, "refused")
}

func TestSwapsThatAreRefused(t *testing.T) {
	d := newDutyWorld(t)
	give, take := d.turn("alice", "primary"), d.turn("bob", "primary")
	gone := oncall.Span{Rotation: "primary", From: d.now.Add(-2 * time.Hour), Until: d.now.Add(-time.Hour)}
	backwards := oncall.Span{Rotation: "primary", From: give.Until, Until: give.From}
	for name, test := range map[string]struct{ body, field string }{
		"with oneself":       {d.swap("alice", give, take), "taker"},
		"with nobody":        {d.swap("zoe", give, take), "taker"},
		"what is not mine":   {d.swap("bob", take, take), "give"},
		"what is not theirs": {d.swap("bob", give, give), "take"},
		"what is over":       {d.swap("bob", gone, take), "give.from"},
		"backwards":          {d.swap("bob", backwards, take), "give.until"},
		"unknown rotation":   {d.swap("bob", give, oncall.Span{Rotation: "x", From: take.From, Until: take.Until}), "take.rotation"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.field, d.do("alice", "POST", "/v1/swaps", test.body).problem(400, "invalid").Field)
		})
	}
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
