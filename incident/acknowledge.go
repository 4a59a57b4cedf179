package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Acknowledge takes the incident as it was known at the time of the tap:
// paging that was caused later goes on. Whoever is the first to acknowledge
// what is being paged becomes the holder; others join as responders.
//
// Answering a page that offered a role or asked for help answers just that. A
// page about a runbook's question is answered by an answer only. Without a page
// it answers whatever asks this person to take the incident or to help.
func (i *Incident) Acknowledge(h Header, c Acknowledge, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "acknowledge")
	if err != nil {
		return Outcome{}, err
	}
	if i.Phase.Over() {
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an open incident")
	}
	asked := i.askedBy(c.Page)
	out, err := i.acknowledge(h, asked, now)
	if p := asked.page; err == nil && h.Via == ViaLink && p != nil && p.State == PageDue && !asked.summons.lapsed(p.Person).IsZero() {
		p.Answered = h.At
	}
	return out, err
}

func (i *Incident) acknowledge(h Header, asked asked, now time.Time) (Outcome, error) {
	held := i.Holder != "" && i.Holder != h.By.ID
	switch {
	case asked.role != "":
		return i.AcceptRole(h, AcceptRole{Role: asked.role}, now)
	case asked.kind == ForQuestion:
		return i.saw(h, now)
	case asked.kind == ForResponder && i.Holder != h.By.ID, asked.kind == ForBreach && held:
		return i.help(h, asked, now)
	case i.takenBefore(h, asked):
		i.answerToo(h.By.ID, asked.answered(h))
		i.answerCalls(h, asked)
		i.join(h.By.ID)
		i.did(h, now, "acknowledged.also", "%s also acknowledged; %s holds the incident.", h.By.ID, i.Holder)
		return i.outcome(i.Holder + " holds it already; you are a responder"), nil
	}
	return i.take(h, asked, now), nil
}

// takenBefore reports whether somebody else holds the incident and nothing is
// left for this person to take: they join.
func (i *Incident) takenBefore(h Header, asked asked) bool {
	held := i.Holder != "" && i.Holder != h.By.ID
	offered := len(i.offers(Holder, func(s *Summons) bool { return s.calls(h.By.ID) })) > 0
	return held && !offered && len(i.covered(h, asked)) == 0
}

// take makes the person the holder, ends the paging that this covers, starts
// the clocks of a first ack, and tells whoever was paged.
func (i *Incident) take(h Header, asked asked, now time.Time) Outcome {
	before, tell := i.Holder, i.Paged
	if before == h.By.ID {
		tell = i.reachedBy(i.covered(h, asked))
	}
	i.answer(h, asked, now)
	if before != h.By.ID || asked.role == Holder {
		for _, s := range i.offers(Holder, func(*Summons) bool { return true }) {
			i.end(s, now, h.By.ID)
		}
	}
	if i.Snoozed.By != h.By.ID {
		i.awake()
	}
	i.Holder, i.Held, i.Heard = h.By.ID, false, now
	i.Responders = slices.DeleteFunc(i.Responders, func(p string) bool { return p == h.By.ID })
	if before != "" {
		i.join(before)
	}
	if i.Phase == Triggered {
		i.Phase = Triaging
	}
	i.stampAck(h.At)
	i.did(h, now, "acknowledged", "%s acknowledged.", h.By.ID)
	i.tellAcknowledged(append(slices.Clone(tell), before), h.By.ID, now)
	i.applyPolicy(now)
	switch {
	case len(i.escalations()) > 0:
		return i.outcome("you hold it, but what has come up since still pages")
	case before == h.By.ID:
		return i.outcome("you hold it")
	}
	return i.outcome("you hold it; everyone who was paged is told")
}

// stampAck starts the clocks of an acknowledgement. One that comes after the
// mitigation is not the ack that it is measured from.
func (i *Incident) stampAck(at time.Time) {
	mitigated := i.Stamp(MitigatedAt)
	if i.Stamp(FirstAck).IsZero() && (mitigated.IsZero() || !at.After(mitigated)) {
		i.stamp(FirstAck, at)
	}
	if !i.Relapsed.IsZero() && i.AckedAgain.IsZero() && !at.Before(i.Relapsed) {
		i.AckedAgain = at
	}
}

// answer ends what an acknowledgement covers, what asks this person for help,
// and the question whether an earlier holder is still on it, as of when it was
// given: what is handed over between that and now is overtaken.
func (i *Incident) answer(h Header, asked asked, now time.Time) {
	at := asked.answered(h)
	i.answerToo(h.By.ID, at)
	for _, s := range i.covered(h, asked) {
		i.answerFirst(s, h.By.ID, at, now)
	}
	for _, s := range i.open(ofKind(ForStillOnIt)) {
		i.end(s, at, h.By.ID)
	}
	i.answerCalls(h, asked)
}

// answerCalls ends what asks this person for help, or tells them of a limit.
func (i *Incident) answerCalls(h Header, asked asked) {
	for _, s := range i.open(ofKind(ForResponder, ForBreach)) {
		if s.calls(h.By.ID) && !s.Caused.After(h.At) {
			i.end(s, asked.answered(h), h.By.ID)
		}
	}
}

// covered lists the open escalations that a tap at this time answers: what
// was caused before it, and what the answered page had told of.
func (i *Incident) covered(h Header, asked asked) []*Summons {
	return i.open(func(s *Summons) bool {
		told := asked.page != nil && asked.summons == s && !s.Caused.After(asked.page.Due)
		return s.Kind == ForAlert && s.escalates() && (told || !s.Caused.After(h.At))
	})
}

