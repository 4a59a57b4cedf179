package runbook

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
