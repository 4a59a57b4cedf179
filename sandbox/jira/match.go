package jira

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// predicate tells whether an issue satisfies one restriction.
type predicate func(*Issue) bool

// restrict turns the clauses of a query into predicates, refusing fields and
// values that do not exist. The caller holds the lock.
func (s *Server) restrictLocked(clauses []clause) ([]predicate, error) {
	var out []predicate
	for _, c := range clauses {
		p, err := s.predicateLocked(c)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (s *Server) predicateLocked(c clause) (predicate, error) {
	switch c.field {
	case "created":
		return onTime(c, func(i *Issue) time.Time { return i.Created })
	case "updated":
		return onTime(c, func(i *Issue) time.Time { return i.Updated })
	case "summary":
		return onText(c, func(i *Issue) string { return i.Summary })
	}
	read := readers()[c.field]
	if read == nil {
		return nil, failed(400, "Field '%s' does not exist or you do not have permission to view it.", c.field)
	}
	for i, value := range c.values {
		known, err := s.knownLocked(c.field, value)
		if err != nil {
			return nil, err
		}
		c.values[i] = known
	}
	return onValues(c, read)
}

// readers are the fields that are compared as texts, with the values that an
// issue has for them.
func readers() map[string]func(*Issue) []string {
	one := func(text string) []string {
		if text == "" {
			return nil
		}
		return []string{text}
	}
	key := func(i *Issue) []string { return append([]string{i.ID, i.Key}, i.OldKeys...) }
	return map[string]func(*Issue) []string{
		"project":        func(i *Issue) []string { return one(i.Project) },
		"labels":         func(i *Issue) []string { return i.Labels },
		"key":            key,
		"issuekey":       key,
		"issue":          key,
		"id":             key,
		"status":         func(i *Issue) []string { return one(i.Status.Name) },
		"statuscategory": func(i *Issue) []string { return one(string(i.Status.Category)) },
		"resolution":     func(i *Issue) []string { return one(i.Resolution) },
		"issuetype":      func(i *Issue) []string { return one(i.Type) },
		"type":           func(i *Issue) []string { return one(i.Type) },
		"parent":         func(i *Issue) []string { return one(i.Parent) },
	}
}

// knownLocked returns a value as issues hold it, or an error when it names
// nothing that exists.
func (s *Server) knownLocked(field, value string) (string, error) {
	unknown := failed(400, "The value '%s' does not exist for the field '%s'.", value, field)
	switch field {
	case "project":
		for _, p := range s.config.Projects {
			if strings.EqualFold(value, p.Key) || strings.EqualFold(value, p.Name) || value == p.ID {
				return p.Key, nil
			}
		}
		return "", unknown
	case "status":
		for _, st := range s.config.Workflow.Statuses {
			if strings.EqualFold(value, st.Name) || value == st.ID {
				return st.Name, nil
			}
		}
		return "", unknown
	case "statuscategory":
		return knownCategory(value, unknown)
	case "key", "issuekey", "issue", "id":
		if _, err := s.findLocked(value); err != nil {
			return "", failed(400, "An issue with key '%s' does not exist for field '%s'.", value, field)
		}
	}
	return value, nil
}

func knownCategory(value string, unknown error) (string, error) {
	for name, category := range map[string]Category{
		"to do": CategoryNew, "in progress": CategoryIndeterminate, "done": CategoryDone,
		"new": CategoryNew, "indeterminate": CategoryIndeterminate, "2": CategoryNew, "3": CategoryDone, "4": CategoryIndeterminate,
	} {
		if strings.EqualFold(value, name) {
			return string(category), nil
		}
	}
	return "", unknown
}

// onValues compares texts. As in Jira, an issue without any value is never
// matched by a negation.
func onValues(c clause, read func(*Issue) []string) (predicate, error) {
	matches := func(i *Issue) bool {
		return slices.ContainsFunc(read(i), func(have string) bool {
			return slices.ContainsFunc(c.values, func(want string) bool { return strings.EqualFold(have, want) })
		})
	}
	switch c.op {
	case "=", "in":
		return matches, nil
	case "!=", "not in":
		return func(i *Issue) bool { return len(read(i)) > 0 && !matches(i) }, nil
	case "is", "is not":
		if !strings.EqualFold(c.values[0], "empty") && !strings.EqualFold(c.values[0], "null") {
			return nil, badQuery("Operator 'is' takes EMPTY or NULL only.")
		}
		wantEmpty := c.op == "is"
		return func(i *Issue) bool { return (len(read(i)) == 0) == wantEmpty }, nil
	}
	return nil, failed(400, "The operator '%s' is not supported by the '%s' field.", c.op, c.field)
}

func onText(c clause, read func(*Issue) string) (predicate, error) {
	if c.op != "~" && c.op != "!~" {
		return nil, failed(400, "The operator '%s' is not supported by the '%s' field.", c.op, c.field)
	}
	words := strings.Fields(strings.ToLower(strings.Trim(c.values[0], `"`)))
	return func(i *Issue) bool {
		text := strings.ToLower(read(i))
		missing := slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
		return missing == (c.op == "!~")
	}, nil
}

func onTime(c clause, read func(*Issue) time.Time) (predicate, error) {
	at, err := jqlTime(c.values[0])
	if err != nil {
		return nil, err
	}
	holds := map[string]func(int) bool{
		">": func(n int) bool { return n > 0 }, ">=": func(n int) bool { return n >= 0 },
		"<": func(n int) bool { return n < 0 }, "<=": func(n int) bool { return n <= 0 },
		"=": func(n int) bool { return n == 0 }, "!=": func(n int) bool { return n != 0 },
	}[c.op]
	if holds == nil {
		return nil, failed(400, "The operator '%s' is not supported by the '%s' field.", c.op, c.field)
	}
	return func(i *Issue) bool { return holds(read(i).Compare(at)) }, nil
}

// jqlTime reads a date, with or without a time of day, or a distance from now
// such as -30m, -4h, -2d, -1w.
func jqlTime(value string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04", "2006/01/02 15:04", "2006-01-02", "2006/01/02"} {
		if at, err := time.Parse(layout, value); err == nil {
			return at, nil
		}
	}
	parts := regexp.MustCompile(`^([+-]?\d{1,5})([mhdw])$`).FindStringSubmatch(value)
	if parts == nil {
		return time.Time{}, failed(400,
			"Date value '%s' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', "+
				"'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.", value)
	}
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	n, _ := strconv.Atoi(parts[1])
	return time.Now().Add(time.Duration(n) * units[parts[2]]), nil
}

// byOrder compares issues as a query's ORDER BY says, newest first without one.
func byOrder(order []ordering) func(a, b *Issue) int {
	return func(a, b *Issue) int {
		for _, o := range order {
			n := byNumber(a, b)
			switch o.field {
			case "created":
				n = a.Created.Compare(b.Created)
			case "updated":
				n = a.Updated.Compare(b.Updated)
			}
			if o.desc {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return -byNumber(a, b)
	}
}

func byNumber(a, b *Issue) int {
	x, _ := strconv.Atoi(a.ID)
	y, _ := strconv.Atoi(b.ID)
	return cmp.Compare(x, y)
}
