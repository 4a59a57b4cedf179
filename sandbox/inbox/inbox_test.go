package inbox_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
)

const update = "Subject: =?utf-8?q?INC-1_Kasse_gest=C3=B6rt?=\r\n" +
	"Message-ID: <inc-1.1@tocsin.example>\r\n" +
	"From: Tocsin <tocsin@example.com>\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nnext update 10:30 =E2=8F=B0\r\n" +
	"--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+bmV4dDwvYj48c2NyaXB0PmJhZCgpPC9zY3JpcHQ+\r\n--b--\r\n"

const reply = "Subject: Re: INC-1\r\nMessage-ID: <inc-1.2@tocsin.example>\r\nIn-Reply-To: <inc-1.1@tocsin.example>\r\n" +
	"References: <inc-1.1@tocsin.example>\r\n\r\nresolved\r\n"

type office struct {
	*inbox.Server
	addr, url string
}

func newOffice(t *testing.T, config inbox.Config) *office {
	t.Helper()
	server, err := inbox.New(config)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		web.Close()
		require.NoError(t, server.Close())
		require.NoError(t, <-served)
	})
	return &office{Server: server, addr: listener.Addr().String(), url: web.URL}
}

func (o *office) send(message string, to ...string) error {
	return smtp.SendMail(o.addr, nil, "tocsin@example.com", to, []byte(message))
}

func (o *office) get(t *testing.T, method, path string) (int, string) {
	t.Helper()
	return wiretest.Call(t, method, o.url+path, "")
}

func TestMailIsKeptAndRead(t *testing.T) {
	o := newOffice(t, inbox.Config{})
	require.NoError(t, o.send(update, "ops@example.com", "Support@example.com"))

	status, body := o.get(t, http.MethodGet, "/inbox/api/messages?to=support@example.com&subject=kasse")
	require.Equal(t, http.StatusOK, status)
	var list struct{ Messages []inbox.Message }
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	require.Len(t, list.Messages, 1)
	require.Equal(t, "INC-1 Kasse gestört", list.Messages[0].Subject)
	require.Equal(t, []string{"ops@example.com", "Support@example.com"}, list.Messages[0].To)
	require.Empty(t, list.Messages[0].Text, "lists carry no parts")

	status, body = o.get(t, http.MethodGet, "/inbox/api/messages/"+list.Messages[0].ID)
	require.Equal(t, http.StatusOK, status)
	var one inbox.Message
	require.NoError(t, json.Unmarshal([]byte(body), &one))
	require.Equal(t, "next update 10:30 ⏰", one.Text)
	require.Equal(t, "<b>next</b><script>bad()</script>", one.HTML)
	require.Equal(t, "<inc-1.1@tocsin.example>", one.MessageID)
	require.Equal(t, []string{"Tocsin <tocsin@example.com>"}, one.Headers["From"])
}

func TestQueries(t *testing.T) {
	o := newOffice(t, inbox.Config{})
	require.NoError(t, o.send(update, "ops@example.com"))
	later := time.Now()
	require.NoError(t, o.send(reply, "ops@example.com"))
	tests := []struct {
		name  string
		query url.Values
		want  int
	}{
		{"everything", url.Values{}, 2},
		{"another recipient", url.Values{"to": {"nobody@example.com"}}, 0},
		{"subject", url.Values{"subject": {"RE:"}}, 1},
		{"message id", url.Values{"message_id": {"<inc-1.1@tocsin.example>"}}, 1},
		{"since", url.Values{"since": {later.Format(time.RFC3339Nano)}}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, body := o.get(t, http.MethodGet, "/inbox/api/messages?"+tt.query.Encode())
			var list struct{ Messages []inbox.Message }
			require.NoError(t, json.Unmarshal([]byte(body), &list))
			require.Len(t, list.Messages, tt.want)
		})
	}
	status, body := o.get(t, http.MethodGet, "/inbox/api/messages?since=yesterday")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "write since as in")
}

func TestForgetting(t *testing.T) {
	o := newOffice(t, inbox.Config{})
	for range 3 {
		require.NoError(t, o.send(reply, "ops@example.com"))
	}
	status, _ := o.get(t, http.MethodDelete, "/inbox/api/messages/2")
	require.Equal(t, http.StatusNoContent, status)
	status, body := o.get(t, http.MethodDelete, "/inbox/api/messages/2")
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, body, "no such message")
	require.Len(t, o.Messages(inbox.Query{}), 2)
	status, _ = o.get(t, http.MethodDelete, "/inbox/api/messages")
	require.Equal(t, http.StatusNoContent, status)
	require.Empty(t, o.Messages(inbox.Query{}))
}

