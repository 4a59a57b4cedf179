package oncall

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// day is a date without a zone: days since 1970-01-01.
type day int

// wall is what a clock on the wall shows: seconds since 1970-01-01 00:00 on
// that clock.
type wall int64

const (
	secondsADay = 24 * 60 * 60
	fullDay     = secondsADay * time.Second
)

// at returns a time of that date; it may lie on a later one.
func (d day) at(timeOfDay time.Duration) wall {
	return wall(d)*secondsADay + wall(timeOfDay/time.Second)
}

// weekday of 1970-01-01 was a Thursday.
func (d day) weekday() time.Weekday {
	return time.Weekday(((int(d)+int(time.Thursday))%7 + 7) % 7)
}

// day returns the date.
func (w wall) day() day {
	if w < 0 {
		w -= secondsADay - 1
	}
	return day(w / secondsADay)
}

// timeOfDay returns the time since the midnight of the date.
func (w wall) timeOfDay() time.Duration {
	return time.Duration(w-w.day().at(0)) * time.Second
}

// shown returns the latest that clocks in loc have shown until t. It is what
// they show now, unless they were set back: then it stands still until they
// have caught up, so that nothing happens twice.
func shown(t time.Time, loc *time.Location) wall {
	t = t.In(loc)
	_, offset := t.Zone()
	now := wall(t.Unix() + int64(offset))
	since, _ := t.ZoneBounds()
	if since.IsZero() || t.Sub(since) > fullDay {
		return now
	}
	_, before := since.Add(-1).Zone()
	return max(now, wall(since.Unix()+int64(before))-1)
}

// instant returns when clocks in loc first show at least that time: right
// after the gap when it is skipped, at its first occurrence when it is
// repeated.
func instant(w wall, loc *time.Location) time.Time {
	utc := time.Unix(int64(w), 0)
	before, after := offsetAt(utc.Add(-fullDay), loc), offsetAt(utc.Add(fullDay), loc)
	early := utc.Add(-before).In(loc)
	if before == after || offsetAt(early, loc) == before {
		return early
	}
	late := utc.Add(-after).In(loc)
	if offsetAt(late, loc) == after {
		return late
	}
	// Read with the clock of before the gap, the time lies after it.
	gap, _ := early.ZoneBounds()
	return gap
}

func offsetAt(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, errors.New(`must be an IANA zone such as "Europe/Berlin"`)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf(`there is no zone %q: use an IANA zone such as "Europe/Berlin"`, name)
	}
	return loc, nil
}

// CheckZone says what is wrong with the name of a time zone.
func CheckZone(name string) error {
	_, err := loadZone(name)
	return err
}

func parseDay(text string) (day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf(`%q is not a date: write it as "2026-01-05"`, text)
	}
	return wall(t.Unix()).day(), nil
}

func parseTimeOfDay(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf(`%q is not a time of day: write it as "09:00"`, text)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func parseWeekday(text string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(text, d.String()) {
			return d, nil
		}
	}
	return 0, fmt.Errorf(`%q is not a weekday: write it as "monday"`, text)
}
