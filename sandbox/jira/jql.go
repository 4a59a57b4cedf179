package jira

import (
	"slices"
	"strings"
	"unicode"
)

// query is a parsed search: restrictions that all must hold, and an order.
type query struct {
	clauses []clause
	order   []ordering
}

// clause is one restriction. The operator is in lower case: = != in, not in,
// > >= < <= ~ !~, is, is not.
type clause struct {
	field, op string
	values    []string
}

type ordering struct {
	field string
	desc  bool
}

// token is a word, a quoted text or a sign of a query.
type token struct {
	text   string
	quoted bool
}

func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

func badQuery(format string, args ...any) error {
	return failed(400, "Error in the JQL Query: "+format, args...)
}

// parseJQL understands clauses joined by AND and an ORDER BY; OR, NOT and
// parentheses around clauses are refused.
func parseJQL(text string) (query, error) {
	tokens, err := scanJQL(text)
	if err != nil {
		return query{}, err
	}
	p := &jqlParser{tokens: tokens}
	var q query
	for !p.done() && !p.at("order") {
		c, err := p.clause()
		if err != nil {
			return query{}, err
		}
		q.clauses = append(q.clauses, c)
		if p.done() || p.at("order") {
			break
		}
		if !p.accept("and") {
			return query{}, badQuery("Expecting 'AND' but got '%s'. This stand-in knows AND only.", p.next().text)
		}
		if p.done() || p.at("order") {
			return query{}, badQuery("Expecting a field after 'AND'.")
		}
	}
	q.order, err = p.ordering()
	return q, err
}

func scanJQL(text string) ([]token, error) {
	var tokens []token
	runes := []rune(text)
	for i := 0; i < len(runes); {
		r := runes[i]
		switch {
		case unicode.IsSpace(r):
			i++
		case r == '"' || r == '\'':
			word, next, err := scanQuoted(runes, i)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, token{text: word, quoted: true})
			i = next
		case strings.ContainsRune("(),=", r):
			tokens = append(tokens, token{text: string(r)})
			i++
		case strings.ContainsRune("!<>~", r):
			n := 1
			if i+1 < len(runes) && (runes[i+1] == '=' || (r == '!' && runes[i+1] == '~')) {
				n = 2
			}
			tokens = append(tokens, token{text: string(runes[i : i+n])})
			i += n
		default:
			start := i
			for i < len(runes) && !unicode.IsSpace(runes[i]) && !strings.ContainsRune("(),=!<>~\"'", runes[i]) {
				i++
			}
			tokens = append(tokens, token{text: string(runes[start:i])})
		}
	}
	return tokens, nil
}

func scanQuoted(runes []rune, start int) (string, int, error) {
	var word strings.Builder
	for i := start + 1; i < len(runes); i++ {
		switch {
		case runes[i] == '\\' && i+1 < len(runes):
			i++
			word.WriteRune(runes[i])
		case runes[i] == runes[start]:
			return word.String(), i + 1, nil
		default:
			word.WriteRune(runes[i])
		}
	}
	return "", 0, badQuery("The quoted string '%s' has not been completed.", string(runes[start:]))
}

type jqlParser struct {
	tokens []token
	pos    int
}

func (p *jqlParser) done() bool { return p.pos >= len(p.tokens) }

func (p *jqlParser) at(word string) bool { return !p.done() && p.tokens[p.pos].is(word) }

func (p *jqlParser) next() token {
	if p.done() {
		return token{}
	}
	p.pos++
	return p.tokens[p.pos-1]
}

func (p *jqlParser) accept(word string) bool {
	if !p.at(word) {
		return false
	}
	p.pos++
	return true
}

func (p *jqlParser) clause() (clause, error) {
	field := p.next()
	if field.text == "" || (!field.quoted && strings.ContainsAny(field.text, "(),=!<>~")) {
		return clause{}, badQuery("Expecting a field name but got '%s'.", field.text)
	}
	c := clause{field: strings.ToLower(field.text)}
	op, err := p.operator()
	if err != nil {
		return clause{}, err
	}
	c.op = op
	if op == "in" || op == "not in" {
		c.values, err = p.list()
		return c, err
	}
	value, err := p.value()
	c.values = []string{value}
	return c, err
}

func (p *jqlParser) operator() (string, error) {
	t := p.next()
	switch op := strings.ToLower(t.text); {
	case t.quoted:
	case op == "not" && p.accept("in"):
		return "not in", nil
	case op == "is" && p.accept("not"):
		return "is not", nil
	case slices.Contains([]string{"=", "!=", "in", "is", ">", ">=", "<", "<=", "~", "!~"}, op):
		return op, nil
	}
	return "", badQuery("Expecting an operator but got '%s'.", t.text)
}

func (p *jqlParser) value() (string, error) {
	t := p.next()
	if !t.quoted && (t.text == "" || strings.ContainsAny(t.text, "(),=!<>~")) {
		return "", badQuery("Expecting a value but got '%s'.", t.text)
	}
	return t.text, nil
}

func (p *jqlParser) list() ([]string, error) {
	if !p.accept("(") {
		return nil, badQuery("Expecting '(' but got '%s'.", p.next().text)
	}
	var values []string
	for {
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		if p.accept(")") {
			return values, nil
		}
		if !p.accept(",") {
			return nil, badQuery("Expecting ',' or ')' but got '%s'.", p.next().text)
		}
	}
}

func (p *jqlParser) ordering() ([]ordering, error) {
	if p.done() {
		return nil, nil
	}
	if !p.accept("order") || !p.accept("by") {
		return nil, badQuery("Expecting 'ORDER BY' but got '%s'.", p.next().text)
	}
	var out []ordering
	for {
		field, err := p.value()
		if err != nil {
			return nil, err
		}
		o := ordering{field: strings.ToLower(field)}
		if !slices.Contains([]string{"created", "updated", "key", "id"}, o.field) {
			return nil, badQuery("Not able to sort using field '%s', use created, updated or key.", field)
		}
		o.desc = p.accept("desc")
		if !o.desc {
			p.accept("asc")
		}
		out = append(out, o)
		if p.done() {
			return out, nil
		}
		if !p.accept(",") {
			return nil, badQuery("Expecting ',' but got '%s'.", p.next().text)
		}
	}
}
