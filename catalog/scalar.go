package catalog

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

func (d *decoder) scalar(n *yaml.Node, key string, into reflect.Value) {
	if err := setScalar(n, into); err != nil {
		d.report(key, "%s", err)
	}
}

func setScalar(n *yaml.Node, into reflect.Value) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("must be %s", scalarName(into.Type()))
	}
	if into.Type() == durationType {
		value, err := parseDuration(n.Value)
		into.SetInt(int64(value))
		return err
	}
	return setPlain(n, into)
}

// setPlain demands that what is written looks like what is wanted: text that
// looks like a number or a truth value needs quotes.
func setPlain(n *yaml.Node, into reflect.Value) error {
	tag := n.ShortTag()
	switch {
	case into.Kind() == reflect.String && (tag == "!!str" || tag == "!!timestamp"):
		into.SetString(n.Value)
		return nil
	case into.Kind() == reflect.String:
		return fmt.Errorf("must be text: write it in quotes")
	case into.Kind() == reflect.Bool && tag == "!!bool":
		into.SetBool(strings.EqualFold(n.Value, "true"))
		return nil
	case into.Kind() == reflect.Int && tag == "!!int":
		value, err := strconv.Atoi(n.Value)
		if err == nil {
			into.SetInt(int64(value))
			return nil
		}
	}
	return fmt.Errorf("must be %s", scalarName(into.Type()))
}

func scalarName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration such as 30s, 5m, 24h or 7d"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	}
	return "text"
}

// parseDuration reads Go's form of a duration, and whole days as in 7d.
func parseDuration(text string) (time.Duration, error) {
	value, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var count uint16
		count, err = parseDays(days)
		value = time.Duration(count) * 24 * time.Hour
	}
	if err != nil {
		return 0, fmt.Errorf("must be %s", scalarName(durationType))
	}
	if value < 0 {
		return 0, fmt.Errorf("must not be negative")
	}
	return value, nil
}

// FormatDuration says a duration as people do, down to milliseconds and without
// the units that are zero: 5 min, 1 h 30 min, 3 days.
func FormatDuration(d time.Duration) string {
	if d < 0 {
		return "-" + FormatDuration(-d)
	}
	if days := d / (24 * time.Hour); days > 1 && d == days*24*time.Hour {
		return fmt.Sprintf("%d days", days)
	}
	var parts []string
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if count := d / unit.length; count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count, unit.name))
		}
		d %= unit.length
	}
	return cmp.Or(strings.Join(parts, " "), "0 s")
}

func parseDays(text string) (uint16, error) {
	count, err := strconv.ParseUint(text, 10, 16)
	return uint16(count), err
}