func (i *Incident) reachedBy(list []*Summons) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Reached...)
	}
	return out
}

// help answers a page that asked a person to join, and nothing else.
func (i *Incident) help(h Header, asked asked, now time.Time) (Outcome, error) {
	if s := asked.summons; s != nil && s.Open() && s.calls(h.By.ID) {
		i.end(s, asked.answered(h), h.By.ID)
	}
	i.join(h.By.ID)
	i.did(h, now, "joined", "%s joins; %s holds the incident.", h.By.ID, orNobody(i.Holder))
	if i.Holder == "" {
		return i.outcome("you are a responder; nobody holds it yet: acknowledge the incident to take it"), nil
	}
	return i.outcome("you are a responder; " + i.Holder + " holds it"), nil
}

// saw notes that a person looks at a question. Only an answer ends it.
func (i *Incident) saw(h Header, now time.Time) (Outcome, error) {
	i.heard(h, now)
	i.join(h.By.ID)
	i.did(h, now, "seen", "%s looks at the question.", h.By.ID)
	return i.outcome("seen; the question still waits for your answer"), nil
}

// asked is what the page with some key was about. The summons and the page
// are nil once they are settled and forgotten.
type asked struct {
	key     string
	kind    SummonsKind
	role    Role
	summons *Summons
	page    *Page
}

// answered is when an answer was given. The clock of another host that gave
// the time of the tap may be behind: no page is answered before it was handed
// over.
func (a asked) answered(h Header) time.Time {
	if a.page != nil && a.page.Sent.After(h.At) {
		return a.page.Sent
	}
	return h.At
}

// askedBy reads a page's key: incident, summons, round, level, person,
// contact. A key that names nothing here asks for nothing particular, since an
// acknowledgement must never be lost over it.
func (i *Incident) askedBy(key string) asked {
	parts := strings.Split(key, "/")
	if len(parts) < 2 || parts[0] != i.Number {
		return asked{}
	}
	name := parts[1][:max(strings.LastIndex(parts[1], "-"), 0)]
	out := asked{key: key, summons: i.Summons(parts[1])}
	switch {
	case slices.Contains([]SummonsKind{ForAlert, ForStillOnIt, ForResponder, ForQuestion, ForBreach}, SummonsKind(name)):
		out.kind = SummonsKind(name)
	case slices.Contains(append(Assigned(), Holder), Role(name)):
		out.kind, out.role = ForRole, Role(name)
	}
	if out.summons != nil {
		n := slices.IndexFunc(out.summons.Pages, func(p *Page) bool { return p.Key == key })
		if n >= 0 {
			out.page = out.summons.Pages[n]
		}
	}
	return out
}

// Asks says what a person does who acknowledges by the page of a key, where
// that is something else than taking the incident; "" where it is not.
func (i *Incident) Asks(key, person string, now time.Time) string {
	asked := i.askedBy(key)
	other := i.Holder != "" && i.Holder != person
	switch {
	case asked.role != "":
		return "You accept to be " + string(asked.role) + "."
	case asked.kind == ForQuestion:
		return "You say that you look at the question; it waits for your answer."
	case asked.kind == ForResponder && i.Holder != person, asked.kind == ForBreach && other:
		return fmt.Sprintf("You join as a responder; %s holds the incident.", orNobody(i.Holder))
	case i.takenBefore(Header{By: Person(person), At: now}, asked):
		return fmt.Sprintf("%s holds the incident already; you join as a responder.", i.Holder)
	}
	return ""
}

// join adds a responder once.
func (i *Incident) join(person string) {
	if person != i.Holder && !slices.Contains(i.Responders, person) {
		i.Responders = append(i.Responders, person)
	}
}

// heard notes a sign of life of the holder, which answers "still on it?".
func (i *Incident) heard(h Header, now time.Time) {
	if h.By.ID != i.Holder || h.By.Kind != APerson {
		return
	}
	i.Heard = now
	for _, s := range i.open(ofKind(ForStillOnIt)) {
		i.end(s, now, h.By.ID)
	}
}

// Decline says that a paged person cannot take it. When everyone of a level
// has declined, the next one begins at once; the last resort and a pause are
// waited out.
func (i *Incident) Decline(h Header, c Decline, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "decline")
	if err != nil {
		return Outcome{}, err
	}
	if err := fit(word{"reason", c.Reason}); err != nil {
		return Outcome{}, err
	}
	mine := i.open(func(s *Summons) bool { return s.calls(h.By.ID) && !slices.Contains(s.Declined, h.By.ID) })
	if len(mine) == 0 {
		return Outcome{}, Refusal("nothing that pages you is open", "an open page to you")
	}
	for _, s := range mine {
		s.Declined = append(s.Declined, h.By.ID)
		s.Hurry = s.Hurry || (s.escalates() && s.declinedByAll() && !i.AtLastResort(s))
	}
	i.answerToo(h.By.ID, now)
	i.did(h, now, "declined", "%s declined: %s", h.By.ID, orNone(c.Reason))
	return i.outcome("declined; the others are still being paged"), nil
}

func orNone(reason string) string {
	if reason == "" {
		return "no reason given"
	}
	return reason
}

func orNobody(person string) string {
	if person == "" {
		return "nobody"
	}
	return person
}
