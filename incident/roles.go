package incident

import "time"

// Role is a part that a person plays on an incident.
type Role string

// The roles. Holder is kept in Incident.Holder; it is a role so that it can
// be offered and accepted like the others.
const (
	Holder         Role = "holder"
	Commander      Role = "commander"
	Deputy         Role = "deputy"
	Scribe         Role = "scribe"
	Communications Role = "communications"
	Responder      Role = "responder"
)

// Offer is a role that was assigned and waits for acceptance.
type Offer struct {
	Role Role      `json:"role"`
	To   string    `json:"to"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}
