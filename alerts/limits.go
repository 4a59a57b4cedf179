package alerts

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of one delivery; lengths are in bytes. What comes from
// Alertmanager is cut to them, because losing the page would be worse than
// losing the end of a label; what is sent in Tocsin's own format is refused
// beyond them.
const (
	MaxAlerts          = 10_000
	MaxLabels          = 64
	MaxLabelName       = 128
	MaxLabelValue      = 1024
	MaxAnnotationValue = 4096
	MaxFingerprint     = 128
	MaxURL             = 2048
)

// clean replaces what a database or a page cannot hold.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// cleanAll cleans names and values, and drops empty ones: a label without a
// value is the same as no label.
func cleanAll(labels map[string]string) map[string]string {
	out := make(map[string]string, len(labels))
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "" && labels[name] != "" {
			out[clean(name)] = clean(labels[name])
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// shorten cuts text to at most limit bytes and ends it with a hash of the
// whole, so that different texts stay different.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	tail := "…" + hex.EncodeToString(sum[:8])
	return prefix(text, limit-len(tail)) + tail
}

// prefix returns at most limit bytes of text without splitting a character.
func prefix(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// bound cuts names, values and the number of labels. The labels that route
// are kept first, the others by name.
func bound(labels map[string]string, maxValue int) map[string]string {
	names := slices.SortedFunc(maps.Keys(labels), func(a, b string) int {
		return cmp.Or(cmp.Compare(importance(a), importance(b)), cmp.Compare(a, b))
	})
	out := make(map[string]string, min(len(names), MaxLabels))
	for _, name := range names[:min(len(names), MaxLabels)] {
		out[shorten(name, MaxLabelName)] = shorten(labels[name], maxValue)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func importance(label string) int {
	switch label {
	case "alertname", "severity", "service", "team":
		return 0
	}
	return 1
}

// webAddress says whether text may be shown to people as a link.
func webAddress(text string) bool {
	if len(text) > MaxURL {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// parseTime reads an RFC 3339 time as UTC. Empty text, and times before 1970
// (sources write the year 1), mean that the source did not say: they give the
// zero time. Microseconds are what every database keeps.
func parseTime(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Year() > 9000 {
		return time.Time{}, inputErrorf(field, "must be an RFC 3339 time such as \"2026-01-31T09:00:00Z\", got %s", quote(text))
	}
	if t.Year() < 1970 {
		return time.Time{}, nil
	}
	return t.UTC().Truncate(time.Microsecond), nil
}
