package cli

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// moment is a flag that holds a time: in RFC 3339, or by how far it lies from
// now.
type moment struct {
	at *time.Time
	// ahead says that a distance leads into the future.
	ahead bool
}

// past adds a flag for a time that has gone by: 2h is two hours ago.
func past(cmd *cobra.Command, at *time.Time, name, help string) {
	cmd.Flags().Var(moment{at: at}, name, help+" (2026-03-01T02:00:00Z, or 2h for two hours ago)")
}

// ahead adds a flag for a time to come: 2h is two hours from now.
func ahead(cmd *cobra.Command, at *time.Time, name, help string) {
	cmd.Flags().Var(moment{at: at, ahead: true}, name, help+" (2026-03-01T02:00:00Z, or 2h for in two hours)")
}

// lasting adds a flag for a duration, with a default that is shown as people
// type it.
func lasting(cmd *cobra.Command, d *time.Duration, name, usual, help string) {
	cmd.Flags().DurationVar(d, name, 0, help)
	flag := cmd.Flags().Lookup(name)
	flag.DefValue = usual
	_ = flag.Value.Set(usual) // a constant
}

// String returns the time in RFC 3339, "" when there is none.
func (m moment) String() string {
	if m.at == nil || m.at.IsZero() {
		return ""
	}
	return m.at.Format(time.RFC3339)
}

// Type names the kind of value in a help text.
func (m moment) Type() string { return "time" }

// Set reads a time.
func (m moment) Set(text string) error {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		*m.at = t.UTC()
		return nil
	}
	distance, ok := parseDistance(text)
	if !ok {
		return misused("write a time such as 2026-03-01T02:00:00Z, or a distance such as 30m, 2h or 7d")
	}
	if !m.ahead {
		distance = -distance
	}
	*m.at = time.Now().UTC().Add(distance)
	return nil
}

// parseDistance reads a duration that may be in days.
func parseDistance(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err == nil && n >= 0 && n < 10_000
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}
