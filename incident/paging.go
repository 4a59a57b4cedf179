package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// RestartAfter is the pause between the exhaustion of a policy and its start
// from the first level.
const RestartAfter = 5 * time.Minute

// pageForAlert starts the service's escalation from its first level.
func (i *Incident) pageForAlert(caused time.Time, why string) *Summons {
	reason := i.Title
	if why != "" {
		reason += " (" + why + ")"
	}
	return i.summon(&Summons{
		Kind: ForAlert, Why: cut(reason), Urgency: urgencyOrOrdinary(i.Urgency), Caused: caused,
		Levels: i.Policy.Escalation.Levels, Repeat: i.Policy.Escalation.Repeat, LastResort: true,
	})
}

// pageAgain pages the holder about what their ack does not cover and,
// unanswered, escalates from the first level. An escalation that is under way
// goes on, and from now on asks about this too; one that has become more
// urgent starts anew.
func (i *Incident) pageAgain(now time.Time, why string, anew bool) {
	for _, s := range i.escalations() {
		if !anew {
			s.Caused, s.Why = now, cut(i.Title+" ("+why+")")
			i.Revision++
			return
		}
		i.end(s, now, "")
	}
	i.awake()
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

// escalations lists what is being paged about the alert, level by level, and
// nobody has answered.
func (i *Incident) escalations() []*Summons {
	return i.open(func(s *Summons) bool { return s.Kind == ForAlert && s.escalates() })
}

func ofKind(kinds ...SummonsKind) func(*Summons) bool {
	return func(s *Summons) bool { return slices.Contains(kinds, s.Kind) }
}

// end closes a summons; its pages that were not handed over are superseded.
func (i *Incident) end(s *Summons, now time.Time, by string) {
	s.Ended, s.EndedBy = now, by
	if s.Kind == ForRole {
		i.dropOffer(s)
	}
	s.settled(by, now)
	s.Awaited = nil
	i.Revision++
}

// endAll closes every open summons for which which holds.
func (i *Incident) endAll(now time.Time, by string, which func(*Summons) bool) {
	for _, s := range i.open(which) {
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
	s.Begun, s.Due = true, time.Time{}
	s.Present, s.Declined = nil, nil
	for _, r := range reach {
		if !slices.Contains(s.Present, r.Person) {
			s.Present = append(s.Present, r.Person)
		}
		s.Pages = append(s.Pages, &Page{
			Key: i.pageKey(s, r), Summons: s.ID, Person: r.Person, Contact: r.Contact, Kind: r.Kind,
			Reason: r.Reason, Due: now.Add(r.After), State: PageDue,
		})
	}
	switch {
	case len(s.Present) > 0:
		i.note(now, "level.begun", "%s pages %s.", i.levelName(s), join(s.Present))
	case i.AtLastResort(s):
		s.Due = now.Add(RestartAfter)
		i.note(now, "level.empty", "%s reaches nobody; starting over at %s.", i.levelName(s), moment(s.Due))
	default:
		i.note(now, "level.empty", "%s reaches nobody; going on at once.", i.levelName(s))
		i.NextLevel(s, now)
	}
}

// pageKey names a page by what it is for. A rule that uses one contact method
// twice makes two pages: the later ones are numbered.
func (i *Incident) pageKey(s *Summons, r Reach) string {
	key := i.levelKey(s) + r.Person + "/" + r.Contact
	known := func(k string) bool { return slices.ContainsFunc(s.Pages, func(p *Page) bool { return p.Key == k }) }
	out := key
	for n := 2; known(out); n++ {
		out = fmt.Sprintf("%s/%d", key, n)
	}
	return out
}

// levelKey is what the keys of the present level's pages begin with.
func (i *Incident) levelKey(s *Summons) string {
	return fmt.Sprintf("%s/%s/r%d/l%d/", i.Number, s.ID, s.Round, s.Level)
}

func (i *Incident) levelName(s *Summons) string {
	if i.AtLastResort(s) {
		return "Last resort (" + s.ID + ")"
	}
	return fmt.Sprintf("Level %d (%s)", s.Level+1, s.ID)
}

// NextLevel goes on to the next level: after the last one round again, then to
// the last resort, then from the start. A summons without a last resort ends
// and tells who asked for it, unless it persists; it does not ask those again
// who have all declined.
func (i *Incident) NextLevel(s *Summons, now time.Time) {
	declined := s.declinedByAll()
	s.Begun, s.Hurry, s.Due = false, false, time.Time{}
	s.Level++
	i.Revision++
	switch {
	case s.Level < len(s.Levels):
	case s.Level == len(s.Levels) && s.Round < s.Repeat && (!declined || s.LastResort):
		s.Level, s.Round = 0, s.Round+1
	case s.Level == len(s.Levels) && s.LastResort:
		i.note(now, "exhausted", "Nobody answered %s: paging the last resort by every method.", s.ID)
	case s.Level == len(s.Levels) && s.Persist:
		s.Begun, s.Due = true, now.Add(RestartAfter)
	case s.LastResort || s.Persist:
		s.Level, s.Round = 0, s.Round+1
		i.note(now, "restarted", "Still nobody: %s starts again from level 1.", s.ID)
	default:
		i.unanswered(s, now)
	}
}

// unanswered ends a summons that nobody answered, and draws the conclusion.
func (i *Incident) unanswered(s *Summons, now time.Time) {
	i.end(s, now, "")
	i.note(now, "unanswered", "Nobody answered %s (%s).", s.ID, s.Why)
	if s.By != "" {
		i.tell(now, []string{s.By}, "", fmt.Sprintf("Nobody answered: %s", s.Why))
	}
	if s.Kind == ForStillOnIt && i.Holder == s.Subject {
		i.WithdrawAck(now)
	}
}

// urgencyOrOrdinary keeps a summons from being sent with no urgency at all.
func urgencyOrOrdinary(u catalog.Urgency) catalog.Urgency {
	if u == catalog.Urgent {
		return u
	}
	return catalog.Ordinary
}

// LookUpFailed records that who is on call could not be looked up, and that
// the last good answer is used.
func (i *Incident) LookUpFailed(s *Summons, now time.Time) {
	i.note(now, "lookup.failed", "Who is on call could not be looked up for %s; using the last good answer.", i.levelName(s))
}
