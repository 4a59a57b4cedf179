package alerts

import (
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxKey is the longest text, in bytes, that Key returns.
const MaxKey = 200

var plainName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Key returns the canonical, readable text of a set of grouping labels:
// sorted by name, values quoted, as in `alertname="DiskFull",host="db1"`. A
// label with an empty value is the same as none. Equal sets have equal keys
// and different sets different ones; a key that would be longer than MaxKey
// ends in a hash instead.
func Key(labels map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if value := labels[name]; value != "" {
			parts = append(parts, keyName(name)+"="+strconv.Quote(value))
		}
	}
	if len(parts) == 0 {
		return "no labels"
	}
	return shorten(strings.Join(parts, ","), MaxKey)
}

func keyName(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return strconv.Quote(name)
}

// Fingerprint returns 16 hexadecimal digits that are the same for the same
// labels; they are what Alertmanager computes for them.
func Fingerprint(labels map[string]string) string {
	sum := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		// The separator is a byte that no UTF-8 text holds.
		_, _ = io.WriteString(sum, name+"\xff"+labels[name]+"\xff")
	}
	return fmt.Sprintf("%016x", sum.Sum64())
}
