package mail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/mail"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
)

func update() incident.Mail {
	return incident.Mail{
		Key: "INC-1042/update/2/managers", Thread: "INC-1042/update/1/managers",
		To:      []string{"managers@example.com", "Support <support@example.com>"},
		Subject: "INC-1042 Checkout fails für Kunden",
		Text:    "What happens: checkout fails.\nNext update: 04:00 UTC.\n.\n-- \nTocsin", HTML: "<p>What happens: checkout fails.</p>",
	}
}

func TestUpdate(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{}, nil)
	sender := newSender(t, addr, nil)
	first := update()
	first.Key = first.Thread
	require.NoError(t, sender.SendMail(t.Context(), first))
	require.NoError(t, sender.SendMail(t.Context(), update()))
	got := box.Messages(inbox.Query{})
	require.Len(t, got, 2)

	require.Equal(t, "INC-1042 Checkout fails für Kunden", got[0].Subject)
	require.Empty(t, got[0].InReplyTo)
	require.Equal(t, "Re: INC-1042 Checkout fails für Kunden", got[1].Subject)
	require.Equal(t, got[0].MessageID, got[1].InReplyTo)
	require.Equal(t, []string{got[0].MessageID}, got[1].References)
	require.NotEqual(t, got[0].MessageID, got[1].MessageID)
	require.Regexp(t, `^<[0-9a-f]{32}@example\.com>$`, got[0].MessageID)
	require.Equal(t, "tocsin@example.com", got[0].From)
	require.Equal(t, []string{"managers@example.com", "support@example.com"}, got[0].To)
	require.Equal(t, update().Text, strings.TrimRight(strings.ReplaceAll(got[0].Text, "\r\n", "\n"), "\n"))
	require.Contains(t, got[0].HTML, "<p>What happens: checkout fails.</p>")

	headers := got[0].Headers
	require.Equal(t, []string{"auto-generated"}, headers["Auto-Submitted"])
	require.Equal(t, []string{"Tocsin status updates <status-updates.example.com>"}, headers["List-Id"])
	require.Equal(t, []string{`"Tocsin" <tocsin@example.com>`}, headers["From"])
	require.Equal(t, []string{`<managers@example.com>, "Support" <support@example.com>`}, headers["To"])
	require.Contains(t, headers["Content-Type"][0], "multipart/alternative")
	require.Len(t, headers["Date"], 1)
}

func TestRepeatHasTheSameMessageID(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{}, nil)
	sender := newSender(t, addr, func(c *mail.Config) { c.Domain = "mail.example.org" })
	for range 2 {
		require.NoError(t, sender.SendMail(t.Context(), update()))
	}
	got := box.Messages(inbox.Query{})
	require.Len(t, got, 2)
	require.Equal(t, got[0].MessageID, got[1].MessageID)
	require.Contains(t, got[0].MessageID, "@mail.example.org>")
}

func TestTextAlone(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{}, nil)
	m := update()
	m.HTML, m.Subject = "", "Re: already an answer"
	require.NoError(t, newSender(t, addr, nil).SendMail(t.Context(), m))
	got := box.Messages(inbox.Query{})[0]
	require.Equal(t, "Re: already an answer", got.Subject)
	require.Contains(t, got.Headers["Content-Type"][0], "text/plain")
}

func TestPage(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{}, nil)
	m := channeltest.Message()
	m.Title, m.Body = "Checkout <script>", "On call for shop & co.\nError rate 48%."
	m.Links = append(m.Links, incident.MessageLink{Title: "bad", URL: "javascript:alert(1)"})
	require.NoError(t, newSender(t, addr, nil).Send(t.Context(), "alice@example.com", m))
	got := box.Messages(inbox.Query{To: "alice@example.com"})
	require.Len(t, got, 1)
	require.Equal(t, "[SEV1] INC-1042 Checkout <script>", got[0].Subject)
	require.Equal(t, []string{"alice@example.com"}, got[0].To)
	require.Equal(t, []string{"high"}, got[0].Headers["Importance"])
	require.Equal(t, []string{"auto-generated"}, got[0].Headers["Auto-Submitted"])
	require.Empty(t, got[0].Headers["List-Id"])
	text := strings.ReplaceAll(got[0].Text, "\r\n", "\n")
	require.True(t, strings.HasPrefix(text, "Acknowledge: https://tocsin.example.com/ack/opaque-ack-token\n\nINC-1042 · SEV1 · checkout\n"), text)
	require.Contains(t, text, "Dashboard: https://graphs.example.com/d/checkout?from=now-1h&to=now")
	html := got[0].HTML
	require.Contains(t, html, `<a href="https://tocsin.example.com/ack/opaque-ack-token" style=`)
	require.Contains(t, html, `name="viewport"`)
	require.Contains(t, html, "Checkout &lt;script&gt;")
	require.Contains(t, html, "<p>On call for shop &amp; co.</p>\n<p>Error rate 48%.</p>")
	require.NotContains(t, html, "javascript:")
}

func TestNotice(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{}, nil)
	require.NoError(t, newSender(t, addr, nil).Send(t.Context(), "alice@example.com",
		incident.Message{Key: "k", Incident: "INC-7", Title: "Acknowledged by bob"}))
	got := box.Messages(inbox.Query{})[0]
	require.Equal(t, "INC-7 Acknowledged by bob", got.Subject)
	require.NotContains(t, got.Text+got.HTML, "Acknowledge:")
	require.Empty(t, got.Headers["Importance"])
}

func TestNoHeaderCanBeInjected(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{}, nil)
	sender := newSender(t, addr, nil)
	m := update()
	m.Subject = "a\r\nBcc: eve@example.com\r\n\r\nbody\u2028x\x00" + strings.Repeat(" long ü", 60)
	m.Key, m.Thread = "k\r\nX-Evil: 1", "t\r\nX-Evil: 1"
	m.To = []string{"\"A\r\nX-Evil: 1\" <managers@example.com>", "\"=?utf-8?q?a=0D=0AX-Evil:_1?=\" <support@example.com>", "ok@example.com"}
	_ = sender.SendMail(t.Context(), m)
	page := channeltest.Message()
	page.Title = "a\nX-Evil: 1"
	require.NoError(t, sender.Send(t.Context(), "alice@example.com", page))
	got := box.Messages(inbox.Query{})
	require.Len(t, got, 2)
	for _, m := range got {
		require.NotContains(t, m.Headers, "X-Evil")
		require.NotContains(t, m.Headers, "Bcc")
		require.NotContains(t, m.To, "eve@example.com")
	}
	require.True(t, strings.HasPrefix(got[0].Subject, "Re: a Bcc: eve@example.com body x long ü long ü"), got[0].Subject)
}
