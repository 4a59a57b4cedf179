package catalog

import "fmt"

// WrongError says which field of what somebody asked for does not fit the
// catalog, and why.
type WrongError struct {
	// Field is the path of the field, such as "give.from".
	Field   string
	Message string
}

// Error returns "field: message".
func (e *WrongError) Error() string { return e.Field + ": " + e.Message }

func wrong(field, format string, args ...any) error {
	return &WrongError{field, fmt.Sprintf(format, args...)}
}
