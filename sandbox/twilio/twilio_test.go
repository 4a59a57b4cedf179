package twilio_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
	"github.com/tocsinhq/tocsin/sandbox/twilio"
)

const alice = "+12025550143"

type network struct {
	*twilio.Server
	url string
}

func newNetwork(t *testing.T, config twilio.Config) *network {
	t.Helper()
	server, err := twilio.New(config)
	require.NoError(t, err)
	return &network{Server: server, url: wiretest.Serve(t, server)}
}

func (n *network) call(t *testing.T, method, path, body string, options ...wiretest.Option) (int, string) {
	t.Helper()
	return wiretest.Call(t, method, n.url+path, body, options...)
}

func signedIn(r *http.Request) {
	wiretest.Form(r)
	r.SetBasicAuth(twilio.DefaultAccountSID, twilio.DefaultAuthToken)
}

const sendPath = "/twilio/2010-04-01/Accounts/" + twilio.DefaultAccountSID + "/Messages.json"

func sms(to string) url.Values {
	return url.Values{"From": {twilio.DefaultNumber}, "To": {to}, "Body": {"INC-1 fails"}}
}

func TestOnlyTheAccountSends(t *testing.T) {
	n := newNetwork(t, twilio.Config{})
	for name, option := range map[string]func(*http.Request){
		"nobody":  wiretest.Form,
		"a guess": func(r *http.Request) { wiretest.Form(r); r.SetBasicAuth(twilio.DefaultAccountSID, "guess") },
	} {
		status, body := n.call(t, http.MethodPost, sendPath, sms(alice).Encode(), option)
		require.Equal(t, http.StatusUnauthorized, status, name)
		require.Contains(t, body, `"code":20003`)
	}
	require.Empty(t, n.Messages(""))
	status, _ := n.call(t, http.MethodPost, sendPath, sms(alice).Encode(), signedIn)
	require.Equal(t, http.StatusCreated, status)
	status, _ = n.call(t, http.MethodPost, strings.Replace(sendPath, "AC5", "AC6", 1), sms(alice).Encode(), signedIn)
	require.Equal(t, http.StatusUnauthorized, status, "another account's")
}

func TestWhatTwilioRefuses(t *testing.T) {
	n := newNetwork(t, twilio.Config{})
	for code, change := range map[string]func(url.Values){
		"21606": func(v url.Values) { v.Set("From", "+12025550999") },
		"21211": func(v url.Values) { v.Set("To", "030 1234") },
		"21614": func(v url.Values) { v.Set("To", "+15005550009") },
		"21602": func(v url.Values) { v.Del("Body") },
		"21617": func(v url.Values) { v.Set("Body", strings.Repeat("x", 1601)) },
		"21609": func(v url.Values) { v.Set("StatusCallback", "ftp://x") },
	} {
		v := sms(alice)
		change(v)
		status, body := n.call(t, http.MethodPost, sendPath, v.Encode(), signedIn)
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, body, `"code":`+code)
	}
	status, body := n.call(t, http.MethodPost, sendPath, "a=%zz", signedIn)
	require.Equal(t, http.StatusBadRequest, status, body)
}

func TestStopAndStart(t *testing.T) {
	n := newNetwork(t, twilio.Config{})
	for text, want := range map[string]int{"stop ": http.StatusBadRequest, "START": http.StatusCreated} {
		_, err := n.Reply(t.Context(), alice, "STOP")
		require.NoError(t, err)
		_, err = n.Reply(t.Context(), alice, text)
		require.NoError(t, err)
		status, _ := n.call(t, http.MethodPost, sendPath, sms(alice).Encode(), signedIn)
		require.Equal(t, want, status, text)
	}
}

