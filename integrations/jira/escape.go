package jira

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// escape makes a text mean itself in wiki markup.
func escape(text string) string {
	runes := []rune(stripControls(text))
	var b strings.Builder
	for i, r := range runes {
		before, after := at(runes, i-1), at(runes, i+1)
		switch {
		case r == '\\':
			// Two backslashes would be a line break.
			b.WriteString("&#92;")
			continue
		case r == '&' && (after == '#' || unicode.IsLetter(after)):
			b.WriteString("&amp;")
			continue
		case needsEscape(r, before, after), r == '(' && isPicture(runes[i+1:]):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// needsEscape reports whether the wiki could take a rune between two others
// for its own. Signs inside a word are left alone, as in job_name.
func needsEscape(r, before, after rune) bool {
	switch r {
	case '{', '}', '[', ']', '|', '!', '*', '^', '~':
		return true
	case '_', '-', '+':
		return !isWord(before) || !isWord(after)
	case '?':
		return before == '?' || after == '?'
	}
	return false
}

// isPicture reports whether an opened parenthesis could be one of (x), (!),
// (on) and the like.
func isPicture(rest []rune) bool {
	return slices.Index(rest[:min(len(rest), len("flagoff)"))], ')') > 0
}

func at(runes []rune, i int) rune {
	if i < 0 || i >= len(runes) {
		return ' '
	}
	return runes[i]
}

// startOfLine escapes what the wiki knows only at the start of a line.
func startOfLine(line string) string {
	switch {
	case strings.HasPrefix(line, "#"):
		return `\` + line
	case strings.HasPrefix(line, "bq."):
		return "bq&#46;" + line[3:]
	case len(line) > 2 && line[0] == 'h' && '1' <= line[1] && line[1] <= '6' && line[2] == '.':
		return line[:2] + "&#46;" + line[3:]
	}
	return line
}

// stripControls drops control characters but line ends and tabs.
func stripControls(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}

// safeURL is an address that people may be sent to, in characters that end no
// link.
func safeURL(raw string) (string, bool) {
	u, err := url.Parse(raw)
	if err != nil || !slices.Contains([]string{"http", "https", "mailto"}, strings.ToLower(u.Scheme)) {
		return "", false
	}
	var b strings.Builder
	for _, c := range []byte(raw) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("[]{}|\\^`\"<>!*", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String(), true
}
