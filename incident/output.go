package incident

import "time"

// Output is what a run brought to light: what a command printed, the rows of a
// statement. It is kept apart from the incident's state, without what looked
// like a secret.
type Output struct {
	// ID is unique in the incident: "pod-status-1-2" is the second output of the
	// first run of pod-status.
	ID    string `json:"id"`
	Run   string `json:"run"`
	Title string `json:"title"`
	Body  string `json:"body"`
	// Bytes is how long it was before it was cut, Removed how many secrets were
	// taken out.
	Bytes   int       `json:"bytes"`
	Removed int       `json:"removed,omitempty"`
	At      time.Time `json:"at"`
	// RedactedBy is who removed the body.
	RedactedBy string `json:"redacted_by,omitempty"`
}
