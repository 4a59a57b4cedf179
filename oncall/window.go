package oncall

// Window is a span of local time that comes again every day, or on some days
// of the week.
type Window struct {
	// Days are the weekdays on which the window begins; empty means every day.
	Days []string `yaml:"days" json:"days,omitempty"`
	// From and Until are local times of day, "HH:MM". An Until that is not
	// later than From is on the next day. Left out, From is the beginning of
	// the day and Until, which may also be "24:00", its end.
	From  string `yaml:"from" json:"from,omitempty"`
	Until string `yaml:"until" json:"until,omitempty"`
}

// Hours are named windows, such as business hours, by which an escalation
// policy branches.
type Hours struct {
	ID   string `yaml:"id" json:"id"`
	Name string `yaml:"name" json:"name,omitempty"`
	// Zone is an IANA name such as "Europe/Berlin".
	Zone   string   `yaml:"zone" json:"zone"`
	During []Window `yaml:"during" json:"during"`
	// Except are local dates ("2006-01-02") on which no window begins, such as
	// public holidays.
	Except []string `yaml:"except" json:"except,omitempty"`
}
