package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// RestartAfter is the pause between the exhaustion of a policy and its start
// from the first level.
const RestartAfter = 5 * time.Minute

// pageForAlert starts the service's escalation from its first level.
func (i *Incident) pageForAlert(now time.Time, why string) *Summons {
	reason := i.Title
	if why != "" {
		reason += " (" + why + ")"
	}
	return i.summon(&Summons{
		Kind: ForAlert, Why: reason, Urgency: i.Urgency, Caused: now,
		Levels: i.Policy.Escalation.Levels, Repeat: i.Policy.Escalation.Repeat, LastResort: true,
	})
}

// pageHolderAgain pages whoever took the incident about what their ack does
// not cover and, unanswered, escalates from the first level.
func (i *Incident) pageHolderAgain(now time.Time, why string) {
	s := i.pageForAlert(now, why)
	if i.Holder != "" {
		holder := oncall.Level{Targets: []oncall.Target{{Person: i.Holder}}, Timeout: i.patience()}
		s.Levels = slices.Insert(slices.Clone(s.Levels), 0, holder)
	}
}

// patience is how long one person is waited for where no policy says so: as
// long as the service's first level.
func (i *Incident) patience() time.Duration {
	if len(i.Policy.Escalation.Levels) > 0 {
		return i.Policy.Escalation.Levels[0].Timeout
	}
	return RestartAfter
}

// summon adds a reason to reach people.
func (i *Incident) summon(s *Summons) *Summons {
	name := string(s.Kind)
	if s.Kind == ForRole {
		name = s.Subject
	}
	s.ID = i.ordinal(name)
	i.Summonses = append(i.Summonses, s)
	i.Revision++
	return s
}

