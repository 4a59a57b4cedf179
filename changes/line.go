package changes

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line is a text that somebody else wrote as a change can hold it: its first
// line that shows anything, without what Unseen says, cut to so many characters.
func Line(text string, most int) string {
	for line := range strings.Lines(strings.ToValidUTF8(text, "")) {
		shown := []rune(strings.TrimSpace(strings.Map(seen, line)))
		if len(shown) > 0 {
			return strings.TrimSpace(string(shown[:min(len(shown), most)]))
		}
	}
	return ""
}

// Link is an address that somebody else wrote, or nothing when a change cannot
// hold it.
func Link(address string) string {
	if !isWeb(address) || !printable(address) || utf8.RuneCountInString(address) > maxText {
		return ""
	}
	return address
}

// Unseen reports whether a terminal obeys a character, or whether it shows as
// nothing, or changes how others show: what follows U+202E reads backwards. What
// joins letters, or keeps them apart, is a part of words and of emoji.
func Unseen(r rune) bool {
	const apart, joined = '\u200C', '\u200D'
	return r != apart && r != joined && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
}

func seen(r rune) rune {
	if Unseen(r) {
		return -1
	}
	return r
}

// printable reports whether nothing of a text is Unseen.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, Unseen)
}

func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
