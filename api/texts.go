package api

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// answerText does what a text asks for and returns what to tell its sender;
// nothing to a stranger, and to somebody who has been told enough.
func (s *server) answerText(ctx context.Context, t Text) string {
	person := s.owner(ctx, t.From)
	if person == "" {
		s.Log.Warn("a text came from a number that is nobody's contact method")
		return ""
	}
	answer := s.replied(ctx, person, t)
	if !s.answers.allows(person, s.Now()) {
		s.Log.Warn("somebody texts so often that they are not answered", "person", person)
		return ""
	}
	return answer
}

// owner returns whose number it is: theirs who proved to read it, before theirs
// for whom the catalog declares it, before theirs who only added it. With
// several of the same right it is nobody's.
func (s *server) owner(ctx context.Context, number string) string {
	c, err := s.Catalogs.Current(ctx)
	if err != nil {
		s.Log.Warn("there is no catalog: a text is nobody's", "error", err)
		return ""
	}
	for _, right := range []func(m catalog.ContactMethod) bool{
		func(m catalog.ContactMethod) bool { return m.Verified },
		func(m catalog.ContactMethod) bool { return !m.Own },
		func(m catalog.ContactMethod) bool { return m.Own },
	} {
		var owners []string
		for _, p := range c.People {
			if slices.ContainsFunc(p.Contacts, func(m catalog.ContactMethod) bool {
				return m.Kind == "sms" && m.Address == number && right(m)
			}) {
				owners = append(owners, p.ID)
			}
		}
		switch {
		case len(owners) == 1:
			return owners[0]
		case len(owners) > 1:
			s.Log.Warn("a number is that of several people: its texts are nobody's", "people", owners)
			return ""
		}
	}
	return ""
}

// replied does what a text asks for, once, and returns the answer. What it is
// about is kept before it is done, so that the same text that comes again, even
// much later, can do nothing else.
func (s *server) replied(ctx context.Context, person string, t Text) string {
	wish := parseReply(t.Body)
	if wish.command == "" {
		return s.help(ctx, person)
	}
	kept, err := s.Store.Reply(ctx, t.ID)
	if err == nil && kept.Answer != "" {
		return kept.Answer
	}
	if err != nil {
		kept = store.Reply{ID: t.ID, Person: person, At: s.Now().UTC()}
	}
	m := about(kept.Incident)
	if kept.Incident == "" {
		m = s.meant(ctx, person, wish)
		kept.Incident = m.number
	}
	answer := m.answer
	if answer == "" {
		s.keep(ctx, kept)
		answer = s.obey(ctx, person, t.ID, wish, m.asking)
	}
	if answer != unknownOutcome(kept.Incident) {
		kept.Answer = answer
		s.keep(ctx, kept)
	}
	return answer
}

func (s *server) keep(ctx context.Context, r store.Reply) {
	if err := s.Store.KeepReply(ctx, r); err != nil {
		s.Log.Warn("a reply was not kept; going on without", "incident", r.Incident, "error", err)
	}
}

// meant returns what a text is about. Whoever replies faster than their page is
// recorded is waited for.
func (s *server) meant(ctx context.Context, person string, wish reply) (m meaning) {
	s.catchUp(ctx, func() bool {
		m = s.interpret(ctx, person, wish)
		return !m.unsure
	})
	return m
}

// interpret finds what a text is about in the record. While the store is away a
// number alone says it, as with the command line: an acknowledgement must not
// wait for a database.
func (s *server) interpret(ctx context.Context, person string, wish reply) meaning {
	open, err := s.askedOf(ctx, person)
	switch {
	case err != nil && wish.number != "":
		return about(wish.number)
	case err != nil:
		return meaning{answer: "Tocsin cannot look up your pages now. Reply with the number of the incident, such as ACK 1042."}
	case wish.number == "" && len(open) == 1:
		return meaning{asking: open[0]}
	case wish.number == "":
		return meaning{answer: choices(open), unsure: len(open) == 0}
	}
	n := slices.IndexFunc(open, func(a asking) bool { return a.number == wish.number })
	if n < 0 {
		return s.unasked(ctx, person, wish.number)
	}
	return meaning{asking: open[n]}
}

// obey sends the command and words its outcome. A text is one command, however
// often it is sent.
func (s *server) obey(ctx context.Context, person, id string, wish reply, about asking) string {
	o := order{number: about.number, name: wish.command, args: incident.Acknowledge{Page: about.page}}
	if wish.command == incident.DeclineCommand {
		o.args = incident.Decline{Reason: wish.reason}
	}
	h := incident.Header{By: incident.Person(person), Via: "sms"}
	h.ID = commandID(byText, h.By, o.name, id)
	seen := s.glance(ctx, about.number)
	out, err := s.send(ctx, o, h, seen)
	switch {
	case incident.KindOf(err) == incident.Unavailable, err != nil && incident.KindOf(err) == "":
		s.Log.Error("a reply was not answered by its incident", "incident", about.number, "error", err)
		return unknownOutcome(about.number)
	case err != nil:
		return fmt.Sprintf("%s: not done, %s.", about.number, err.Error())
	case out.Text == incident.Accepted:
		return fmt.Sprintf("Your acknowledgement of %s counts from now.", about.number)
	case wish.command == incident.AcknowledgeCommand && out.Holder == person:
		return about.number + " is yours."
	}
	return fmt.Sprintf("%s: %s.", about.number, out.Text)
}

func unknownOutcome(number string) string {
	return fmt.Sprintf("Nobody knows whether %s took that: reply once more.", number)
}

// help says what can be replied.
func (s *server) help(ctx context.Context, person string) string {
	open, err := s.askedOf(ctx, person)
	if err != nil {
		return "Not understood, nothing was done. Reply ACK and the number of the incident, such as ACK 1042, or NO 1042."
	}
	return "Not understood, nothing was done. " + choices(open)
}

const (
	// maxAnswers is how many answers a person gets within answerSpan: a machine
	// that answers texts by itself must not be answered for ever.
	maxAnswers = 10
	answerSpan = 10 * time.Minute
)

// pace bounds how often each person is answered. Its zero value is ready.
type pace struct {
	mu   sync.Mutex
	told map[string][]time.Time
}

// allows reports whether a person may be answered now, and counts it.
func (p *pace) allows(person string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told == nil {
		p.told = map[string][]time.Time{}
	}
	lately := slices.DeleteFunc(p.told[person], func(t time.Time) bool { return now.Sub(t) >= answerSpan })
	if len(lately) < maxAnswers {
		p.told[person] = append(lately, now)
		return true
	}
	p.told[person] = lately
	return false
}
