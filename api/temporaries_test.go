package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/gen"
)

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
