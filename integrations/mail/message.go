package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	netmail "net/mail"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/tocsinhq/tocsin/incident"
)

// SendMail sends a mail to its recipients, who see each other as the mail
// names them. A mail that is not the first of its thread answers that one:
// its subject gets a "Re:" and it refers to the first's Message-ID. Errors
// are of kind Unavailable while it may go well later, and Permanent when the
// server refuses the mail, or, in a *PartialError, some recipients: then the
// others have it.
func (s *Sender) SendMail(ctx context.Context, m incident.Mail) error {
	to, wrong := parse(m.To)
	if len(to) == 0 {
		return incident.Errorf(incident.Permanent, "correct the audience in the catalog: it holds no e-mail address")
	}
	out := s.message(m.Key, to)
	out.SetGenHeader("List-Id", "Tocsin status updates <status-updates."+s.config.Domain+">")
	subject := clean(m.Subject)
	if m.Thread != "" && m.Thread != m.Key {
		subject = "Re: " + strings.TrimPrefix(subject, "Re: ")
		first := "<" + s.id(m.Thread) + ">"
		out.SetGenHeader(gomail.HeaderInReplyTo, first)
		out.SetGenHeader(gomail.HeaderReferences, first)
	}
	out.Subject(subject)
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	if err := s.deliver(ctx, out, to); err != nil {
		return err
	}
	if wrong > 0 {
		return &PartialError{nil, incident.Errorf(incident.Permanent,
			"%d of %d recipients are no e-mail addresses, correct the audience in the catalog: the others have the mail", wrong, len(m.To))}
	}
	return nil
}

// message is an empty mail with what every mail carries.
func (s *Sender) message(key string, to []*netmail.Address) *gomail.Msg {
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.FromMailAddress(s.from)
	out.ToMailAddress(to...)
	out.SetDate()
	out.SetMessageIDWithValue(s.id(key))
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	// What Exchange needs to be told to send no absence notes.
	out.SetGenHeader("X-Auto-Response-Suppress", "All")
	return out
}

// id is the Message-ID of a key, without its brackets.
func (s *Sender) id(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16]) + "@" + s.config.Domain
}

// parse returns the addresses and how many were none.
func parse(raw []string) (addresses []*netmail.Address, wrong int) {
	for _, text := range raw {
		address, err := netmail.ParseAddress(text)
		if err != nil {
			wrong++
			continue
		}
		address.Name = clean(address.Name)
		addresses = append(addresses, address)
	}
	return addresses, wrong
}

// clean makes one line of a text, so that it can begin no other header.
func clean(text string) string {
	oneLine := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Join(strings.Fields(oneLine), " ")
}