// Summons returns the summons with this id, or nil.
func (i *Incident) Summons(id string) *Summons {
	for _, s := range i.Summonses {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// open lists the open summonses for which keep holds.
func (i *Incident) open(keep func(*Summons) bool) []*Summons {
	var out []*Summons
	for _, s := range i.Summonses {
		if s.Open() && keep(s) {
			out = append(out, s)
		}
	}
	return out
}

func ofKind(kinds ...SummonsKind) func(*Summons) bool {
	return func(s *Summons) bool { return slices.Contains(kinds, s.Kind) }
}

// end closes a summons; its pages that were not handed over are superseded.
func (i *Incident) end(s *Summons, now time.Time, by string) {
	s.Ended, s.EndedBy = now, by
	for _, p := range s.Pages {
		if p.Person == by && p.State == PageSent {
			p.Answered = now
		}
	}
	i.Revision++
}

// endAll closes every open summons.
func (i *Incident) endAll(now time.Time, by string) {
	for _, s := range i.open(func(*Summons) bool { return true }) {
		i.end(s, now, by)
	}
}

// Targets returns whom the present level of a summons pages. After the last
// level it is the last resort.
func (i *Incident) Targets(s *Summons) []oncall.Target {
	if s.Level < len(s.Levels) {
		return s.Levels[s.Level].Targets
	}
	var out []oncall.Target
	for _, person := range i.Policy.LastResort {
		out = append(out, oncall.Target{Person: person})
	}
	return out
}

// AtLastResort reports whether the summons pages the last resort: by every
// method at once.
func (i *Incident) AtLastResort(s *Summons) bool { return s.Level >= len(s.Levels) }

// Reach is one person to page at a level, with the contact methods and their
// delays.
type Reach struct {
	Person  string
	Reason  string
	Contact string
	Kind    string
	After   time.Duration
}

// BeginLevel makes the pages of the present level. A level that reaches nobody
// is recorded and skipped at once.
func (i *Incident) BeginLevel(s *Summons, reach []Reach, now time.Time) {
	s.Begun, s.Due, s.Hurry = true, time.Time{}, false
	s.Present, s.Declined = nil, nil
	for _, r := range reach {
		if !slices.Contains(s.Present, r.Person) {
			s.Present = append(s.Present, r.Person)
		}
		key := strings.Join([]string{i.Number, s.ID, fmt.Sprintf("r%d", s.Round), fmt.Sprintf("l%d", s.Level), r.Person, r.Contact}, "/")
		if slices.ContainsFunc(s.Pages, func(p *Page) bool { return p.Key == key }) {
			continue
		}
		s.Pages = append(s.Pages, &Page{
			Key: key, Summons: s.ID, Person: r.Person, Contact: r.Contact, Kind: r.Kind,
			Reason: r.Reason, Due: now.Add(r.After), State: PageDue,
		})
	}
	if len(s.Present) > 0 {
		i.note(now, "level.begun", "%s pages %s.", i.levelName(s), join(s.Present))
		return
	}
	if i.AtLastResort(s) {
		s.Due = now.Add(RestartAfter)
		i.note(now, "level.empty", "%s reaches nobody; starting over at %s.", i.levelName(s), s.Due.UTC().Format("15:04:05 MST"))
		return
	}
	i.note(now, "level.empty", "%s reaches nobody; going on at once.", i.levelName(s))
	i.NextLevel(s, now)
}

func (i *Incident) levelName(s *Summons) string {
	if i.AtLastResort(s) {
		return "Last resort (" + s.ID + ")"
	}
	return fmt.Sprintf("Level %d (%s)", s.Level+1, s.ID)
}

// HandedOver records that a page left, at the moment at which its channel
// accepted it. The level's timeout counts from its first page.
func (i *Incident) HandedOver(s *Summons, p *Page, at, now time.Time) {
	p.State, p.Sent, p.Error = PageSent, at, ""
	if !s.Open() && at.After(s.Ended) {
		p.State = PageOvertaken
	}
	if !slices.Contains(s.Reached, p.Person) {
		s.Reached = append(s.Reached, p.Person)
	}
	if !slices.Contains(i.Paged, p.Person) {
		i.Paged = append(i.Paged, p.Person)
	}
	i.startTimeout(s, p, at)
	i.record(Entry{
		Kind: "page." + string(p.State), Occurred: at, Recorded: now, Actor: Self(),
		Text: fmt.Sprintf("Paged %s by %s (%s): %s.", p.Person, p.Kind, p.Summons, p.Reason),
	})
}

// FirstTryFailed starts the level's timeout although nothing was handed over
// yet: a broken channel must not stop the escalation.
func (i *Incident) FirstTryFailed(s *Summons, p *Page, now time.Time) {
	i.startTimeout(s, p, now)
	i.note(now, "page.retried", "%s could not be reached by %s yet; trying on.", p.Person, p.Kind)
}

func (i *Incident) startTimeout(s *Summons, p *Page, at time.Time) {
	if s.Due.IsZero() && s.Begun && strings.Contains(p.Key, fmt.Sprintf("/r%d/l%d/", s.Round, s.Level)) {
		s.Due = at.Add(i.timeout(s))
	}
}

func (i *Incident) timeout(s *Summons) time.Duration {
	if s.Level < len(s.Levels) {
		return s.Levels[s.Level].Timeout
	}
	return RestartAfter
}

// Failed records that a page will never be handed over. When that is true of
// everything the level had, the next one begins at once.
func (i *Incident) Failed(s *Summons, p *Page, reason string, now time.Time) {
	p.State, p.Error = PageFailed, reason
	i.note(now, "page.failed", "%s cannot be reached by %s: %s", p.Person, p.Kind, reason)
	hopeful := slices.ContainsFunc(s.Pages, func(p *Page) bool { return p.State == PageDue || p.State == PageSent })
	if s.Open() && s.Begun && !hopeful {
		s.Hurry = true
	}
}

// Superseded settles a page that was not handed over before its reason went
// away.
func (i *Incident) Superseded(p *Page) {
	p.State = PageSuperseded
	i.Revision++
}

// Settle forgets a page that nothing waits for any more, and a summons that
// is over and has none left.
func (i *Incident) Settle(s *Summons, p *Page) {
	s.Pages = slices.DeleteFunc(s.Pages, func(q *Page) bool { return q == p })
	i.Forget()
}

// NextLevel goes on to the next level: after the last one round again, then to
// the last resort, then from the start. A summons without a last resort ends,
// unless it persists.
func (i *Incident) NextLevel(s *Summons, now time.Time) {
	s.Begun, s.Hurry, s.Due = false, false, time.Time{}
	s.Level++
	i.Revision++
	switch {
	case s.Level < len(s.Levels):
	case s.Level == len(s.Levels) && s.Round < s.Repeat:
		s.Level, s.Round = 0, s.Round+1
	case s.Level == len(s.Levels) && s.LastResort:
		i.note(now, "exhausted", "Nobody answered %s: paging the last resort by every method.", s.ID)
	case s.Level == len(s.Levels) && s.Persist:
		s.Begun, s.Due = true, now.Add(RestartAfter)
	case s.LastResort || s.Persist:
		s.Level, s.Round = 0, s.Round+1
		i.note(now, "restarted", "Still nobody: %s starts again from level 1.", s.ID)
	default:
		i.end(s, now, "")
		i.note(now, "unanswered", "Nobody answered %s (%s).", s.ID, s.Why)
		if s.Kind == ForStillOnIt && i.Holder == s.Subject {
			i.WithdrawAck(now)
		}
	}
}

// urgencyOrOrdinary keeps a summons from being sent with no urgency at all.
func urgencyOrOrdinary(u catalog.Urgency) catalog.Urgency {
	if u == catalog.Urgent {
		return u
	}
	return catalog.Ordinary
}

// Overtaken records a page that was in flight when its reason went away.
func (i *Incident) Overtaken(p *Page, now time.Time) {
	p.State = PageOvertaken
	i.note(now, "page.overtaken", "The page to %s by %s was overtaken; it may still arrive.", p.Person, p.Kind)
}

// LookUpFailed records that who is on call could not be looked up, and that
// the last good answer is used.
func (i *Incident) LookUpFailed(s *Summons, now time.Time) {
	i.note(now, "lookup.failed", "Who is on call could not be looked up for %s; using the last good answer.", i.levelName(s))
}

// Forget drops the summonses that are over and have no page left.
func (i *Incident) Forget() {
	i.Summonses = slices.DeleteFunc(i.Summonses, func(s *Summons) bool { return !s.Open() && len(s.Pages) == 0 })
}

// TooLate records a tap that could not be applied any more.
func (i *Incident) TooLate(h Header, why string, now time.Time) {
	i.did(h, now, "too-late", "%s tapped acknowledge, but: %s", h.By.ID, why)
}

// PublishFailed records that something could not be told or written, for good.
func (i *Incident) PublishFailed(why string, now time.Time) {
	i.note(now, "publish.failed", "Could not be told or written: %s", why)
}

// Ticketed records the tickets of the incident and of its follow-ups.
func (i *Incident) Ticketed(ref TicketRef, followUps map[string]TicketRef) {
	if i.Ticket == ref && len(followUps) == 0 {
		return
	}
	i.Ticket = ref
	for n := range i.FollowUps {
		if t, ok := followUps[i.FollowUps[n].ID]; ok {
			i.FollowUps[n].Ticket = t
		}
	}
	i.Revision++
}
