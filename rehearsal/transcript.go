package rehearsal

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Transcript is what would have happened.
type Transcript struct {
	Service  string          `json:"service"`
	Urgency  catalog.Urgency `json:"urgency"`
	Severity catalog.Level   `json:"severity"`
	From     time.Time       `json:"from"`
	Until    time.Time       `json:"until"`
	Lines    []Line          `json:"lines"`
	// Reached says when each person saw a first page.
	Reached []Reached `json:"reached"`
	// Holder is who holds the incident at the end, and Acknowledged when
	// somebody first did.
	Holder       string     `json:"holder,omitempty"`
	Acknowledged *time.Time `json:"acknowledged_at,omitempty"`
}

// Reached is a person who saw a page.
type Reached struct {
	Person string    `json:"person"`
	At     time.Time `json:"at"`
}

// PageLine is the kind of a line that is about a page. Any other kind is that
// of an entry of the timeline.
const PageLine = "page"

// Line is a page, or something else that happened.
type Line struct {
	// At is when it happened; for a page that never left, when it was due.
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	// Text says what happened, when it is no page.
	Text string `json:"text,omitempty"`

	// Summons is the reason for the page: "alert-1". Level counts from 1, and
	// Round is how often the levels were walked before.
	Summons    string `json:"summons,omitempty"`
	Level      int    `json:"level,omitempty"`
	Round      int    `json:"round,omitempty"`
	LastResort bool   `json:"last_resort,omitempty"`
	Person     string `json:"person,omitempty"`
	Channel    string `json:"channel,omitempty"`
	Contact    string `json:"contact,omitempty"`
	// Due is when the person's rule wanted it handed over.
	Due    time.Time `json:"due,omitzero"`
	Result Result    `json:"result,omitempty"`
	Error  string    `json:"error,omitempty"`
	// Why says why it is this person, Rule which of their rules this is.
	Why  string `json:"why,omitempty"`
	Rule string `json:"rule,omitempty"`

	order int
}

// Result is what became of a page.
type Result string

// The results of a page.
const (
	HandedOver Result = "handed over"
	Failed     Result = "failed"
	// Superseded pages were not handed over, since nobody needed them by then.
	Superseded Result = "superseded"
	// Overtaken pages were in flight when somebody answered.
	Overtaken Result = "overtaken"
	// Trying pages are tried on when the rehearsal ends.
	Trying Result = "being tried"
)

// transcript puts together what was written down.
func (s *stage) transcript() *Transcript {
	t := &Transcript{
		Service: s.incident.Service, Urgency: s.incident.Urgency, Severity: s.incident.Severity,
		From: s.plan.From, Until: s.until, Lines: []Line{}, Reached: []Reached{},
	}
	for _, e := range s.entries {
		if told(e.Kind) {
			t.Lines = append(t.Lines, Line{At: e.Recorded, Kind: e.Kind, Text: e.Text, order: e.Sequence})
		}
	}
	for key, p := range s.pages {
		if line, ok := s.line(key, p); ok {
			t.Lines = append(t.Lines, line)
		}
	}
	slices.SortFunc(t.Lines, func(a, b Line) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.order, b.order), cmp.Compare(a.Summons, b.Summons),
			cmp.Compare(a.Person, b.Person), a.Due.Compare(b.Due), cmp.Compare(a.Contact, b.Contact))
	})
	for i := range t.Lines {
		t.Lines[i].At, t.Lines[i].Due = shown(t.Lines[i].At), shown(t.Lines[i].Due)
	}
	t.Reached = s.cast.whoWasReached()
	if s.row != nil {
		t.Holder = s.row.Holder
		if at := s.row.Stamp(incident.FirstAck); !at.IsZero() {
			at = shown(at)
			t.Acknowledged = &at
		}
	}
	return t
}

// QuietLine is the kind of the line about an alert that pages nobody.
const QuietLine = "quiet"

