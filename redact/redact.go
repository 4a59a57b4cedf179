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

// What is written between a name and its value, and how a value is written.
const (
	gives  = `\\*["']?[ \t]*[:=]+>?[ \t]*`
	quoted = `"(?:[^"\\\n]|""|\\.)*"?|'(?:[^'\\\n]|''|\\.)*'?|\\+"[^"\n]*"?`
	// many is a list, of one line or of a quoted text a line.
	many = `\[(?:[^\]\n]|\n\s*["'])*(?:\s*\])?`
	// word may hold what was removed, and blanks behind a backslash.
	word = `(?:\[redacted\]|[^\s,;&"'}\][{])(?:\[redacted\]|\\ |[^\s,;&"'}\]])*`
	// below is what YAML writes on lines of their own.
	below = `[|>][-+0-9]*[ \t]*\n[ \t]+[^\n]+(?:\n[ \t]+[^\s:]+[ \t]*$)*|\n[ \t]+[^\s:=]+[ \t]*$`
	// named are the words of a name that say that its value is a secret.
	named = `passw(?:or)?d|passphrase|pwd|secret|token|(?:api|access|private|encryption)[_-]?key|credentials?`
)

// patterns are tried in this order: what is whole before what is part of a line.
// Of each its group is the secret, or all of it when it has none.
var patterns = compiled(
	`(?s)-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z ]*PRIVATE KEY[A-Z ]*-----|\z)`,
	// The end of a private key whose beginning was cut off.
	`(?m)(?:^[A-Za-z0-9+/=]+\r?\n)*^.*-----END [A-Z ]*PRIVATE KEY[A-Z ]*-----`,
	// user:password@ of an address. A slash in it is told from that behind a port.
	`(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@"'[]*:((?:[^\s/@"',]*[^\s/@"',\d][^\s/@"',]*(?:/[^\s/@"',]*)+|[^\s/@"']+)(?:@[^\s/@"',]+)*)@`,
	// Authorization, whatever its scheme: two words, or all that some schemes say.
	`(?i)authorization`+gives+`(`+quoted+`|(?:digest|oauth|signature|hawk|aws4-\S+)[ \t][^\n]+|[a-z][\w-]*[ \t]+`+word+`|`+word+`|`+many+`)`,
	`(?i)\b(?:bearer|basic|digest|negotiate)\s+([a-z0-9._~+/=-]{8,})`,
	// All cookies of a request.
	`(?i)(?:^|[^a-z-])cookie`+gives+`(`+word+`(?:;[ \t]*`+word+`)*)`,
	// JSON web tokens.
	`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.?[A-Za-z0-9_-]*`,
	// Tokens that say what they are: AWS, GitHub, GitLab, Slack, Stripe, Google, our own.
	`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`,
	`\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk_live_|rk_live_|AIza|toc_)[A-Za-z0-9_-]{16,}`,
	// npm, Vault and SendGrid.
	`\bnpm_[A-Za-z0-9]{30,}`,
	`\bhv[sbr]\.[A-Za-z0-9_-]{20,}`,
	`\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`,
	// The signature of an address that lets in whoever has it.
	`(?i)(?:[?&]|&amp;|\\u0026)(?:x-(?:amz|goog)-)?sig(?:nature)?=([^\s&"'<>\\]+)`,
	// XML: <password>x</password>.
	`(?i)<[\w:.-]*(?:`+named+`)[\w:.-]*(?:\s[^<>]*)?>(<!\[CDATA\[[^\]]*\]\]>|[^<]+)</`,
	// A variable as Kubernetes has it: its name, and beside it its value.
	`(?i)\bname\\*["']?[ \t]*:[ \t]*\\*["']?[\w.-]*(?:`+named+`|_pass\b)[\w.-]*\\*["']?,?\s*\\*["']?value\\*["']?:[ \t]*(`+quoted+`|`+below+`|`+word+`)`,
	// pass, which is a word of its own where it is no name: pass=x, DB_PASS: x.
	`(?i)(?:^|[^a-z])pass\\*["']?[ \t]*=+>?[ \t]*(`+quoted+`|`+word+`)`,
	`[A-Z0-9]_PASS\\*["']?[ \t]*:[ \t]*(`+quoted+`|`+word+`)`,
	`["']pass\\*["'][ \t]*:[ \t]*(`+quoted+`)`,
	// SQL: PASSWORD 'x', IDENTIFIED BY 'x'.
	`(?i)\b(?:password|identified(?:\s+with\s+\S+)?\s+by(?:\s+password)?)\s+('(?:[^'\\\n]|''|\\.)*'?|"(?:[^"\\\n]|""|\\.)*")`,
	// The argument of a command: --password x.
	`(?i)--[a-z0-9-]*(?:`+named+`)[ \t]+(`+quoted+`|[^\s"'-]\S*)`,
	// name = value, where the name says what it is.
	`(?im)(?:`+named+`|cookie|authorization)[a-z0-9_.-]*`+gives+`(`+quoted+`|`+below+`|`+word+`|`+many+`|\{[^\s{}"':]*\})`,
)

