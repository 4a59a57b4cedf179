package activities

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// LookUp asks who is to be paged: one answer a level.
type LookUp struct {
	Levels  []Level         `json:"levels"`
	Urgency catalog.Urgency `json:"urgency"`
	At      time.Time       `json:"at"`
}

// Level is whom one level pages. EveryMethod reaches them by every contact
// method at once, whatever their rules say.
type Level struct {
	Targets []oncall.Target `json:"targets"`
	// Named says why a person is meant whom a target names; empty leaves it to
	// the catalog.
	Named       string `json:"named,omitempty"`
	EveryMethod bool   `json:"every_method,omitempty"`
	// During and Outside are hours: the level holds only then.
	During  string `json:"during,omitempty"`
	Outside string `json:"outside,omitempty"`
	// Turn is set where one of the people is paged in turn.
	Turn Turn `json:"turn,omitzero"`
}

// Turn asks for one turn of a round: whoever asks with the same key again has
// the same turn.
type Turn struct {
	Of  string `json:"of"`
	Key string `json:"key"`
}

// Turns counts the turns of rounds.
type Turns interface {
	// Turn returns how many turns a round had before the one with this key.
	Turn(ctx context.Context, t Turn) (int, error)
}

// Roster is whom one level reaches, by which catalog.
type Roster struct {
	People []Recipient `json:"people,omitempty"`
	// Skipped says why the level does not hold now.
	Skipped string `json:"skipped,omitempty"`
	// Missing says who or what of its targets reaches nobody, and why.
	Missing []string `json:"missing,omitempty"`
	Catalog int      `json:"catalog,omitempty"`
}

// UnmarshalJSON also reads the bare list of people that was the answer before
// there was more to say.
func (r *Roster) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		*r = Roster{}
		return json.Unmarshal(data, &r.People)
	}
	type plain Roster
	return json.Unmarshal(data, (*plain)(r))
}

// Recipient is a person to page, why it is them, and by what contact methods
// after what delays.
type Recipient struct {
	Person   string    `json:"person"`
	Reason   string    `json:"reason"`
	Contacts []Contact `json:"contacts"`
}

// Contact is one contact method, by id, with its delay.
type Contact struct {
	ID    string        `json:"id"`
	Kind  string        `json:"kind"`
	After time.Duration `json:"after,omitempty"`
	// Unverified says that nobody has proved to read it.
	Unverified bool `json:"unverified,omitempty"`
}

// WhoIsOnCall answers a LookUp, a roster a level, each person at most once.
// Nobody is an answer; not knowing is an error.
func (p *Pager) WhoIsOnCall(ctx context.Context, q LookUp) ([]Roster, error) {
	c, err := p.Catalogs.Current(ctx)
	if err != nil {
		return nil, Fail(fmt.Errorf("look up who is on call: %w", err))
	}
	out := make([]Roster, 0, len(q.Levels))
	for _, level := range q.Levels {
		roster := rosterOf(c, level, q)
		if level.Turn != (Turn{}) && roster.Skipped == "" {
			roster.People = p.inTurn(ctx, level.Turn, roster.People)
		}
		out = append(out, roster)
	}
	return out, nil
}

// inTurn picks one of the people. A webhook has no turn, since it answers
// nothing: it is told each time. While nobody can count, the key decides: any
// of them is better than none.
func (p *Pager) inTurn(ctx context.Context, t Turn, all []Recipient) []Recipient {
	var hooks, people []Recipient
	for _, r := range all {
		if strings.HasPrefix(r.Person, webhookPrefix) {
			hooks = append(hooks, r)
			continue
		}
		people = append(people, r)
	}
	if len(people) < 2 {
		return all
	}
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	n, err := 0, errors.New("no turns are kept")
	if p.Turns != nil {
		n, err = p.Turns.Turn(ctx, t)
	}
	if err != nil {
		slog.Warn("turns cannot be counted; going on without", "round", t.Of, "error", err)
		h := fnv.New32a()
		_, _ = h.Write([]byte(t.Key)) // a hash never fails
		n = int(h.Sum32() >> 1)
	}
	chosen := people[n%len(people)]
	chosen.Reason += fmt.Sprintf(", in turn (one of %d)", len(people))
	return append(hooks, chosen)
}

