// Package redact takes out of a text what looks like a secret, before it is
// kept or shown. It is pure. It errs on the side of removing too much, and it is
// no proof: a secret that looks like nothing in particular stays.
package redact

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Mark is what stands for what was removed.
const Mark = "[redacted]"

// opened is how a mark begins that a pattern has matched in part.
const opened = "[redacted"

// pattern finds secrets, and says what stands for one.
type pattern struct {
	find *regexp.Regexp
	with string
}

// patterns are tried in this order: what is whole before what is part of a line.
var patterns = []pattern{
	{regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----.*?(-----END [A-Z ]*PRIVATE KEY[A-Z ]*-----|\z)`), Mark},
	// user:password@ of an address.
	{regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]{1,20}://[^\s:/@"']{0,200}):[^\s@/"']{1,500}@`), "${1}:" + Mark + "@"},
	// The schemes of Authorization.
	{regexp.MustCompile(`(?i)\b(bearer|basic|digest|negotiate)\s+[a-z0-9._~+/=-]{8,}`), "${1} " + Mark},
	// JSON web tokens.
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.?[A-Za-z0-9_-]*`), Mark},
	// Tokens that say what they are: AWS, GitHub, GitLab, Slack, Stripe, Google, our own.
	{regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b`), Mark},
	{regexp.MustCompile(`\b(gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk_live_|rk_live_|AIza|toc_)[A-Za-z0-9_-]{16,}`), Mark},
	// name = value, where the name says what it is; the value may be quoted.
	{regexp.MustCompile(`(?i)([a-z0-9_.-]*(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|cookie)[a-z0-9_.-]*["']?\s*[:=]\s*)((?:bearer|basic|digest|negotiate)\s+\[redacted\]|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,;&"'}\]]+)`), "${1}" + Mark},
}

// Text returns a text without what looks like a secret, and how many were
// found. More are patterns of an installation's own: all that they match is
// removed.
func Text(text string, more ...*regexp.Regexp) (clean string, found int) {
	for _, p := range patterns {
		text = p.find.ReplaceAllStringFunc(text, func(match string) string {
			out := p.find.ReplaceAllString(match, p.with)
			if value := strings.TrimSpace(match[strings.LastIndexAny(match, "=:")+1:]); strings.HasPrefix(value, opened) {
				return match // it was removed already
			}
			found++
			return out
		})
	}
	for _, p := range more {
		text = p.ReplaceAllStringFunc(text, func(match string) string {
			if match == "" || strings.Contains(match, Mark) {
				return match
			}
			found++
			return Mark
		})
	}
	return text, found
}

// Named is as Text for a value that has a name, such as a row's column: it is
// removed whole when the name says that it is a secret.
func Named(name, value string, more ...*regexp.Regexp) (clean string, found int) {
	if value != "" && value != "NULL" {
		if _, found := Text(name + "=x"); found > 0 {
			return Mark, 1
		}
	}
	return Text(value, more...)
}

// Removed says after other words how many secrets were found, or nothing.
func Removed(found int) string {
	if found == 0 {
		return ""
	}
	return fmt.Sprintf(", %d removed that looked like secrets", found)
}

// noteRoom is what the note about what is missing takes.
const noteRoom = 30

// Cut shortens a text to at most limit bytes, at the ends of lines where that
// loses little: three quarters are its beginning, the rest its end. It says in
// between how much is missing. The limit is at least 100.
func Cut(text string, limit int) (short string, cut bool) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text, false
	}
	room := max(0, limit-noteRoom)
	head, tail := text[:room*3/4], text[len(text)-room/4:]
	if n := strings.LastIndexByte(head, '\n'); n > len(head)/2 {
		head = head[:n]
	}
	if n := strings.IndexByte(tail, '\n'); n >= 0 && n < len(tail)/2 {
		tail = tail[n+1:]
	}
	head, tail = strings.ToValidUTF8(head, ""), strings.ToValidUTF8(tail, "")
	return head + "\n[" + Size(len(text)-len(head)-len(tail)) + " left out]\n" + tail, true
}

// Size is a number of bytes as people read it: "3.2 MB".
func Size(bytes int) string {
	units := []string{"bytes", "KB", "MB", "GB"}
	n := float64(bytes)
	for n >= 1000 && len(units) > 1 {
		n, units = n/1000, units[1:]
	}
	return strconv.FormatFloat(math.Round(n*10)/10, 'f', -1, 64) + " " + units[0]
}
