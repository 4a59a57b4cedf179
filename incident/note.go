package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Note writes to the timeline, in any phase. Machines may write too.
func (i *Incident) Note(h Header, c Note, now time.Time) (Outcome, error) {
	h, now, err := i.byAnyone(h, now, "write to the timeline")
	if err != nil {
		return Outcome{}, err
	}
	if c.Text == "" {
		return Outcome{}, Errorf(Invalid, "text: a note says something")
	}
	if err := fit(word{"text", c.Text}); err != nil {
		return Outcome{}, err
	}
	if c.Investigation && i.Roles[Investigator] != h.By.ID {
		return Outcome{}, Refusal("the investigation is written by the investigator, who is "+orNobody(i.Roles[Investigator]), "the role of the investigator")
	}
	i.heard(h, now)
	kind := "note"
	if c.Investigation {
		kind = "investigation"
	}
	i.record(Entry{Kind: kind, Occurred: h.At, Recorded: now, Actor: h.By, Source: h.Via, Text: c.Text, Highlight: c.Highlight})
	return i.outcome("noted"), nil
}

// maxLinks bounds the links that an incident carries.
const maxLinks = 20

// AddLink adds a titled address for people. Machines may add one too. It is
// refused beyond 20 links: the next ones fit into a note.
func (i *Incident) AddLink(h Header, c AddLink, now time.Time) (Outcome, error) {
	h, now, err := i.byAnyone(h, now, "add a link")
	if err != nil {
		return Outcome{}, err
	}
	if c.Title == "" || c.URL == "" {
		return Outcome{}, Errorf(Invalid, "title and url: a link has both")
	}
	if err := first(within("title", c.Title, maxTitle), webAddress("url", c.URL)); err != nil {
		return Outcome{}, err
	}
	if len(i.Links) >= maxLinks {
		return Outcome{}, Refusal(fmt.Sprintf("%s has %d links already", i.Number, maxLinks), "room for a link: write a note instead")
	}
	i.heard(h, now)
	i.Links = append(i.Links, catalog.Link{Title: c.Title, URL: c.URL})
	i.did(h, now, "link", "Link: %s", c.Title)
	return i.outcome("linked"), nil
}

// SetStatus says what happens now and what comes next.
func (i *Incident) SetStatus(h Header, c SetStatus, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "set the status")
	if err != nil {
		return Outcome{}, err
	}
	if c.Status == "" {
		return Outcome{}, Errorf(Invalid, "status: say what happens now")
	}
	if err := fit(word{"status", c.Status}, word{"next_step", c.NextStep}); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	i.Status, i.NextStep = c.Status, c.NextStep
	i.did(h, now, "status", "Now: %s. Next: %s", strings.TrimSuffix(c.Status, "."), orUnknown(c.NextStep))
	return i.outcome("status set"), nil
}
