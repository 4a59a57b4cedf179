package incident

import (
	"fmt"
	"slices"
	"time"
)

// answerFirst applies the first answer to an escalation. Where everyone of the
// level must acknowledge, the escalation stops and the rest stay paged.
func (i *Incident) answerFirst(s *Summons, by string, at, now time.Time) {
	rest := s.others(by)
	if len(rest) == 0 {
		i.end(s, at, by)
		return
	}
	s.Awaited, s.Stopped, s.Due, s.Hurry = rest, at, time.Time{}, false
	s.settled(by, at)
	i.note(now, "everyone.awaited", "%s must acknowledge too.", join(rest))
}

// others lists who else of the present level must acknowledge.
func (s *Summons) others(by string) []string {
	if !s.Begun || s.Level >= len(s.Levels) || !s.Levels[s.Level].Everyone {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.Present), func(p string) bool {
		return p == by || slices.Contains(s.Declined, p)
	})
}

// answerToo takes a person off those who have still to acknowledge; the last
// one ends the summons.
func (i *Incident) answerToo(person string, at time.Time) {
	for _, s := range i.open(func(s *Summons) bool { return slices.Contains(s.Awaited, person) }) {
		rest := slices.DeleteFunc(slices.Clone(s.Awaited), func(p string) bool { return p == person })
		if len(rest) == 0 {
			i.end(s, at, person)
			continue
		}
		s.Awaited = rest
		s.settled(person, at)
		i.Revision++
	}
}

// settled stamps the pages that an answer at a time settles. Those that its
// person had by then are answered; what was handed over later, when nobody need
// answer it any more, was overtaken.
func (s *Summons) settled(by string, at time.Time) {
	if len(s.Awaited) > 0 && by != "" {
		if s.Answers == nil {
			s.Answers = map[string]time.Time{}
		}
		s.Answers[by] = at
	}
	for _, p := range s.Pages {
		switch {
		case p.State != PageSent, !p.Answered.IsZero():
		case p.Sent.After(at) && !s.lapsed(p.Person).IsZero():
			p.State = PageOvertaken
		case p.Person == by && !p.Sent.After(at):
			p.Answered = at
		}
	}
}

// tellAcknowledged tells who was paged that somebody acknowledged, and those
// who must too that they must.
func (i *Incident) tellAcknowledged(to []string, by string, now time.Time) {
	awaited := i.Awaited()
	to = slices.DeleteFunc(to, func(p string) bool { return slices.Contains(awaited, p) })
	i.tell(now, to, by, fmt.Sprintf("%s acknowledged %s.", by, i.Number))
	i.tell(now, awaited, by, fmt.Sprintf("%s acknowledged %s. You are asked to acknowledge it too.", by, i.Number))
}

// Awaited lists who has still to acknowledge, where everyone of a level must
// and somebody has.
func (i *Incident) Awaited() []string {
	var out []string
	for _, s := range i.open(ofKind(ForAlert)) {
		for _, person := range s.Awaited {
			if !slices.Contains(out, person) {
				out = append(out, person)
			}
		}
	}
	return out
}
