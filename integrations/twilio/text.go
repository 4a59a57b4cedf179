package twilio

import (
	"fmt"
	"sort"
	"strings"
	"unicode"

	"github.com/tocsinhq/tocsin/incident"
)

// maxSegments bounds what one page costs, and how long it takes to arrive.
const maxSegments = 3

// text is what arrives on the phone: what, where, why, and how to answer, in
// at most maxSegments. What has to give way is the middle.
func (c *Channel) text(m incident.Message) string {
	if several(m) {
		return fit(plain(m.Headline())+": ", plain(strings.ReplaceAll(strings.TrimSpace(m.Body), "\n", "; "))+".", c.hint(m))
	}
	head := plain(m.Incident + " " + m.Severity + " " + m.Service)
	if head != "" {
		head += ": "
	}
	return fit(head, plain(strings.TrimRight(m.Title, ".")+". "+m.Body), c.hint(m))
}

// hint says how to answer a page that wants an answer.
func (c *Channel) hint(m incident.Message) string {
	code, numbered := strings.CutPrefix(m.Incident, incident.NumberPrefix)
	switch {
	case m.AckAction == "":
		return ""
	case several(m):
		return " Acknowledge all: " + m.AckURL
	case c.config.Replies && numbered:
		return fmt.Sprintf(" Reply ACK %s to acknowledge, NO %s to decline.", code, code)
	}
	return " Acknowledge: " + m.AckURL
}

// several says that a message stands for several pages.
func several(m incident.Message) bool {
	return m.Incident != "" && !strings.HasPrefix(m.Key, m.Incident+"/")
}

// plain makes one line of a text, without what phones cannot show.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsPrint(r)
	}), " ")
}

// fit cuts the middle until the whole fits. A link that alone is too long is
// sent all the same: it is the one thing that must arrive.
func fit(head, middle, tail string) string {
	if segments(head+middle+tail) <= maxSegments {
		return head + middle + tail
	}
	runes := []rune(middle)
	tooLong := func(n int) bool { return segments(head+string(runes[:n])+"..."+tail) > maxSegments }
	keep := max(sort.Search(len(runes)+1, tooLong)-1, 0)
	return head + strings.TrimSpace(string(runes[:keep])) + "..." + tail
}

// The alphabet of SMS: what it does not have makes the whole text one of
// UTF-16, with less than half the room. Those of the second line count twice.
const (
	basic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extended = "^{}\\[~]|€"
)

// segments is how many SMS a text is sent as.
func segments(text string) int {
	alone, part, cost := 160, 153, septets
	if strings.ContainsFunc(text, func(r rune) bool { return septets(r) == 0 }) {
		alone, part, cost = 70, 67, units
	}
	total, count, used := 0, 1, 0
	for _, r := range text {
		n := cost(r)
		total += n
		if used+n > part { // no character is cut in two
			count, used = count+1, 0
		}
		used += n
	}
	if total <= alone {
		return 1
	}
	return count
}

// septets is what a character takes in the alphabet of SMS; 0 when it is not
// of it.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(basic, r):
		return 1
	case strings.ContainsRune(extended, r):
		return 2
	}
	return 0
}

// units is what a character takes in UTF-16.
func units(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}
