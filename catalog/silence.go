package catalog

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog/expr"
	"github.com/tocsinhq/tocsin/oncall"
)

// SilenceKind says what a silence is for; both do the same.
type SilenceKind string

// The kinds of silence.
const (
	// PlainSilence is for an alert that somebody knows of.
	PlainSilence SilenceKind = "silence"
	// Maintenance is for planned work.
	Maintenance SilenceKind = "maintenance"
)

// Silence keeps alerts that begin to fire while it is active from paging
// anybody. They are recorded, and those that still fire when it ends page
// then. It belongs to the overlay, and always ends.
type Silence struct {
	ID   string
	Kind SilenceKind
	// Service, Matchers and When must all fit; what is empty fits everything,
	// and one of them is set. Service is the one that the alert is routed to.
	Service  string
	Matchers []string
	// When is a condition in CEL: see package expr.
	When        string
	From, Until time.Time
	// Recurring narrows the silence to windows of local time in Zone.
	Recurring []oncall.Window
	Zone      string
	Reason    string
	// Owner is the person who is told before it ends, and at its end.
	Owner string
	// By is who made it.
	By      string
	Created time.Time
	// Ended is when somebody ended it by hand.
	Ended time.Time

	// clock is the windows, ready to be asked often.
	clock *oncall.Clock
}

// The bounds of a silence.
const (
	// MaxSilence is how long a silence without windows may last.
	MaxSilence = 31 * 24 * time.Hour
	// MaxRecurring is how long one with windows may last.
	MaxRecurring = 400 * 24 * time.Hour

	maxMatchers = 20
	maxReason   = 500
	maxWindows  = 20
)

// Ends returns when the silence is over for good.
func (s Silence) Ends() time.Time {
	if !s.Ended.IsZero() && s.Ended.Before(s.Until) {
		return s.Ended
	}
	return s.Until
}

// Over reports whether the silence is over for good.
func (s Silence) Over(at time.Time) bool { return !at.Before(s.Ends()) }

// Active reports whether the silence holds at a time: between its bounds and,
// when it recurs, in one of its windows.
func (s Silence) Active(at time.Time) bool {
	return !at.Before(s.From) && !s.Over(at) && s.inWindow(at)
}

// Warn returns when the owner is told that the silence is about to end: 15
// minutes before, or a tenth of its length when that is shorter.
func (s Silence) Warn() time.Time {
	lead := min(15*time.Minute, s.Until.Sub(s.From)/10)
	return s.Until.Add(-lead)
}

// Scope says in words what the silence fits.
func (s Silence) Scope() string {
	var parts []string
	if s.Service != "" {
		parts = append(parts, "service "+s.Service)
	}
	parts = append(parts, s.Matchers...)
	if s.When != "" {
		parts = append(parts, s.When)
	}
	return strings.Join(parts, ", ")
}

// CheckSilence completes a silence, which begins now at the earliest, and
// holds it against the catalog. Its error is of type *WrongError.
func (c *Catalog) CheckSilence(s Silence, now time.Time) (Silence, error) {
	if s.Kind == "" {
		s.Kind = PlainSilence
	}
	if s.From.Before(now) {
		s.From = now
	}
	_, known := c.Person(s.Owner)
	_, served := c.Service(s.Service)
	switch {
	case s.Kind != PlainSilence && s.Kind != Maintenance:
		return s, wrong("kind", "must be silence or maintenance")
	case strings.TrimSpace(s.Reason) == "":
		return s, wrong("reason", "must be set: say why nobody is to be paged")
	case len(s.Reason) > maxReason:
		return s, wrong("reason", "is longer than %d bytes", maxReason)
	case !known:
		return s, wrong("owner", "there is no person %q: name who is told before it ends", s.Owner)
	case s.Service != "" && !served:
		return s, wrong("service", "there is no service %q", s.Service)
	case s.Service == "" && len(s.Matchers) == 0 && s.When == "":
		return s, wrong("matchers", "must say what to silence: set service, matchers or when")
	}
	if err := s.checkSpan(now); err != nil {
		return s, err
	}
	_, err := c.Matching(s)
	return s, err
}

func (s Silence) checkSpan(now time.Time) error {
	longest := MaxSilence
	if len(s.Recurring) > 0 {
		longest = MaxRecurring
	}
	switch length := s.Until.Sub(s.From); {
	case s.Until.IsZero():
		return wrong("until", "must be set: a silence always ends")
	case !s.Until.After(now):
		return wrong("until", "lies in the past")
	case length <= 0:
		return wrong("until", "must be later than from")
	case length > longest:
		return wrong("until", "is %s after from: a silence lasts %d days at most, and one with windows %d",
			FormatDuration(length.Round(time.Hour)), MaxSilence/(24*time.Hour), MaxRecurring/(24*time.Hour))
	case len(s.Recurring) > maxWindows:
		return wrong("recurring", "has %d windows: give at most %d", len(s.Recurring), maxWindows)
	}
	return s.checkWindows()
}

// Matching makes a silence ready to be held against alerts, whether or not it
// is active. Its error is of type *WrongError.
func (c *Catalog) Matching(s Silence) (func(a alerts.Alert, service string) bool, error) {
	return s.matching(c.reader)
}

func (s Silence) matching(reader func() (*expr.Reader, error)) (func(a alerts.Alert, service string) bool, error) {
	if len(s.Matchers) > maxMatchers {
		return nil, wrong("matchers", "has %d matchers: give at most %d", len(s.Matchers), maxMatchers)
	}
	matchers, err := alerts.ParseMatchers(s.Matchers)
	if err != nil {
		return nil, wrong("matchers", "%s", err)
	}
	when, err := s.condition(reader)
	if err != nil {
		return nil, err
	}
	return func(a alerts.Alert, service string) bool {
		if s.Service != "" && s.Service != service || !matchers.Match(a.Labels) {
			return false
		}
		if when == nil {
			return true
		}
		// What cannot say silences nobody.
		fits, err := when.Match(expr.About(a, s.From))
		return fits && err == nil
	}, nil
}

func (s Silence) condition(reader func() (*expr.Reader, error)) (*expr.Expr, error) {
	if s.When == "" {
		return nil, nil //nolint:nilnil // there is none, and nothing is wrong
	}
	r, err := reader()
	if err != nil {
		return nil, err
	}
	when, err := r.Compile(s.When)
	if problems, ok := errors.AsType[expr.Problems](err); ok {
		return nil, wrong("when", "%s", problems)
	}
	if err != nil {
		return nil, fmt.Errorf("compile the condition of a silence: %w", err)
	}
	if when.Varies() {
		return nil, wrong("when", "looks at now, during or status: give windows instead, so that its end is known")
	}
	return when, nil
}

// silencing is a silence that is ready to be asked.
type silencing struct {
	Silence
	fits func(a alerts.Alert, service string) bool
}

// addSilences makes the silences of the overlay ready. One that cannot be used
// any more silences nothing: paging too often is the lesser harm.
func (x *index) addSilences(c *Catalog) {
	reader := sync.OnceValues(c.reader)
	for _, s := range c.Silences {
		if fits, err := s.matching(reader); err == nil {
			s.clock = s.hours().Clock()
			x.silences = append(x.silences, silencing{s, fits})
		}
	}
}

// silenced returns the silence that keeps an alert from paging, if any.
func (x *index) silenced(a alerts.Alert, service string, at time.Time) (Silence, bool) {
	for _, s := range x.silences {
		if s.Active(at) && s.fits(a, service) {
			return s.Silence, true
		}
	}
	return Silence{}, false
}