func compiled(texts ...string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, text := range texts {
		out = append(out, regexp.MustCompile(text))
	}
	return out
}

// Text returns a text without what looks like a secret, and how many were
// found. More are patterns of an installation's own: all that they match is
// removed.
func Text(text string, more ...*regexp.Regexp) (clean string, found int) {
	for _, p := range patterns {
		text = remove(text, p, p.NumSubexp(), &found)
	}
	for _, p := range more {
		text = remove(text, p, 0, &found)
	}
	return text, found
}

// remove takes out what a group of a pattern matches, and counts it. What was
// removed already is not found again.
func remove(text string, p *regexp.Regexp, group int, found *int) string {
	var out strings.Builder
	end := 0
	for _, at := range p.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[2*group], at[2*group+1]
		if secret := text[from:to]; secret == "" || secret == Mark {
			continue
		}
		*found++
		out.WriteString(text[end:from] + Mark)
		end = to
	}
	return out.String() + text[end:]
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

const (
	// noteRoom is what the note about what is missing takes.
	noteRoom = 30
	// margin is longer than any secret: a private key of 16,384 bits has 13 KB.
	margin = 16 << 10
)

// Cut shortens a text to at most limit bytes, at the ends of lines where that
// loses little: three quarters are its beginning, the rest its end. It says in
// between how much is missing. The limit is at least 100. A secret may be cut in
// two, and is not recognised any more: what may hold one is for Shorten.
func Cut(text string, limit int) (short string, cut bool) {
	return shorten(text, limit, func(text string) string { return text })
}

// Shorten is Text and then Cut. Of a long text it looks at what it shows and at
// a little more, so that the time it takes does not grow with the text, and that
// no half of a secret is shown.
func Shorten(text string, limit int, more ...*regexp.Regexp) (short string, found int, cut bool) {
	short, cut = shorten(text, limit, func(text string) string {
		text, n := Text(text, more...)
		found += n
		return text
	})
	return short, found, cut
}

func shorten(text string, limit int, clean func(string) string) (short string, cut bool) {
	size, span := len(text), limit+margin
	if size <= 2*span {
		text = clean(strings.ToValidUTF8(text, "\uFFFD"))
		if len(text) <= limit {
			return text, false
		}
		short = join(text, text, len(text), limit)
		return short, true
	}
	head := clean(strings.ToValidUTF8(text[:span], "\uFFFD"))
	tail := clean(strings.ToValidUTF8(text[size-span:], "\uFFFD"))
	// What was cut in two is within a margin of where it was cut.
	return join(head[:max(0, len(head)-margin)], tail[min(len(tail), margin):], size, limit), true
}

// join is the beginning of one text and the end of another, of size bytes with
// what lies between them.
func join(head, tail string, size, limit int) string {
	room := max(0, limit-noteRoom)
	head, tail = head[:min(len(head), room*3/4)], tail[max(0, len(tail)-room/4):]
	if n := strings.LastIndexByte(head, '\n'); n > len(head)/2 {
		head = head[:n]
	}
	if n := strings.IndexByte(tail, '\n'); n >= 0 && n < len(tail)/2 {
		tail = tail[n+1:]
	}
	head, tail = strings.ToValidUTF8(head, ""), strings.ToValidUTF8(tail, "")
	return head + "\n[" + Size(size-len(head)-len(tail)) + " left out]\n" + tail
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
