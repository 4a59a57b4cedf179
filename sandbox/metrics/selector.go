package metrics

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// matcher compares one label; the name of a series is its label __name__.
type matcher struct {
	label, op, value string
	pattern          *regexp.Regexp
}

var (
	selectorPattern = regexp.MustCompile(`^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{(.*)\})?\s*$`)
	matcherPattern  = regexp.MustCompile(`^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")\s*(?:,|$)`)
)

// parseSelector reads name{label="value", ...}.
func parseSelector(text string) ([]matcher, error) {
	parts := selectorPattern.FindStringSubmatch(text)
	if parts == nil || strings.TrimSpace(text) == "" {
		return nil, fmt.Errorf("parse error: %q is no selector, write name{label=\"value\"}; this stand-in knows nothing else of PromQL", text)
	}
	var out []matcher
	if parts[1] != "" {
		out = append(out, matcher{label: "__name__", op: "=", value: parts[1]})
	}
	for rest := parts[2]; strings.TrimSpace(rest) != ""; {
		found := matcherPattern.FindStringSubmatch(rest)
		if found == nil {
			return nil, fmt.Errorf("parse error: %q is no label matcher, write label=\"value\"", rest)
		}
		m, err := newMatcher(found[1], found[2], found[3])
		if err != nil {
			return nil, err
		}
		out = append(out, m)
		rest = rest[len(found[0]):]
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("parse error: a selector needs a name or a matcher")
	}
	return out, nil
}

func newMatcher(label, op, quoted string) (matcher, error) {
	value, err := strconv.Unquote(quoted)
	if err != nil {
		return matcher{}, fmt.Errorf("parse error: %s is no text", quoted)
	}
	m := matcher{label: label, op: op, value: value}
	if op == "=~" || op == "!~" {
		if m.pattern, err = regexp.Compile("^(?:" + value + ")$"); err != nil {
			return matcher{}, fmt.Errorf("parse error: %s is no regular expression: %w", quoted, err)
		}
	}
	return m, nil
}

func (m matcher) matches(s Series) bool {
	have := s.Labels[m.label]
	if m.label == "__name__" {
		have = s.Name
	}
	switch m.op {
	case "=":
		return have == m.value
	case "!=":
		return have != m.value
	case "=~":
		return m.pattern.MatchString(have)
	default:
		return !m.pattern.MatchString(have)
	}
}
