package api_test

import (
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/gen"
)

// feed reads a feed by its address and returns its events by their ids.
func (d *dutyWorld) feed(url string) map[string]*ics.VEvent {
	d.t.Helper()
	got := d.do("", "GET", strings.TrimPrefix(url, "https://tocsin.example.org"), "").want(200)
	require.Equal(d.t, "text/calendar", got.header.Get("Content-Type"))
	cal, err := ics.ParseCalendar(strings.NewReader(string(got.body)))
	require.NoError(d.t, err)
	out := map[string]*ics.VEvent{}
	for _, e := range cal.Events() {
		require.Nil(d.t, out[e.Id()], "an id is used twice")
		out[e.Id()] = e
	}
	return out
}

func TestCalendarFeeds(t *testing.T) {
	d := newDutyWorld(t)
	var mine, all gen.NewCalendar
	d.do("alice", "POST", "/v1/calendars", `{}`).want(201, &mine)
	d.do("alice", "POST", "/v1/calendars", `{"schedule":"payments"}`).want(201, &all)
	d.do("alice", "POST", "/v1/calendars", `{"schedule":"x"}`).problem(400, "invalid")
	d.do("alertmanager", "POST", "/v1/calendars", `{}`).problem(403, "forbidden")
	require.Equal(t, "alice", mine.Calendar.Person)

	first := d.feed(mine.Url)
	require.NotEmpty(t, first)
	for id, e := range first {
		require.Contains(t, id, "/alice/")
		begin, err := e.GetStartAt()
		require.NoError(t, err)
		require.True(t, begin.Before(d.now.Add(90*24*time.Hour)))
		require.True(t, strings.HasPrefix(e.GetProperty(ics.ComponentPropertySummary).Value, "On call: "))
	}
	require.Greater(t, len(d.feed(all.Url)), len(first)/2)
	raw := string(d.do("", "GET", strings.TrimPrefix(mine.Url, "https://tocsin.example.org"), "").body)
	require.Contains(t, raw, "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n")
	require.Contains(t, raw, "\r\nPRODID:-//Tocsin//On call//EN\r\n")
	d.clock.Move(time.Hour)
	for id := range d.feed(mine.Url) {
		if first[id] == nil {
			require.NotContains(t, id, "before", "ids stay the same")
		}
	}

	var list gen.CalendarList
	d.do("alice", "GET", "/v1/calendars", "").want(200, &list)
	require.Len(t, list.Calendars, 2)
	d.do("bob", "GET", "/v1/calendars", "").want(200, &list)
	require.Empty(t, list.Calendars)
}

func TestCalendarFeedsEnd(t *testing.T) {
	d := newDutyWorld(t)
	path := func(url string) string { return strings.TrimPrefix(url, "https://tocsin.example.org") }
	var old, rotated gen.NewCalendar
	d.do("alice", "POST", "/v1/calendars", `{}`).want(201, &old)
	id := old.Calendar.Id
	d.do("bob", "POST", "/v1/calendars/"+id+"/rotate", "").problem(404, "not-found")
	d.do("bob", "DELETE", "/v1/calendars/"+id, "").problem(404, "not-found")
	d.do("alice", "POST", "/v1/calendars/"+id+"/rotate", "").want(200, &rotated)
	d.do("", "GET", path(old.Url), "").problem(404, "not-found")
	d.feed(rotated.Url)
	d.do("alice", "DELETE", "/v1/calendars/"+id, "").want(204)
	d.do("", "GET", path(rotated.Url), "").problem(404, "not-found")
	d.do("alice", "DELETE", "/v1/calendars/"+id, "").problem(404, "not-found")
	d.do("", "GET", "/calendars/cal_guess.ics", "").problem(404, "not-found")
	require.NotContains(t, d.log.String(), strings.TrimSuffix(path(rotated.Url), ".ics"))
}
