package workflows

import (
	"maps"
	"slices"
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
	Tail    []chapter       `json:"tail,omitempty"`
	Settled []incident.Page `json:"settled,omitempty"`
	// Known is the last good answer to who is on call, a roster a level, by
	// summons.
	Known map[string][]activities.Roster `json:"known,omitempty"`
	// Records counts the records that were written, Recorded is when the last
	// of them was decided, and Earlier how far the run before has numbered.
	Records  int            `json:"records,omitempty"`
	Recorded time.Time      `json:"recorded,omitzero"`
	Earlier  activities.End `json:"earlier,omitzero"`
	// Highlight is the last entry recorded that a ticket shows; Ticketed says
	// what the ticket shows, Stale since when it should show something else,
	// and NoTracker that there is none to show it in.
	Highlight int       `json:"highlight,omitempty"`
	Ticketed  string    `json:"ticketed,omitempty"`
	Stale     time.Time `json:"stale,omitzero"`
	NoTracker bool      `json:"no_tracker,omitempty"`
	// Ordered says that nobody knows yet what became of a ticket order.
	Ordered bool `json:"ordered,omitempty"`
	// Runs is how far each run that was started has reported.
	Runs map[string]progress `json:"runs,omitempty"`
	// Starting is the run that was ordered last: it may have begun although the
	// run of the incident that ordered it was left before it heard so.
	Starting string `json:"starting,omitempty"`
	// Told is where earlier versions say which questions' answers were passed on.
	Told map[string]bool `json:"told,omitempty"`
	// Listed is what the search attributes say.
	Listed facets `json:"listed,omitzero"`
	// Adopted says that the key of an incident that was opened while the
	// database was away is settled; until then Kept holds what it was told.
	// Holder is the incident that holds the key, once that has heard of it.
	Adopted bool   `json:"adopted,omitempty"`
	Kept    []kept `json:"kept,omitempty"`
	Holder  string `json:"holder,omitempty"`
	// Stays is what keeps it from becoming a part of the incident that holds its
	// key, as people were told last.
	Stays string `json:"stays,omitempty"`
	// Strays came here and belong to other incidents.
	Strays []stray `json:"strays,omitempty"`
	// Into is the incident that goes on with the alerts of this one: it was
	// merged into it, or that one holds the key, or was opened for what came
	// after the end.
	Into string `json:"into,omitempty"`
	// Since is when the present run began.
	Since time.Time `json:"since,omitzero"`
}

// NewState is what an incident starts with: the incident as it was opened, the
// alerts that opened it, and how many more fire that are left out.
func NewState(i *incident.Incident, batch []alerts.Alert, more int) State {
	s := State{Incident: i, Alerts: batch, More: more, Behaviour: behaviour}
	s.entered(unnumbered, i.Drain())
	return s
}

// chapter is a part of the timeline with the id of the run that numbered it:
// its entries are written under that id, whichever run writes them.
type chapter struct {
	Epoch   string           `json:"epoch"`
	Entries []incident.Entry `json:"entries"`
}

// unnumbered is the epoch of what was recorded before the first run, whose id
// it takes, even when an operator resets to its beginning.
const unnumbered = ""

// progress is how far a run has reported, and when it was last heard of.
type progress struct {
	Ordinal int       `json:"ordinal"`
	Heard   time.Time `json:"heard,omitzero"`
	// Looked says that it was looked at since.
	Looked bool `json:"looked,omitempty"`
}

// quietFor is how long a run may say nothing before it is looked at: one that
// has not begun is looked at soon, once.
func (p progress) quietFor() time.Duration {
	if p.Ordinal == 0 && !p.Looked {
		return unbegunAfter
	}
	return silentAfter
}

// answered is a command that was applied, and its answer.
type answered struct {
	ID      string           `json:"id"`
	Outcome incident.Outcome `json:"outcome"`
}

const (
	// maxAnswered is how many command ids are remembered.
	maxAnswered = 200
	// maxState is the most that a state should weigh, in bytes.
	maxState = 256 << 10
)

// ready makes what a later worker may leave out usable.
func (s *State) ready() {
	if s.Runs == nil {
		s.Runs = map[string]progress{}
	}
	for _, q := range s.Incident.Questions {
		if s.Told[q.ID] {
			s.Incident.AnswerTold(q.ID)
		}
	}
	s.Told = nil
	if s.Known == nil {
		s.Known = map[string][]activities.Roster{}
	}
}

// forget drops what belongs to runs that the incident no longer carries.
func (s *State) forget() {
	maps.DeleteFunc(s.Runs, func(id string, _ progress) bool {
		return !slices.ContainsFunc(s.Incident.Runs, func(r incident.Run) bool { return r.ID == id })
	})
}

// answer returns the answer given to a command id before.
func (s *State) answer(id string) (incident.Outcome, bool) {
	for _, a := range s.Answered {
		if a.ID == id && id != "" {
			return a.Outcome, true
		}
	}
	return incident.Outcome{}, false
}

func (s *State) remember(id string, out incident.Outcome) {
	s.Answered = append(s.Answered, answered{ID: id, Outcome: out})
	s.Answered = s.Answered[max(0, len(s.Answered)-maxAnswered):]
}

// entered adds entries to the tail, as numbered by a run.
func (s *State) entered(epoch string, entries []incident.Entry) {
	if len(entries) == 0 {
		return
	}
	if n := len(s.Tail); n > 0 && s.Tail[n-1].Epoch == epoch {
		s.Tail[n-1].Entries = append(s.Tail[n-1].Entries, entries...)
		return
	}
	s.Tail = append(s.Tail, chapter{Epoch: epoch, Entries: entries})
}

// written takes the first entries of the first chapter off the tail.
func (s *State) written(n int) {
	if n == 0 {
		return
	}
	first := &s.Tail[0]
	if first.Entries = first.Entries[n:]; len(first.Entries) == 0 {
		s.Tail = s.Tail[1:]
	}
}
