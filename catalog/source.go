package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// place is where a value was written, and the path by which it is shown.
type place struct {
	file  string
	line  int
	shown string
}

// source remembers where each value of a catalog was written. Values are
// named by key: a path whose list members are counted over all files, such as
// "services[12].team".
type source struct {
	files    []string
	places   map[string]place
	problems Problems
	// failed holds the keys at which a problem was reported already: what
	// could not be read, and what is in it, is not also called missing.
	failed map[string]bool
}

func newSource(files []File) *source {
	s := &source{places: map[string]place{}, failed: map[string]bool{}}
	for _, f := range files {
		s.files = append(s.files, f.Name)
	}
	return s
}

// report adds a problem at a key, one for each value; a value that is missing is reported
// at what it is missing from.
func (s *source) report(key, format string, args ...any) {
	for end := len(key); end > 0; end = strings.LastIndexAny(key[:end], ".[") {
		if s.failed[key[:end]] {
			return
		}
	}
	s.failed[key] = true
	s.reportAt(s.nearest(key), format, args...)
}

func (s *source) reportAt(at place, format string, args ...any) {
	s.problems = append(s.problems, Problem{at.file, at.line, at.shown, fmt.Sprintf(format, args...)})
}

// nearest returns the place of a key, or of the closest value around it with
// the rest of the path.
func (s *source) nearest(key string) place {
	for end := len(key); end > 0; end = strings.LastIndexAny(key[:end], ".[") {
		if at, ok := s.places[key[:end]]; ok {
			at.shown += key[end:]
			return at
		}
	}
	at := place{line: 1, shown: key}
	if len(s.files) > 0 {
		at.file = s.files[0]
	}
	return at
}

// sorted returns the problems in the order of the files and their lines.
func (s *source) sorted() Problems {
	slices.SortStableFunc(s.problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(slices.Index(s.files, a.File), slices.Index(s.files, b.File)),
			cmp.Compare(a.Line, b.Line),
		)
	})
	return s.problems
}
