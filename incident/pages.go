package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// HandedOver records that a page left, at the moment at which its channel
// accepted it. The level's timeout counts from its first page. Whom it reaches
// after somebody answered is told who did.
func (i *Incident) HandedOver(s *Summons, p *Page, at, now time.Time) {
	at = at.UTC()
	p.State, p.Sent, p.Error = PageSent, at, ""
	switch since, answered := s.lapsed(p.Person), s.answered(p.Person); {
	case since.IsZero():
	case !at.After(answered): // the answer was faster than the news of the hand-over
		p.Answered = answered
	case at.After(since):
		p.State, p.Answered = PageOvertaken, time.Time{}
	}
	i.reached(s, p.Person, now)
	i.startTimeout(s, p, at)
	i.record(Entry{
		Kind: "page." + string(p.State), Occurred: at, Recorded: now, Actor: Self(),
		Text: fmt.Sprintf("Paged %s by %s (%s): %s.", p.Person, p.Kind, p.Summons, p.Reason),
	})
	i.bounced(s, p, now)
}

// Overtaken records a page that was in flight when its reason went away: it
// may still arrive, and whom it reaches is told why it needs no answer.
func (i *Incident) Overtaken(p *Page, now time.Time) {
	p.State = PageOvertaken
	if s := i.Summons(p.Summons); s != nil {
		i.reached(s, p.Person, now)
	}
	i.note(now, "page.overtaken", "The page to %s by %s was overtaken; it may still arrive.", p.Person, p.Kind)
}

// reached keeps who was paged. Everyone who was paged hears who acknowledged,
// also when the page and the answer crossed.
func (i *Incident) reached(s *Summons, person string, now time.Time) {
	if !slices.Contains(s.Reached, person) {
		s.Reached = append(s.Reached, person)
	}
	if slices.Contains(i.Paged, person) {
		return
	}
	i.Paged = append(i.Paged, person)
	forAlert := s.Kind == ForAlert
	switch {
	case s.lapsed(person).IsZero(), !s.answered(person).IsZero():
	case i.Phase.Over():
		i.tell(now, []string{person}, s.EndedBy, fmt.Sprintf("%s needs no answer any more: it is %s.", i.Number, i.Phase))
	case forAlert && len(i.escalations()) > 0: // it is being paged anew
	case i.Holder != "" && (forAlert || s.EndedBy == ""):
		i.tell(now, []string{person}, i.Holder, fmt.Sprintf("%s holds %s.", i.Holder, i.Number))
	case s.EndedBy != "":
		i.tell(now, []string{person}, s.EndedBy, fmt.Sprintf("%s answered: %s", s.EndedBy, s.Why))
	}
}

// FirstTryFailed starts the level's timeout although nothing was handed over
// yet: a broken channel must not stop the escalation.
func (i *Incident) FirstTryFailed(s *Summons, p *Page, now time.Time) {
	i.startTimeout(s, p, now)
	i.note(now, "page.retried", "%s could not be reached by %s yet; trying on.", p.Person, p.Kind)
}

// GoesWithOthers starts the level's timeout although a page waits to go with
// others, until a time at the latest: if that one fails too, the escalation
// still goes on.
func (i *Incident) GoesWithOthers(s *Summons, p *Page, latest time.Time) {
	i.startTimeout(s, p, latest.UTC())
}

// Failed records that a page will never be handed over. When that is true of
// everything the present level had, the next one begins at once; the last
// resort, and a pause, are waited out.
func (i *Incident) Failed(s *Summons, p *Page, reason string, now time.Time) {
	p.State, p.Error = PageFailed, cut(reason)
	i.note(now, "page.failed", "%s cannot be reached by %s: %s", p.Person, p.Kind, p.Error)
	i.startTimeout(s, p, now)
	hopeful := slices.ContainsFunc(s.Pages, func(p *Page) bool {
		return i.present(s, p) && s.mayAnswer(p) && (p.State == PageDue || p.State == PageSent)
	})
	if s.escalates() && i.present(s, p) && !hopeful && !i.AtLastResort(s) {
		s.Hurry = true
	}
	i.bringForward(s, p, now)
}