func TestThreadsAreShownTogether(t *testing.T) {
	o := newOffice(t, inbox.Config{})
	require.NoError(t, o.send(update, "ops@example.com"))
	require.NoError(t, o.send("Subject: lunch\r\n\r\nsoup\r\n", "ops@example.com"))
	require.NoError(t, o.send(reply, "ops@example.com"))

	_, body := o.get(t, http.MethodGet, "/inbox/")
	require.Equal(t, 2, strings.Count(body, `<section class="card">`))
	require.Contains(t, body, "INC-1 Kasse gestört")

	status, body := o.get(t, http.MethodGet, "/inbox/messages/1")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "next update 10:30")
	require.NotContains(t, body, "<script>", "the mail's own HTML stays in its frame")
	_, body = o.get(t, http.MethodGet, "/inbox/messages/1/html")
	require.Contains(t, body, "<b>next</b>")
	status, _ = o.get(t, http.MethodGet, "/inbox/messages/9")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = o.get(t, http.MethodGet, "/inbox/messages/9/html")
	require.Equal(t, http.StatusNotFound, status)
}

func TestRefusalsPass(t *testing.T) {
	o := newOffice(t, inbox.Config{})
	require.NoError(t, o.Faults.Add("data", fault.Status(451).Repeat(2)))
	for range 2 {
		var refusal *textproto.Error
		require.ErrorAs(t, o.send(reply, "ops@example.com"), &refusal)
		require.Equal(t, 451, refusal.Code)
	}
	require.NoError(t, o.send(reply, "ops@example.com"))
	require.Len(t, o.Messages(inbox.Query{}), 1)

	require.NoError(t, o.Faults.Add("rcpt", fault.Fault{Status: 550, Body: "no such user"}))
	require.ErrorContains(t, o.send(reply, "gone@example.com"), "no such user")
}

func TestAnAcceptedMailMayLoseItsAnswer(t *testing.T) {
	o := newOffice(t, inbox.Config{})
	require.NoError(t, o.Faults.Add("data", fault.DropAfter()))
	require.Error(t, o.send(reply, "ops@example.com"))
	require.Len(t, o.Messages(inbox.Query{}), 1)

	require.NoError(t, o.Faults.Add("data", fault.Drop()))
	require.Error(t, o.send(reply, "ops@example.com"))
	require.Len(t, o.Messages(inbox.Query{}), 1)
}

func TestHoldKeepsTheAnswerBack(t *testing.T) {
	o := newOffice(t, inbox.Config{})
	hold, err := o.Faults.Hold("data")
	require.NoError(t, err)
	sent := make(chan error, 1)
	go func() { sent <- o.send(reply, "ops@example.com") }()
	<-hold.Entered()
	require.Len(t, o.Messages(inbox.Query{}), 1)
	require.Empty(t, sent)
	hold.Release()
	require.NoError(t, <-sent)
}

func TestAuthentication(t *testing.T) {
	o := newOffice(t, inbox.Config{Username: "tocsin", Password: "s3cret"})
	require.Error(t, o.send(reply, "ops@example.com"))
	host, _, err := net.SplitHostPort(o.addr)
	require.NoError(t, err)
	wrong := smtp.PlainAuth("", "tocsin", "guess", host)
	require.ErrorContains(t, smtp.SendMail(o.addr, wrong, "a@example.com", []string{"b@example.com"}, []byte(reply)), "535")
	right := smtp.PlainAuth("", "tocsin", "s3cret", host)
	require.NoError(t, smtp.SendMail(o.addr, right, "a@example.com", []string{"b@example.com"}, []byte(reply)))
}

func TestMailSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	o := newOffice(t, inbox.Config{Dir: dir})
	require.NoError(t, o.send(update, "ops@example.com"))
	again := newOffice(t, inbox.Config{Dir: dir})
	require.Len(t, again.Messages(inbox.Query{Subject: "kasse"}), 1)
	require.NoError(t, again.send(reply, "ops@example.com"))
	require.Equal(t, "2", again.Messages(inbox.Query{})[1].ID)
}

func FuzzMessagesAreRead(f *testing.F) {
	f.Add(update)
	f.Add(reply)
	f.Add("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x")
	f.Add("no header at all")
	f.Fuzz(func(_ *testing.T, raw string) { inbox.Read([]byte(raw)) })
}