// unpaged is the transcript of an alert that pages nobody.
func unpaged(p Plan, routed catalog.Routed) *Transcript {
	why := "its severity label"
	if len(routed.Routes) > 0 {
		why = "route " + strings.Join(routed.Routes, " and route ")
	}
	return &Transcript{
		Service: routed.Service, Urgency: routed.Urgency, Severity: routed.Severity, From: p.From, Until: p.From.Add(p.For),
		Lines:   []Line{{At: p.From, Kind: QuietLine, Text: "The alert is recorded, opens no incident and pages nobody, as " + why + " says."}},
		Reached: []Reached{},
	}
}

// told reports whether an entry of the timeline is for the transcript: pages
// have lines of their own, and what is not paging is not rehearsed.
func told(kind string) bool {
	area, _, _ := strings.Cut(kind, ".")
	return !slices.Contains([]string{"page", "update", "ticket", "publish", "notice", "key", "run", "follow-up"}, area) &&
		kind != "alert.firing"
}

// line tells of a page; one that would have become due after the end is none.
func (s *stage) line(key string, p incident.Page) (Line, bool) {
	k, _ := readKey(key)
	l := Line{
		At: p.Due, Kind: PageLine, Summons: p.Summons, Level: k.level + 1, Round: k.round, Person: p.Person,
		Channel: p.Kind, Contact: p.Contact, Due: p.Due, Why: p.Reason, Error: p.Error,
	}
	l.LastResort = k.level >= s.levels[p.Summons]
	l.Rule = s.rule(l, k)
	tried, attempted := s.tries[key]
	switch p.State {
	case incident.PageSent:
		l.Result, l.At = HandedOver, p.Sent
	case incident.PageFailed:
		l.Result = Failed
		if attempted {
			l.At = tried
		}
	case incident.PageOvertaken:
		l.Result = Overtaken
	case incident.PageDue: // only a channel that is down is tried again
		l.Result, l.Error = Trying, p.Kind+" is down"
	default:
		l.Result = Superseded
	}
	l.order = s.order(l)
	return l, !l.At.After(s.until) && (l.Result != Trying || attempted)
}

// order places a page right behind the beginning of its level.
func (s *stage) order(l Line) int {
	name := fmt.Sprintf("Level %d (%s) ", l.Level, l.Summons)
	if l.LastResort {
		name = fmt.Sprintf("Last resort (%s) ", l.Summons)
	}
	var begun []int // once a round
	for _, e := range s.entries {
		if strings.HasPrefix(e.Text, name) {
			begun = append(begun, e.Sequence)
		}
	}
	if len(begun) == 0 {
		return math.MaxInt
	}
	return begun[min(l.Round, len(begun)-1)]
}

// rule says which of a person's rules a page follows.
func (s *stage) rule(l Line, k pageKey) string {
	if l.LastResort {
		return "every method at once"
	}
	urgency := s.incident.Urgency
	if urgency != catalog.Urgent {
		urgency = catalog.Ordinary
	}
	nth := 0
	for _, rule := range s.plan.Catalog.Contacts(l.Person, urgency) {
		if rule.Contact != l.Contact {
			continue
		}
		if nth++; nth == k.nth {
			return spell(rule)
		}
	}
	return ""
}

func spell(r catalog.Rule) string {
	text := r.Contact + " at once"
	if r.After > 0 {
		text = r.Contact + " after " + catalog.FormatDuration(r.After)
	}
	if r.Unverified {
		text += " (unverified)"
	}
	return text
}

// whoWasReached lists everyone who saw a page, by when they first did.
func (c *cast) whoWasReached() []Reached {
	out := []Reached{}
	for _, s := range c.seen {
		i := slices.IndexFunc(out, func(r Reached) bool { return r.Person == s.key.person })
		switch {
		case i < 0:
			out = append(out, Reached{s.key.person, s.at})
		case s.at.Before(out[i].At):
			out[i].At = s.at
		}
	}
	slices.SortFunc(out, func(a, b Reached) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Person, b.Person))
	})
	return out
}
