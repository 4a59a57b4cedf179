package incident

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// The most that a command may carry, in characters; more is Invalid. An
// incident lives for months in a state of at most 256 KB.
const (
	maxText  = 4000
	maxTitle = 240
	maxURL   = 2048
	// maxKept is what stays in the state of words that the timeline has in
	// full.
	maxKept = 200
)

// byPerson admits a command that only a person may give, and returns its
// header and the present as the rules count them.
func (i *Incident) byPerson(h Header, now time.Time, what string) (Header, time.Time, error) {
	if h.By.Kind != APerson || h.By.ID == "" {
		return h, now, Errorf(Forbidden, "only a person can %s", what)
	}
	return i.tapped(h, now), now.UTC(), nil
}

// byAnyone admits a command that machines may give too, if they have a name.
func (i *Incident) byAnyone(h Header, now time.Time, what string) (Header, time.Time, error) {
	if (h.By.Kind != APerson && h.By.Kind != AMachine) || h.By.ID == "" {
		return h, now, Errorf(Forbidden, "only a person or a machine with a name can %s", what)
	}
	return i.tapped(h, now), now.UTC(), nil
}

// tapped corrects the time of a tap, which another host's clock gave: it lies
// neither in the future nor before the incident.
func (i *Incident) tapped(h Header, now time.Time) Header {
	h.At = h.At.UTC()
	if began := i.Stamp(TriggeredAt); h.At.Before(began) {
		h.At = began
	}
	if h.At.IsZero() || h.At.After(now) {
		h.At = now.UTC()
	}
	return h
}

// mustBeOpen refuses what only an incident that is not over can take.
func (i *Incident) mustBeOpen() error {
	if i.Phase.Over() {
		return Refusal(fmt.Sprintf("%s is %s: open a new incident that links to it", i.Number, i.Phase), "an open incident")
	}
	return nil
}

// mustBeActive refuses what only an incident before resolved can take.
func (i *Incident) mustBeActive() error {
	if !i.Phase.Active() {
		return Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an incident before resolved")
	}
	return nil
}

// word is one text of a command, by its name in the API.
type word struct{ name, text string }

// fit refuses texts that are longer than a state can carry, and blanks, which
// say nothing.
func fit(words ...word) error {
	for _, w := range words {
		if err := within(w.name, w.text, maxText); err != nil {
			return err
		}
		if w.text != "" && strings.TrimSpace(w.text) == "" {
			return Errorf(Invalid, "%s: it says nothing", w.name)
		}
	}
	return nil
}

func within(name, text string, limit int) error {
	if n := utf8.RuneCountInString(text); n > limit {
		return Errorf(Invalid, "%s: %d characters are more than %d; link to the rest", name, n, limit)
	}
	return nil
}

// webAddress refuses what is no address that a browser may be led to.
func webAddress(name, address string) error {
	if err := within(name, address, maxURL); err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return Errorf(Invalid, "%s: give an address that begins with https:// or http://", name)
	}
	return nil
}

// first returns the first non-nil error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
