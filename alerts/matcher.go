package alerts

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// MaxMatcher is the longest matcher, in bytes, that ParseMatcher reads.
const MaxMatcher = 1024

// Matcher is one condition on a label, made by ParseMatcher.
type Matcher struct {
	name    string
	op      string
	value   string
	pattern *regexp.Regexp
}

// Matchers is a list of conditions that must all hold.
type Matchers []Matcher

var matcherForm = regexp.MustCompile(`(?s)^\s*([a-zA-Z_][a-zA-Z0-9_.:-]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$`)

// ParseMatcher reads one matcher: a label, one of =, !=, =~ and !~, and a
// value in double quotes (a value without blanks, quotes and commas may go
// without). Patterns are RE2 and must match the whole value.
func ParseMatcher(text string) (Matcher, error) {
	if len(text) > MaxMatcher {
		return Matcher{}, fmt.Errorf("matcher is longer than %d bytes", MaxMatcher)
	}
	form := matcherForm.FindStringSubmatch(text)
	if form == nil {
		return Matcher{}, fmt.Errorf(`matcher %s must look like label="value", with =, !=, =~ or !~`, quote(text))
	}
	m := Matcher{name: form[1], op: form[2]}
	var err error
	if m.value, err = matcherValue(form[3]); err != nil {
		return Matcher{}, fmt.Errorf("matcher %s: %w", quote(text), err)
	}
	if m.op == "=~" || m.op == "!~" {
		if m.pattern, err = anchored(m.value); err != nil {
			return Matcher{}, fmt.Errorf("matcher %s: %w", quote(text), err)
		}
	}
	return m, nil
}

func matcherValue(text string) (string, error) {
	if strings.HasPrefix(text, `"`) {
		value, err := strconv.Unquote(text)
		if err != nil {
			return "", fmt.Errorf(`value must end with " and escape " and \ with \`)
		}
		return value, nil
	}
	if text == "" || strings.ContainsAny(text, "\"'`=~, \t\r\n") {
		return "", fmt.Errorf("value must be in double quotes")
	}
	return text, nil
}

// anchored compiles the pattern alone first, so that it cannot close the
// group that anchors it.
func anchored(pattern string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	return regexp.Compile("^(?s:" + pattern + ")$")
}

// ParseMatchers reads a list of matchers and stops at the first that is wrong.
func ParseMatchers(texts []string) (Matchers, error) {
	out := make(Matchers, 0, len(texts))
	for _, text := range texts {
		m, err := ParseMatcher(text)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// Match says whether the condition holds; a missing label has the value "".
func (m Matcher) Match(labels map[string]string) bool {
	value := labels[m.name]
	switch m.op {
	case "!=":
		return value != m.value
	case "=~":
		return m.pattern.MatchString(value)
	case "!~":
		return !m.pattern.MatchString(value)
	}
	return value == m.value
}

// String returns the matcher in the form that ParseMatcher reads.
func (m Matcher) String() string { return m.name + m.op + strconv.Quote(m.value) }

// Match says whether every condition holds; an empty list always does.
func (ms Matchers) Match(labels map[string]string) bool {
	_, failed := ms.Failed(labels)
	return !failed
}

// Failed returns the first condition that does not hold, if any.
func (ms Matchers) Failed(labels map[string]string) (Matcher, bool) {
	for _, m := range ms {
		if !m.Match(labels) {
			return m, true
		}
	}
	return Matcher{}, false
}