// rosterOf lists whom a level reaches, also when it does not hold now: the
// answer may be needed later, when none is to be had.
func rosterOf(c *catalog.Catalog, level Level, q LookUp) Roster {
	out := Roster{Catalog: c.Version, Skipped: c.Skips(level.During, level.Outside, q.At)}
	for _, target := range level.Targets {
		duties := c.OnCall(target, q.At)
		if len(duties) == 0 {
			out.Missing = append(out.Missing, target.String()+" means nobody now")
		}
		for _, duty := range duties {
			if target.Person != "" {
				duty.Reason = cmp.Or(level.Named, duty.Reason)
			}
			out.add(c, duty, level, q)
		}
	}
	return out
}

// add takes whom a target means into the roster, once.
func (r *Roster) add(c *catalog.Catalog, duty catalog.Duty, level Level, q LookUp) {
	person := duty.Person
	if duty.Webhook != "" {
		person = webhookPrefix + duty.Webhook
	}
	if slices.ContainsFunc(r.People, func(known Recipient) bool { return known.Person == person }) {
		return
	}
	reason := duty.Reason
	contacts := contacts(c, person, level.EveryMethod, q.Urgency)
	if len(contacts) == 0 {
		r.Missing = append(r.Missing, fmt.Sprintf("%s (%s) has no contact method", person, reason))
		return
	}
	if q.Urgency == catalog.Ordinary && !level.EveryMethod {
		if until := putOff(c, person, contacts, q.At); !until.IsZero() {
			reason += ", in quiet hours until " + until.Format("2006-01-02 15:04 MST")
		}
	}
	r.People = append(r.People, Recipient{Person: person, Reason: reason, Contacts: contacts})
}

// putOff has what would come in a person's quiet hours wait for their end, and
// what comes behind it keep its distance. It returns until when the first of it
// waits, or the zero time.
func putOff(c *catalog.Catalog, person string, contacts []Contact, at time.Time) (first time.Time) {
	var wait time.Duration
	for n := range contacts {
		due := at.Add(contacts[n].After + wait)
		if until, quiet := c.Quiet(person, due); quiet {
			wait += until.Sub(due)
			first = cmp.Or(first, until)
		}
		contacts[n].After += wait
	}
	return first
}

// webhookPrefix marks a webhook among people: no id of a person holds a colon.
const webhookPrefix = incident.WebhookPrefix

func contacts(c *catalog.Catalog, person string, every bool, urgency catalog.Urgency) []Contact {
	if strings.HasPrefix(person, webhookPrefix) {
		return []Contact{{ID: "webhook", Kind: "webhook"}}
	}
	var out []Contact
	if every {
		who, _ := c.Person(person)
		for _, m := range who.Contacts {
			out = append(out, Contact{ID: m.ID, Kind: m.Kind})
		}
		return out
	}
	for _, rule := range c.Contacts(person, urgency) {
		if m, ok := c.ContactMethod(person, rule.Contact); ok {
			out = append(out, Contact{ID: m.ID, Kind: m.Kind, After: rule.After, Unverified: rule.Unverified})
		}
	}
	return out
}

// contactMethod resolves one contact method of a person or a webhook.
func contactMethod(c *catalog.Catalog, person, id string) (catalog.ContactMethod, bool) {
	if name, ok := strings.CutPrefix(person, webhookPrefix); ok {
		hook, ok := c.Webhook(name)
		return catalog.ContactMethod{ID: id, Kind: "webhook", Address: hook.Address}, ok
	}
	return c.ContactMethod(person, id)
}
