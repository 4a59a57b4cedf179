package jira

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf16"
)

// The lines around Tocsin's part of a description. They are recognised by
// their words alone, so that they survive an editor that dresses them anew.
const (
	beginWords = "Tocsin keeps this part current"
	endWords   = "End of the part that Tocsin keeps current"
	beginLine  = "h4. " + beginWords
	endLine    = "_" + endWords + "_"
)

// maxDescription is Jira's limit, in UTF-16 units.
const maxDescription = 32767

const shortened = "(shortened)"

// part is Tocsin's part of a description, with its lines.
type part struct {
	text string
	hash string
}

// newPart renders Markdown as a part of at most room UTF-16 units, shortened
// if it must be. The hash is that of the whole.
func newPart(markdown string, room int) part {
	sum := sha256.Sum256([]byte(markdown))
	out := part{text: frame(markdown), hash: hex.EncodeToString(sum[:8])}
	lines := strings.Split(markdown, "\n")
	for units(out.text) > room && len(lines) > 0 {
		lines = lines[:len(lines)*3/4]
		out.text = frame(strings.Join(append(slices.Clip(lines), "", shortened), "\n"))
	}
	return out
}

func frame(markdown string) string {
	content := Markup(markdown)
	// A part that talks of parts must not end itself.
	content = strings.ReplaceAll(content, "Tocsin keeps", "Tocsin\u00a0keeps")
	return beginLine + "\n\n" + content + "\n\n" + endLine
}

func units(text string) int {
	n := 0
	for _, r := range text {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// locate finds Tocsin's part of a description: from the last begin before the
// first end that has one, so that half a part which somebody left behind is
// theirs.
func locate(description string) (start, end int, found bool) {
	begin, offset := -1, 0
	for line := range strings.Lines(description) {
		switch {
		case strings.Contains(line, beginWords):
			begin = offset
		case strings.Contains(line, endWords) && begin >= 0:
			return begin, offset + len(strings.TrimRight(line, "\r\n")), true
		}
		offset += len(line)
	}
	return 0, 0, false
}

// merge puts a part in the place of the one in the description, or below
// what is there, and changes nothing else.
func merge(description, text string) string {
	if start, end, found := locate(description); found {
		return description[:start] + text + description[end:]
	}
	if strings.TrimSpace(description) == "" {
		return text
	}
	return strings.TrimRight(description, "\r\n") + "\n\n" + text
}

// others is how much of a description is not Tocsin's, in UTF-16 units, with
// the empty line between.
func others(description string) int { return units(merge(description, "")) + 2 }
