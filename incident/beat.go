package incident

import (
	"strconv"
	"strings"
	"time"
)

// BeatPrefix begins the numbers of beats: the synthetic incidents by which
// Tocsin proves to a watchdog outside that the whole way of an alert works.
const BeatPrefix = "WD-"

// BeatFresh is for how long after its moment a beat proves anything. A page of
// an older one must not reach the watchdog: it would vouch for a way that may
// be broken since.
const BeatFresh = 2 * time.Minute

// BeatNumber names the beat of a moment, in whole seconds: every process makes
// the same number for it.
func BeatNumber(at time.Time) string { return BeatPrefix + strconv.FormatInt(at.Unix(), 10) }

// BeatTime returns the moment of a beat, and false for the number of anything
// else.
func BeatTime(number string) (time.Time, bool) {
	digits, ok := strings.CutPrefix(number, BeatPrefix)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || BeatNumber(time.Unix(seconds, 0)) != number {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).UTC(), true
}

// IsBeat reports whether a number is that of a beat.
func IsBeat(number string) bool {
	_, ok := BeatTime(number)
	return ok
}
