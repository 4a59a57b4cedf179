// Package oncall says who is on call at a moment: schedules with their
// rotations, layers, overrides and temporary schedules, the hours that
// branch an escalation, and the escalation policies that name whom to page
// in which order. It is pure: every answer is a function of its arguments.
package oncall

import "slices"

// Cadence is the unit in which turns are counted.
type Cadence string

// The cadences of a layer. Hourly counts elapsed hours from the start; daily
// and weekly count the days of a calendar on the wall.
const (
	Hourly Cadence = "hourly"
	Daily  Cadence = "daily"
	Weekly Cadence = "weekly"
)

// Schedule says who is on call. The first rotation is the primary one, the
// second the secondary, and so on.
type Schedule struct {
	ID   string `yaml:"id" json:"id"`
	Name string `yaml:"name" json:"name,omitempty"`
	// Zone is an IANA name such as "Europe/Berlin". A layer may name another.
	Zone      string     `yaml:"zone" json:"zone"`
	Rotations []Rotation `yaml:"rotations" json:"rotations"`
	// SilentHandOffs tells nobody when they come or go.
	SilentHandOffs bool `yaml:"silent_hand_offs" json:"silent_hand_offs,omitempty"`
	// Overrides and Temporary are made day by day, not declared: they lie on
	// top of what the rotations say. Later ones lie on top of earlier ones.
	Overrides []Override  `yaml:"-" json:"overrides,omitempty"`
	Temporary []Temporary `yaml:"-" json:"temporary,omitempty"`
}

// Rotation returns the rotation with that name, for an empty name the first;
// false when there is none.
func (s Schedule) Rotation(name string) (Rotation, bool) {
	for _, r := range s.Rotations {
		if r.Name == name || name == "" {
			return r, true
		}
	}
	return Rotation{}, false
}

// Participants returns everyone in a rotation, or in the one that it follows,
// each once, in the order of the layers from the bottom up. An empty name
// means the first rotation.
func (s Schedule) Participants(rotation string) []string {
	r, _ := s.Rotation(rotation)
	for range s.Rotations {
		if r.Follows == "" {
			break
		}
		r, _ = s.Rotation(r.Follows)
	}
	var out []string
	for _, layer := range r.Stack() {
		for _, person := range layer.Participants {
			if !slices.Contains(out, person) {
				out = append(out, person)
			}
		}
	}
	return out
}

// Rotation is one duty of a schedule, such as primary, and who has it when.
// It is one layer, written in place, or a stack of them, or it follows
// another rotation.
type Rotation struct {
	// Name is how people call it: primary, secondary.
	Name string `yaml:"name" json:"name"`
	// Follows names a rotation of the same schedule: whoever comes next there
	// has this duty. Overrides of that rotation move nobody here.
	Follows string `yaml:"follows" json:"follows,omitempty"`
	// Layers lie on top of each other, later ones on top of earlier ones. A
	// layer that has nobody lets the one below through.
	Layers []Layer `yaml:"layers" json:"layers,omitempty"`
	// Layer is the only one, written in place.
	Layer `yaml:",inline"`
}

// Stack returns the layers from the bottom up. It is empty for a rotation
// that follows another.
func (r Rotation) Stack() []Layer {
	if r.Follows != "" || len(r.Layers) > 0 {
		return r.Layers
	}
	return []Layer{r.Layer}
}

// Layer passes the duty round its participants, in their order.
type Layer struct {
	Name string `yaml:"name" json:"name,omitempty"`
	// Zone is an IANA name; empty means that of the schedule.
	Zone  string  `yaml:"zone" json:"zone,omitempty"`
	Every Cadence `yaml:"every" json:"every,omitempty"`
	// Length is how many hours, days or weeks a turn lasts; zero means one.
	Length int `yaml:"length" json:"length,omitempty"`
	// HandOff is the local time of day of the hand-over, "HH:MM". A hand-over
	// in a skipped hour happens right after the gap, in a repeated hour at
	// its first occurrence. An hourly layer has it on its first day only.
	HandOff string `yaml:"hand_off" json:"hand_off,omitempty"`
	// Weekday is the day of a weekly hand-over, such as "monday".
	Weekday string `yaml:"weekday" json:"weekday,omitempty"`
	// Start is the local date ("2006-01-02") on which the first participant
	// takes over; before it the layer has nobody. The first turn of a weekly
	// layer is short when Start is not the weekday of the hand-over.
	Start        string   `yaml:"start" json:"start,omitempty"`
	Participants []string `yaml:"participants" json:"participants,omitempty"`
	// During restricts the layer to some hours; without any it always holds.
	// Turns pass on whether the layer holds or not.
	During []Window `yaml:"during" json:"during,omitempty"`
}
