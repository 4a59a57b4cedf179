package activities

import (
	"errors"
	"strings"
	"unicode"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/redact"
)

// clean is the beginning of a text as it may enter the history of a run: at most
// so many bytes, without what looks like a secret and without what a terminal
// would obey. The last line says how much is left out, with what was left out
// before, in bytes. Removed is how many secrets were found.
func clean(text string, left int64, most int) (short string, removed int) {
	// Secrets go first: what is cut in two is recognised no more.
	text, removed = redact.Text(strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
	const room = 40 // for the last line
	short = text
	if len(text) > most || left > 0 {
		short = strings.ToValidUTF8(text[:min(len(text), max(0, most-room))], "")
	}
	if left += int64(len(text) - len(short)); left > 0 {
		short += "\n[" + redact.Size(int(left)) + " left out]"
	}
	return short, removed
}

// cleanError is the error of a system whose words may be an answer's, without
// what looks like a secret.
func cleanError(err error) error {
	known, ok := errors.AsType[*incident.Error](err)
	if !ok {
		return err
	}
	message, removed := redact.Text(known.Message)
	if removed == 0 {
		return err
	}
	return &incident.Error{Kind: known.Kind, Message: message, Missing: known.Missing, RetryAfter: known.RetryAfter}
}
