package oncall

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// day is a date without a zone: days since 1970-01-01.
type day int

const (
	secondsADay = 24 * 60 * 60
	fullDay     = secondsADay * time.Second
)

// dayOf returns the date that a clock in t's zone shows.
func dayOf(t time.Time) day {
	_, offset := t.Zone()
	local := t.Unix() + int64(offset)
	if local < 0 {
		local -= secondsADay - 1
	}
	return day(local / secondsADay)
}

// weekday of 1970-01-01 was a Thursday.
func (d day) weekday() time.Weekday {
	return time.Weekday(((int(d)+int(time.Thursday))%7 + 7) % 7)
}

// instant returns when clocks in loc first show at least the time of day on
// that date: right after the gap when it is skipped, at its first occurrence
// when it is repeated.
func instant(d day, timeOfDay time.Duration, loc *time.Location) time.Time {
	wall := time.Unix(int64(d)*secondsADay+int64(timeOfDay/time.Second), 0)
	before, after := offsetAt(wall.Add(-fullDay), loc), offsetAt(wall.Add(fullDay), loc)
	early := wall.Add(-before).In(loc)
	if before == after || offsetAt(early, loc) == before {
		return early
	}
	late := wall.Add(-after).In(loc)
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
	return dayOf(t), nil
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
