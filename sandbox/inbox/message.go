package inbox

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// maxParts bounds how deep and wide a message may be before the rest of it is
// left unread.
const maxParts = 50

// Message is a mail as it arrived.
type Message struct {
	ID string `json:"id"`
	// From and To are the addresses of the envelope.
	From       string    `json:"from"`
	To         []string  `json:"to"`
	Subject    string    `json:"subject"`
	MessageID  string    `json:"message_id"`
	InReplyTo  string    `json:"in_reply_to,omitempty"`
	References []string  `json:"references,omitempty"`
	Received   time.Time `json:"received"`
	// Thread is the Message-ID that the thread started with.
	Thread  string              `json:"thread"`
	Headers map[string][]string `json:"headers,omitempty"`
	Text    string              `json:"text,omitempty"`
	HTML    string              `json:"html,omitempty"`
	Raw     []byte              `json:"raw,omitempty"`
}

// Read parses a message as SMTP carries it. It never fails: what cannot be understood is kept as
// the text.
func Read(raw []byte) Message {
	m := Message{Raw: raw}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		m.Text = string(raw)
		return m
	}
	m.Headers = parsed.Header
	m.Subject = decodeWords(parsed.Header.Get("Subject"))
	m.MessageID = parsed.Header.Get("Message-Id")
	m.InReplyTo = parsed.Header.Get("In-Reply-To")
	m.References = strings.Fields(parsed.Header.Get("References"))
	switch {
	case len(m.References) > 0:
		m.Thread = m.References[0]
	case m.InReplyTo != "":
		m.Thread = m.InReplyTo
	default:
		m.Thread = m.MessageID
	}
	left := maxParts
	m.readPart(parsed.Header, parsed.Body, &left)
	return m
}

func decodeWords(text string) string {
	decoded, err := new(mime.WordDecoder).DecodeHeader(text)
	if err != nil {
		return text
	}
	return decoded
}

// header is what the headers of a message and of its parts have in common.
type header interface{ Get(name string) string }

// readPart keeps the first plain text and the first HTML that a part contains.
func (m *Message) readPart(h header, body io.Reader, left *int) {
	if *left--; *left < 0 {
		return
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return
			}
			m.readPart(part.Header, part, left)
		}
	}
	content := decode(h.Get("Content-Transfer-Encoding"), body)
	switch {
	case kind == "text/plain" && m.Text == "":
		m.Text = content
	case kind == "text/html" && m.HTML == "":
		m.HTML = content
	}
}

func decode(encoding string, body io.Reader) string {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return fmt.Sprintf("%s\n[the rest of this part could not be decoded: %v]", content, err)
	}
	return strings.ReplaceAll(string(content), "\r\n", "\n")
}

// summary is the message without its parts, for lists.
func (m Message) summary() Message {
	m.Headers, m.Text, m.HTML, m.Raw = nil, "", "", nil
	return m
}
