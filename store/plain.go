package store

import (
	"database/sql/driver"
	"strings"
)

// plain is a text that came from outside, and may be recorded whatever it is:
// PostgreSQL keeps no zero characters, and an incident whose record is refused
// would be stuck for ever.
type plain string

// Value gives the text without them.
func (p plain) Value() (driver.Value, error) {
	return strings.ReplaceAll(strings.ToValidUTF8(string(p), "\uFFFD"), "\x00", "\uFFFD"), nil
}
