package oncall

import "time"

// OverrideKind says what an override does.
type OverrideKind string

// The kinds of an override. An empty kind is Replace.
const (
	// Add puts one more person on call.
	Add OverrideKind = "add"
	// Remove takes a person off call; nobody comes instead.
	Remove OverrideKind = "remove"
	// Replace puts a person on call instead of another, or instead of whoever
	// has the duty.
	Replace OverrideKind = "replace"
)

// Override changes who is on call in one rotation, in [From, Until).
// Overrides are applied in their order, each to what the ones before it left.
type Override struct {
	ID       string `yaml:"-" json:"id,omitempty"`
	Schedule string `yaml:"-" json:"schedule,omitempty"`
	// Rotation is the name of the overridden rotation; empty means the first.
	Rotation string       `yaml:"-" json:"rotation,omitempty"`
	Kind     OverrideKind `yaml:"-" json:"kind,omitempty"`
	// Person comes: an override that removes has none.
	Person string `yaml:"-" json:"person,omitempty"`
	// Of goes. A replacement without it replaces everybody, also nobody; with
	// it, it holds only while that person is on call.
	Of     string    `yaml:"-" json:"of,omitempty"`
	From   time.Time `yaml:"-" json:"from"`
	Until  time.Time `yaml:"-" json:"until"`
	Reason string    `yaml:"-" json:"reason,omitempty"`
	// By is the person who made it.
	By string `yaml:"-" json:"by,omitempty"`
}

// Temporary is a temporary schedule: within [From, Until) its shifts are who
// is on call in one rotation, and the rotation's own turns are not. Where two
// overlap, the later in the list holds. Overrides lie on top of both.
type Temporary struct {
	ID       string `yaml:"-" json:"id,omitempty"`
	Schedule string `yaml:"-" json:"schedule,omitempty"`
	// Rotation is the name of the rotation; empty means the first.
	Rotation string       `yaml:"-" json:"rotation,omitempty"`
	From     time.Time    `yaml:"-" json:"from"`
	Until    time.Time    `yaml:"-" json:"until"`
	Shifts   []FixedShift `yaml:"-" json:"shifts,omitempty"`
	Reason   string       `yaml:"-" json:"reason,omitempty"`
	// By is the person who made it.
	By string `yaml:"-" json:"by,omitempty"`
}

// FixedShift is one person's duty within a temporary schedule: [From, Until).
type FixedShift struct {
	Person string    `yaml:"-" json:"person"`
	From   time.Time `yaml:"-" json:"from"`
	Until  time.Time `yaml:"-" json:"until"`
}
