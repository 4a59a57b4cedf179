package api

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// feedEnding is what calendars expect at the end of an address.
const feedEnding = ".ics"

// ListCalendars lists one's calendar feeds.
func (s *server) ListCalendars(ctx context.Context, _ gen.ListCalendarsRequestObject) (gen.ListCalendarsResponseObject, error) {
	list, err := s.Duty.Calendars(ctx, callerOf(ctx).identity.owner())
	if err != nil {
		return nil, err
	}
	return gen.ListCalendars200JSONResponse{Calendars: each(list, calendarOf)}, nil
}

// CreateCalendar makes a calendar feed.
func (s *server) CreateCalendar(ctx context.Context, r gen.CreateCalendarRequestObject) (gen.CreateCalendarResponseObject, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx).identity.owner()
	feed := store.Calendar{ID: newID("c"), Owner: who, Schedule: r.Body.Schedule, Made: s.Now().UTC()}
	if feed.Schedule == "" {
		feed.Person = who
	} else if _, ok := c.Schedule(feed.Schedule); !ok {
		return nil, &fieldError{field: "schedule", message: fmt.Sprintf("there is no schedule %q", feed.Schedule)}
	}
	secret := mintSecret("cal_")
	feed.Hash = HashToken(secret)
	if err := s.Duty.CreateCalendar(ctx, feed); err != nil {
		return nil, err
	}
	s.Log.Info("calendar feed made", "calendar", feed.ID, "schedule", feed.Schedule, "by", who)
	return gen.CreateCalendar201JSONResponse{Calendar: calendarOf(feed), Url: s.feedURL(secret)}, nil
}

// RotateCalendar gives a calendar feed a new address.
func (s *server) RotateCalendar(ctx context.Context, r gen.RotateCalendarRequestObject) (gen.RotateCalendarResponseObject, error) {
	secret := mintSecret("cal_")
	feed, err := s.Duty.RotateCalendar(ctx, store.Calendar{
		ID: r.Id, Owner: callerOf(ctx).identity.owner(), Hash: HashToken(secret), Rotated: s.Now().UTC(),
	})
	if err != nil {
		return nil, err
	}
	s.Log.Info("calendar feed rotated", "calendar", feed.ID, "by", feed.Owner)
	return gen.RotateCalendar200JSONResponse{Calendar: calendarOf(feed), Url: s.feedURL(secret)}, nil
}

// RevokeCalendar ends a calendar feed.
func (s *server) RevokeCalendar(ctx context.Context, r gen.RevokeCalendarRequestObject) (gen.RevokeCalendarResponseObject, error) {
	who := callerOf(ctx).identity.owner()
	if err := s.Duty.RevokeCalendar(ctx, who, r.Id, s.Now()); err != nil {
		return nil, err
	}
	s.Log.Info("calendar feed revoked", "calendar", r.Id, "by", who)
	return gen.RevokeCalendar204Response{}, nil
}

func (s *server) feedURL(secret string) string {
	return s.PublicURL + "/calendars/" + secret + feedEnding
}

// ShowCalendar shows a feed to whoever has its address.
func (s *server) ShowCalendar(ctx context.Context, r gen.ShowCalendarRequestObject) (gen.ShowCalendarResponseObject, error) {
	feed, err := s.feed(ctx, strings.TrimSuffix(r.Feed, feedEnding))
	if err != nil {
		return nil, err
	}
	text, err := s.writeFeed(ctx, feed)
	if err != nil {
		return nil, err
	}
	return gen.ShowCalendar200TextcalendarResponse{Body: strings.NewReader(text), ContentLength: int64(len(text))}, nil
}

// feed looks a feed up by its secret. Its owner must still be in the catalog.
func (s *server) feed(ctx context.Context, secret string) (store.Calendar, error) {
	none := incident.Errorf(incident.NotFound, "there is no such calendar feed, or none any more")
	c, err := s.catalog(ctx)
	if err != nil {
		return store.Calendar{}, err
	}
	hash := HashToken(secret)
	feed, err := s.Duty.CalendarByHash(ctx, hash)
	if incident.KindOf(err) == incident.NotFound {
		return feed, none
	}
	if err != nil {
		return feed, err
	}
	if _, ok := c.Person(feed.Owner); !ok || subtle.ConstantTimeCompare([]byte(feed.Hash), []byte(hash)) != 1 {
		return feed, none
	}
	return feed, nil
}

func calendarOf(c store.Calendar) gen.Calendar {
	return gen.Calendar{
		Id: c.ID, Person: c.Person, Schedule: c.Schedule, Owner: ownedByAPI, By: c.Owner, MadeAt: c.Made,
		RotatedAt: c.Rotated, RevokedAt: c.Revoked,
	}
}
