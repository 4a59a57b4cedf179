package incident

import "time"

// Clock names one stamp of an incident.
type Clock string

// The clocks. Contained stops no clock: nobody new is affected.
const (
	ImpactStarted Clock = "impact_started"
	TriggeredAt   Clock = "triggered"
	FirstAck      Clock = "first_ack"
	Contained     Clock = "contained"
	MitigatedAt   Clock = "mitigated"
	ResolvedAt    Clock = "resolved"
	ClosedAt      Clock = "closed"
)

// Clocks are the stamps of an incident, and what was corrected.
type Clocks struct {
	Stamps map[Clock]time.Time `json:"stamps"`
	// Corrected keeps the originals, the oldest first.
	Corrected []Correction `json:"corrected,omitempty"`
}

// Correction keeps a stamp that was replaced.
type Correction struct {
	Clock    Clock     `json:"clock"`
	Original time.Time `json:"original,omitzero"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}
