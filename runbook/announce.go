package runbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/tocsinhq/tocsin/incident"
)

// AnnounceType is the workflow by which a worker of another repository tells
// Tocsin which runbooks it serves, and AnnounceQueue the task queue on which
// Tocsin does it. Its input is an Announcement, its result Announced.
const (
	AnnounceType  = "announce-runbooks"
	AnnounceQueue = "incidents"
)

// AnnounceID is the workflow id of the announcements of a task queue: there is
// one at a time.
func AnnounceID(queue string) string { return AnnounceType + "/" + queue }

// Announcement says which runbooks are run on a task queue. It is repeated as
// long as they are: what is not heard of for a day is not offered any more.
type Announcement struct {
	Queue    string `json:"queue"`
	Runbooks []Spec `json:"runbooks"`
}

// What an Announcement may hold.
const (
	// MaxAnnounced is how many runbooks one task queue may have.
	MaxAnnounced = 50
	// MaxSpec bounds what one says of itself, in bytes of JSON.
	MaxSpec = 16 << 10
	// MaxQueue bounds the name of a task queue, in bytes.
	MaxQueue = 200
)

// Announced says what became of an Announcement.
type Announced struct {
	// Offered are the names of the runbooks that incidents can start now.
	Offered []string `json:"offered,omitempty"`
	// Refused are the others.
	Refused []Unoffered `json:"refused,omitempty"`
}

// Unoffered is a runbook that was announced and that no incident can start.
type Unoffered struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// tocsins are the task queues that no other repository's worker may serve.
var tocsins = []string{AnnounceQueue, Records, "paging", "integrations", TaskQueue}

// Problem is why an announcement is refused as a whole, of kind Invalid, or nil.
func (a Announcement) Problem() error {
	switch {
	case len(a.Runbooks) == 0:
		return incident.Errorf(incident.Invalid, "there is no runbook to serve")
	case len(a.Runbooks) > MaxAnnounced:
		return incident.Errorf(incident.Invalid, "%d runbooks are more than the %d that one task queue may have", len(a.Runbooks), MaxAnnounced)
	case a.Queue == "" || len(a.Queue) > MaxQueue || strings.ContainsFunc(a.Queue, unfitForQueue):
		return incident.Errorf(incident.Invalid, "a task queue has a name of 1 to %d bytes, without spaces", MaxQueue)
	case slices.Contains(tocsins, a.Queue):
		return incident.Errorf(incident.Invalid, "the task queue %s is one of Tocsin's own: take another name", a.Queue)
	}
	seen := map[string]bool{}
	for _, s := range a.Runbooks {
		if seen[s.Name] {
			return incident.Errorf(incident.Invalid, "two runbooks are called %.100q", s.Name)
		}
		seen[s.Name] = true
	}
	return nil
}

func unfitForQueue(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }

// Shelved returns what a runbook says of itself as it is kept, or why it cannot
// be offered.
func Shelved(s Spec) (doc, why string) {
	data, err := json.Marshal(s)
	switch problems := s.Problems(); {
	case err != nil:
		return "", "what it says of itself cannot be kept"
	case len(data) > MaxSpec:
		return "", fmt.Sprintf("what it says of itself is %d bytes, more than %d", len(data), MaxSpec)
	case len(problems) > 0:
		return "", strings.Join(problems, "; ")
	}
	return string(data), ""
}