// Undelivered records that a page which a provider took will never arrive, as
// its receipt says: the next rule goes at once. A receipt that comes before the
// hand-over is known waits for it. To whom it was meant for an answer that has
// come, it makes no difference.
func (i *Incident) Undelivered(key, reason string, now time.Time) {
	for _, s := range i.Summonses {
		for _, p := range s.Pages {
			if p.Key == key && (p.State == PageSent || p.State == PageDue) {
				p.Bounced = cut(reason)
				i.bounced(s, p, now)
				return
			}
		}
	}
}

// bounced makes a page that was handed over and came back count as failed,
// where somebody still has to answer.
func (i *Incident) bounced(s *Summons, p *Page, now time.Time) {
	if p.Bounced != "" && p.State == PageSent && s.lapsed(p.Person).IsZero() {
		i.Failed(s, p, p.Bounced, now)
	}
}

// bringForward makes the next rule of somebody whom a page cannot reach due
// at once; those behind it keep their distance.
func (i *Incident) bringForward(s *Summons, failed *Page, now time.Time) {
	var rest []*Page
	var next time.Time
	for _, p := range s.Pages {
		if p.Person == failed.Person && sameLevel(p, failed) && p.State == PageDue && p.Due.After(now) {
			rest = append(rest, p)
			if next.IsZero() || p.Due.Before(next) {
				next = p.Due
			}
		}
	}
	for _, p := range rest {
		p.Due = p.Due.Add(now.Sub(next))
	}
}

// sameLevel reports whether two pages of one person and summons come from the
// same turn of a level.
func sameLevel(a, b *Page) bool { return levelOf(a) == levelOf(b) }

// levelOf is the part of a page's key before the person's name.
func levelOf(p *Page) string {
	parts := strings.SplitN(p.Key, "/", keyParts)
	return strings.Join(parts[:min(len(parts), keyParts-1)], "/")
}

// PersonOf returns whom the page of a key is for; "" when it is no page's.
func PersonOf(key string) string {
	parts := strings.Split(key, "/")
	if len(parts) < keyParts+1 {
		return ""
	}
	return parts[keyParts-1]
}

// keyParts is one more than the parts that name a level in a page's key:
// incident, summons, round, level.
const keyParts = 5

// Supersede settles the pages of the same person by the same contact method
// that were due before this one and were not handed over: to be told once is
// enough.
func (i *Incident) Supersede(s *Summons, by *Page, now time.Time) {
	for _, p := range s.Pages {
		if p != by && p.Person == by.Person && p.Contact == by.Contact && p.State == PageDue && p.Due.Before(by.Due) {
			i.Superseded(p)
			i.note(now, "page.superseded", "The page to %s by %s of %s was not handed over; a later one takes its place.", p.Person, p.Kind, moment(p.Due))
		}
	}
}

// present reports whether a page belongs to the level that is being paged.
func (i *Incident) present(s *Summons, p *Page) bool {
	return s.Begun && strings.HasPrefix(p.Key, i.levelKey(s))
}

func (i *Incident) startTimeout(s *Summons, p *Page, at time.Time) {
	if s.Due.IsZero() && s.escalates() && i.present(s, p) && s.mayAnswer(p) {
		s.Due = at.Add(i.timeout(s))
	}
}

func (i *Incident) timeout(s *Summons) time.Duration {
	if s.Level < len(s.Levels) && s.Levels[s.Level].Timeout > 0 {
		return s.Levels[s.Level].Timeout
	}
	return RestartAfter
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

// Forget drops the summonses that are over and have no page left.
func (i *Incident) Forget() {
	i.Summonses = slices.DeleteFunc(i.Summonses, func(s *Summons) bool { return !s.Open() && len(s.Pages) == 0 })
}
