package incident

import "time"

// Ticket is what the tracker should show for an incident or a follow-up. The
// tracker writes only Tocsin's own block and the named fields.
type Ticket struct {
	// Label is unique to this ticket and is set when it is created, so that
	// one whose creation was not recorded can be found again.
	Label   string `json:"label"`
	Project string `json:"project"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
	// Block is the text kept current between Tocsin's marks, in Markdown.
	Block string `json:"block"`
	// Priority, Due and Assignee are written when they are set.
	Priority string    `json:"priority,omitempty"`
	Due      time.Time `json:"due,omitzero"`
	Assignee string    `json:"assignee,omitempty"`
	// Parent is the ticket this one is linked to.
	Parent TicketRef `json:"parent,omitzero"`
	// Done asks for a transition to the done category.
	Done bool `json:"done,omitempty"`
}

// TicketRef names a ticket that exists. ID stays the same when it is moved.
type TicketRef struct {
	ID  string `json:"id,omitempty"`
	Key string `json:"key,omitempty"`
}

// TicketStatus is what the tracker says of a ticket.
type TicketStatus struct {
	Ref TicketRef `json:"ref"`
	// Found is false for a ticket that was deleted or cannot be read.
	Found bool `json:"found"`
	// Done says that its status category is done.
	Done       bool   `json:"done"`
	Status     string `json:"status,omitempty"`
	Resolution string `json:"resolution,omitempty"`
}
