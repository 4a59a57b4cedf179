package incident

import (
	"strings"
	"unicode/utf8"
)

// cut shortens what the timeline keeps in full.
func cut(text string) string { return shorten(text, maxKept) }

// shorten keeps the beginning of a text, of at most so many characters.
func shorten(text string, most int) string {
	if len(text) <= most || utf8.RuneCountInString(text) <= most {
		return text
	}
	end := 0
	for range most - 1 {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	return text[:end] + "…"
}

// CutBytes shortens a text to at most so many bytes, without breaking a
// character.
func CutBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const mark = "…"
	end := most - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

// Plain is a text that can be recorded, whatever it was: neither the engine nor
// PostgreSQL take what is no UTF-8, nor does the latter take zero characters.
func Plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