func TestAReplyIsAnswered(t *testing.T) {
	var got url.Values
	var signature string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // what is missing is missed below
		got, signature = r.PostForm, r.Header.Get("X-Twilio-Signature")
		_, _ = io.WriteString(w, `<?xml version="1.0"?><Response><Message>INC-1 is yours &amp; nobody else's.</Message></Response>`)
	}))
	defer receiver.Close()
	n := newNetwork(t, twilio.Config{ReplyURL: receiver.URL})
	status, body := n.call(t, http.MethodPost, "/twilio/api/replies", `{"from":"`+alice+`","body":"ack"}`)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"answers":["INC-1 is yours & nobody else's."]}`, body)
	require.Equal(t, "ack", got.Get("Body"))
	require.NotEmpty(t, signature)
	require.Regexp(t, "^SM[0-9a-f]{32}$", got.Get("MessageSid"))
	list := n.Messages(alice)
	require.Len(t, list, 2)
	require.True(t, list[0].Reply)

	status, body = n.call(t, http.MethodGet, "/twilio/", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "nobody else&#39;s")
	status, _ = n.call(t, http.MethodPost, "/twilio/reply", url.Values{"from": {alice}, "body": {"no"}}.Encode(), wiretest.Form)
	require.Equal(t, http.StatusOK, status, "it leads back to the page")
	require.Equal(t, "no", got.Get("Body"))
}

func TestAReplyThatIsNotTaken(t *testing.T) {
	answer := http.StatusForbidden
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answer)
		_, _ = io.WriteString(w, "no TwiML")
	}))
	n := newNetwork(t, twilio.Config{ReplyURL: receiver.URL})
	_, err := n.Reply(t.Context(), alice, "ack")
	require.ErrorContains(t, err, "403")
	answer = http.StatusOK
	_, err = n.Reply(t.Context(), alice, "ack")
	require.ErrorContains(t, err, "no TwiML")
	receiver.Close()
	status, _ := n.call(t, http.MethodPost, "/twilio/api/replies", `{"from":"`+alice+`","body":"ack"}`)
	require.Equal(t, http.StatusBadGateway, status)
}

func TestAReceiptThatIsRefusedDoesNotComeAgain(t *testing.T) {
	statuses := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		statuses <- r.PostFormValue("MessageStatus") + r.PostFormValue("ErrorCode")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer receiver.Close()
	n := newNetwork(t, twilio.Config{})
	status, _ := n.call(t, http.MethodPost, "/twilio/api/phones", `{"number":"`+alice+`","off":true}`)
	require.Equal(t, http.StatusNoContent, status)
	v := sms(alice)
	v.Set("StatusCallback", receiver.URL)
	status, _ = n.call(t, http.MethodPost, sendPath, v.Encode(), signedIn)
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "sent", <-statuses)
	require.Equal(t, "undelivered30003", <-statuses)
	require.Eventually(t, func() bool { return slices.Equal(n.Messages(alice)[0].Receipts, []int{503, 503}) }, 5*time.Second, time.Millisecond)
	_, body := n.call(t, http.MethodGet, "/twilio/", "")
	require.Contains(t, body, "error 30003")
}

func TestFaultsAndForgetting(t *testing.T) {
	n := newNetwork(t, twilio.Config{})
	require.NoError(t, n.Faults.Add("send", fault.Status(http.StatusServiceUnavailable)))
	status, _ := n.call(t, http.MethodPost, sendPath, sms(alice).Encode(), signedIn)
	require.Equal(t, http.StatusServiceUnavailable, status)
	status, _ = n.call(t, http.MethodPost, sendPath, sms(alice).Encode(), signedIn)
	require.Equal(t, http.StatusCreated, status)
	_, body := n.call(t, http.MethodGet, "/twilio/api/messages?number="+url.QueryEscape(alice), "")
	var list struct{ Messages []twilio.Message }
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	require.Len(t, list.Messages, 1)
	status, _ = n.call(t, http.MethodDelete, "/twilio/api/messages", "")
	require.Equal(t, http.StatusNoContent, status)
	require.Empty(t, n.Messages(""))
}

func TestMessagesSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	first := newNetwork(t, twilio.Config{Dir: dir})
	_, err := first.Reply(t.Context(), alice, "STOP")
	require.NoError(t, err)
	first.Close()
	second := newNetwork(t, twilio.Config{Dir: dir})
	require.Len(t, second.Messages(alice), 1)
	status, _ := second.call(t, http.MethodPost, sendPath, sms(alice).Encode(), signedIn)
	require.Equal(t, http.StatusBadRequest, status, "it replied STOP")
}
