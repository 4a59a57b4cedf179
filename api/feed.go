package api

import (
	"context"
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/store"
)

const (
	// feedPast and feedAhead are how much a feed shows.
	feedPast  = 30 * 24 * time.Hour
	feedAhead = 90 * 24 * time.Hour
	// feedMargin is how much more is looked at on either side, so that the
	// first and the last shift keep their true ends.
	feedMargin = 31 * 24 * time.Hour
	// feedEvery is how often a calendar is asked to look again.
	feedEvery = "PT1H"
)

// writeFeed writes the shifts of a feed as iCalendar. Times are in UTC, which
// every calendar shows in the zone of its reader, also over a clock change.
func (s *server) writeFeed(ctx context.Context, feed store.Calendar) (string, error) {
	now := s.Now().UTC().Truncate(time.Minute)
	begin, end := now.Add(-feedPast), now.Add(feedAhead)
	history, err := s.history(ctx, begin.Add(-feedMargin), end.Add(feedMargin))
	if err != nil {
		return "", err
	}
	c, err := s.catalog(ctx)
	if err != nil {
		return "", err
	}
	name := nameOfFeed(feed, c)
	cal := ics.NewCalendarFor("Tocsin")
	cal.SetProductId("-//Tocsin//On call//EN")
	cal.SetMethod(ics.MethodPublish)
	cal.SetName(name)
	cal.SetXWRCalName(name)
	cal.SetRefreshInterval(feedEvery)
	cal.SetXPublishedTTL(feedEvery)
	for _, schedule := range history.Schedules() {
		if feed.Schedule != "" && feed.Schedule != schedule.ID {
			continue
		}
		for _, shift := range history.Shifts(schedule.ID, begin.Add(-feedMargin), end.Add(feedMargin)) {
			if feed.Person != "" && feed.Person != shift.Person || !shift.Until.After(begin) || !shift.From.Before(end) {
				continue
			}
			addShift(cal, shift, begin.Add(-feedMargin), calendarEntry{stamp: now, title: titleOf(feed, c, shift)})
		}
	}
	return cal.Serialize(ics.WithNewLineWindows), nil
}

func nameOfFeed(feed store.Calendar, c *catalog.Catalog) string {
	if feed.Person != "" {
		return "On call: " + nameOf(c, feed.Person)
	}
	return "On call: " + feed.Schedule
}

func titleOf(feed store.Calendar, c *catalog.Catalog, shift catalog.Served) string {
	duty := shift.Schedule + "/" + shift.Rotation
	if feed.Person != "" {
		return "On call: " + duty
	}
	return nameOf(c, shift.Person) + ": " + duty
}

// calendarEntry is what an event says beside its shift.
type calendarEntry struct {
	stamp time.Time
	title string
}

// addShift adds one shift. Its id stays the same from one look to the next: it
// is made of the duty, the person and the beginning, unless that lies before
// everything that is looked at.
func addShift(cal *ics.Calendar, shift catalog.Served, looked time.Time, e calendarEntry) {
	beginning := "before"
	if shift.From.After(looked) {
		beginning = shift.From.UTC().Format("20060102T150405Z")
	}
	v := cal.AddEvent(fmt.Sprintf("%s/%s/%s/%s@tocsin", shift.Schedule, shift.Rotation, shift.Person, beginning))
	v.SetDtStampTime(e.stamp)
	v.SetStartAt(shift.From)
	v.SetEndAt(shift.Until)
	v.SetSummary(e.title)
	v.SetDescription(shift.Reason)
	v.SetTimeTransparency(ics.TransparencyTransparent)
}
