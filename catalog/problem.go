package catalog

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with the files of a catalog.
type Problem struct {
	File string `json:"file"`
	// Line is that of the field, or of what it is missing from.
	Line int `json:"line"`
	// Field is the path of the field; members of a list are shown by their
	// id where they have one, as in "services[payments].team".
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// String returns "file:line: field: message".
func (p Problem) String() string {
	if p.Field == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
	}
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Field, p.Message)
}

// Problems is everything that is wrong with the files of a catalog, in the
// order of the files and their lines.
type Problems []Problem

// Error returns the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
