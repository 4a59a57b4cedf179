package store

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// stamp is a time as both databases keep it: UTC, in microseconds, in a text
// of fixed width, so that SQLite orders texts as PostgreSQL orders times.
// Zero is NULL.
type stamp time.Time

const stampLayout = "2006-01-02 15:04:05.000000+00:00"

// stampOf returns t as the database will give it back.
func stampOf(t time.Time) stamp { return stamp(t.UTC().Truncate(time.Microsecond)) }

// Time returns the time, in UTC.
func (s stamp) Time() time.Time { return time.Time(s) }

// Value implements driver.Valuer.
func (s stamp) Value() (driver.Value, error) {
	if s.Time().IsZero() {
		return nil, nil
	}
	return s.Time().UTC().Format(stampLayout), nil
}

// Scan implements sql.Scanner.
func (s *stamp) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*s = stamp{}
	case time.Time:
		*s = stamp(v.UTC())
	case string:
		return s.parse(v)
	case []byte:
		return s.parse(string(v))
	default:
		return fmt.Errorf("a time cannot be read from %T", value)
	}
	return nil
}

func (s *stamp) parse(text string) error {
	t, err := time.Parse("2006-01-02 15:04:05.999999Z07:00", text)
	if err != nil {
		return err
	}
	*s = stamp(t.UTC())
	return nil
}
