package systems

// SSHRequest names one command of those that the systems file has for a host.
type SSHRequest struct {
	Command string `json:"command"`
	// Values are its arguments, as a JSON object: {"queue": "mail"}. Of a command
	// that goes along with another, those that it does not take are left out.
	Values string `json:"values,omitempty"`
	// With is the command that this one goes along with, or nothing.
	With string `json:"with,omitempty"`
}

// SSHPlan is the command that would be run.
type SSHPlan struct {
	// Line is what the host is given, each word in quotes.
	Line string `json:"line"`
	// Changes says that it is one that changes something, Slow that it may work
	// for minutes.
	Changes bool `json:"changes,omitempty"`
	Slow    bool `json:"slow,omitempty"`
	// Expects must hold before it is run, Done holds when it was run, and Undo is
	// the command that takes it back.
	Expects []SSHCheck `json:"expects,omitempty"`
	Done    *SSHCheck  `json:"done,omitempty"`
	Undo    string     `json:"undo,omitempty"`
	// Covers identifies all that the file says of the command.
	Covers string `json:"covers"`
}

// SSHCheck is what a reading command should put out, without the white space
// around it.
type SSHCheck struct {
	Command string `json:"command"`
	Is      string `json:"is"`
}

// SSHOutput is what a command put out.
type SSHOutput struct {
	// Exit is its exit status.
	Exit int `json:"exit"`
	// Out and Err are the beginnings of its output and of its messages, without
	// the white space around them; OutLeft and ErrLeft are how many bytes of each
	// were not taken.
	Out     string `json:"out,omitempty"`
	Err     string `json:"err,omitempty"`
	OutLeft int64  `json:"out_left,omitempty"`
	ErrLeft int64  `json:"err_left,omitempty"`
	// Cut says that Out is not the whole.
	Cut bool `json:"cut,omitempty"`
	// Removed is how many secrets were taken out of both.
	Removed int `json:"removed,omitempty"`
}
