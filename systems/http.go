package systems

// HTTPRequest names one request of those that the systems file allows.
type HTTPRequest struct {
	// Method and Path must fit one of the calls of the system. A path is what
	// the file's pattern is, with plain text for what is in braces there.
	Method string `json:"method"`
	Path   string `json:"path"`
	// Body is JSON, for a call that takes one from whoever starts the run.
	Body string `json:"body,omitempty"`
	// Incident is the number of the incident, which a body may name.
	Incident string `json:"incident,omitempty"`
	// Part asks for what the file says beside the call itself.
	Part HTTPPart `json:"part,omitempty"`
}

// HTTPPart says which request of a call is meant.
type HTTPPart string

// The requests of a call. The zero value is the call itself.
const (
	// HTTPVerify is what tells whether the call took effect.
	HTTPVerify HTTPPart = "verify"
	// HTTPUndo takes the call back.
	HTTPUndo HTTPPart = "undo"
)

// HTTPPlan is the request that would be made.
type HTTPPlan struct {
	// Line is the method and the path, Body what is sent.
	Line string `json:"line"`
	Body string `json:"body,omitempty"`
	// Keyed says that the system does the same key once, Slow that it may work
	// for minutes.
	Keyed bool `json:"keyed,omitempty"`
	Slow  bool `json:"slow,omitempty"`
	// Verify says in words what holds once the call took effect, or nothing.
	Verify string `json:"verify,omitempty"`
	// Undone says that a request takes it back.
	Undone bool `json:"undone,omitempty"`
	// Covers identifies all that the file says of the request.
	Covers string `json:"covers"`
}

// HTTPAnswer is what a system answered.
type HTTPAnswer struct {
	Status int `json:"status"`
	// Body is what it said, as text, and once it is in a history its beginning;
	// Bytes is how long it was.
	Body  string `json:"body,omitempty"`
	Bytes int    `json:"bytes,omitempty"`
	// Removed is how many secrets were taken out of it.
	Removed int `json:"removed,omitempty"`
	// Holds says, of a verification, that the answer is the one that is waited
	// for.
	Holds bool `json:"holds,omitempty"`
}
