package workflows

import (
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// behaviour numbers what this code does with a State. A worker that meets a
// higher one leaves it to a newer worker.
//
//	1: the first.
const behaviour = 1

// State is the input of an Incident and all that it carries from one run to
// the next: what is owed, as data.
type State struct {
	Incident *incident.Incident `json:"incident"`
	// Alerts opened it, and are taken in when the first run begins.
	Alerts []alerts.Alert `json:"alerts,omitempty"`
	More   int            `json:"more,omitempty"`
	// Unlisted says that the namespace lacks the search attributes.
	Unlisted  bool `json:"unlisted,omitempty"`
	Behaviour int  `json:"behaviour"`

	// Answered keeps the answers to the last commands by their ids: an id is
	// applied once, in whichever run it arrives.
	Answered []answered `json:"answered,omitempty"`
	// Tail is what the journal has not written yet.
	Tail    []incident.Entry `json:"tail,omitempty"`
	Settled []incident.Page  `json:"settled,omitempty"`
	// Known is the last good answer to who is on call, a list a level, by
	// summons.
	Known map[string][][]activities.Recipient `json:"known,omitempty"`
	// Ticketed is the revision that the ticket shows; NoTracker says that
	// there is none to show it in.
	Ticketed  int  `json:"ticketed,omitempty"`
	NoTracker bool `json:"no_tracker,omitempty"`
	// TicketDone says that the reminder about a ticket that somebody moved to
	// done was given.
	TicketDone bool `json:"ticket_done,omitempty"`
	// Runs is how far each run has reported; Told which questions' answers
	// were passed on.
	Runs map[string]int  `json:"runs,omitempty"`
	Told map[string]bool `json:"told,omitempty"`
	// Since is when the present run began.
	Since time.Time `json:"since,omitzero"`
}

// answered is a command that was applied, and its answer.
type answered struct {
	ID      string           `json:"id"`
	Outcome incident.Outcome `json:"outcome"`
}

// maxAnswered is how many command ids are remembered.
const maxAnswered = 200

// answer returns the answer given to a command id before.
func (s *State) answer(id string) (incident.Outcome, bool) {
	for _, a := range s.Answered {
		if a.ID == id {
			return a.Outcome, true
		}
	}
	return incident.Outcome{}, false
}

func (s *State) remember(id string, out incident.Outcome) {
	s.Answered = append(s.Answered, answered{ID: id, Outcome: out})
	if n := len(s.Answered); n > maxAnswered {
		s.Answered = s.Answered[n-maxAnswered:]
	}
}
