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

// pageForAlert starts the service's escalation from its first level. Whoever
// rests is woken: it is about what their snooze does not cover.
func (i *Incident) pageForAlert(caused time.Time, why string) *Summons {
	i.awake()
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
	s := i.pageForAlert(now, why)
	if i.Holder != "" {
		holder := oncall.Level{Targets: []oncall.Target{{Person: i.Holder}}, Timeout: i.patience()}
		s.Levels, s.Ahead = slices.Insert(slices.Clone(s.Levels), 0, holder), 1
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

// end closes a summons as of a time; its pages that were not handed over are
// superseded.
func (i *Incident) end(s *Summons, at time.Time, by string) {
	s.Ended, s.EndedBy = at, by
	if s.Kind == ForRole {
		i.dropOffer(s)
	}
	s.settled(by, at)
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

// Named says why a summons means a person whom its present level names; empty
// where the policy does.
func (i *Incident) Named(s *Summons) string {
	switch {
	case i.AtLastResort(s):
		return "of the last resort"
	case i.Holder != "" && slices.Equal(i.Targets(s), []oncall.Target{{Person: i.Holder}}):
		return "holds " + i.Number
	case s.Kind == ForRole:
		return "offered the role of " + s.Subject
	case s.Kind == ForResponder && s.By != "":
		return "called by " + s.By
	case s.Kind == ForQuestion:
		return "one of those who may answer"
	case s.Kind == ForBreach:
		return "a lead of the team, or commander"
	}
	return ""
}

// AtLastResort reports whether the summons pages the last resort: by every
// method at once.
func (i *Incident) AtLastResort(s *Summons) bool { return s.Level >= len(s.Levels) }

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
	i.note(now, "lookup.failed", "Who is on call could not be looked up for %s; using the last good answer.", i.LevelName(s))
}
