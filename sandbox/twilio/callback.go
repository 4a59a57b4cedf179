package twilio

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // It is how Twilio signs.
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxAnswer = 64 << 10

// sign is the value of X-Twilio-Signature for a form posted to an address.
func (s *Server) sign(address string, form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	mac := hmac.New(sha1.New, []byte(s.config.AuthToken))
	mac.Write([]byte(address))
	for _, name := range names {
		mac.Write([]byte(name + form.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// post calls a webhook back, signed.
func (s *Server) post(ctx context.Context, address string, form url.Values) (status int, body []byte, err error) {
	form.Set("AccountSid", s.config.AccountSID)
	form.Set("ApiVersion", "2010-04-01")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	req.Header.Set("X-Twilio-Signature", s.sign(address, form))
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	_ = resp.Body.Close()
	return resp.StatusCode, body, err
}

// deliver brings a message to its phone, and says so to whoever asked.
func (s *Server) deliver(m Message) {
	s.receipt(m, "sent", 0)
	if s.off(m.To) {
		s.receipt(m, "undelivered", 30003)
		return
	}
	s.receipt(m, "delivered", 0)
}

func (s *Server) receipt(m Message, status string, code int) {
	if err := s.change(m.SID, func(m *Message) { m.Status, m.ErrorCode = status, code }); err != nil {
		s.config.Log.Error("the status of an SMS is not kept", "err", err)
	}
	if m.Callback == "" {
		return
	}
	form := url.Values{
		"MessageSid": {m.SID}, "SmsSid": {m.SID}, "MessageStatus": {status}, "SmsStatus": {status}, "From": {m.From}, "To": {m.To},
	}
	if code != 0 {
		form.Set("ErrorCode", strconv.Itoa(code))
	}
	got, _, err := s.post(s.life, m.Callback, form)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		got, _, _ = s.post(s.life, m.Callback, form) // as Twilio does; after an answer it never comes again
	}
	if err := s.change(m.SID, func(m *Message) { m.Receipts = append(m.Receipts, got) }); err != nil {
		s.config.Log.Error("the receipt of an SMS is not kept", "err", err)
	}
}

// Reply sends an SMS from a phone, as its owner would, and returns what it was
// answered with: the texts, which are kept as messages to the phone. It fails
// when the reply was not taken.
func (s *Server) Reply(ctx context.Context, from, body string) ([]string, error) {
	return s.Repeat(ctx, Message{SID: newSID("SM"), From: from, Body: body})
}

// Repeat delivers a reply once more, as Twilio does when it is unsure.
func (s *Server) Repeat(ctx context.Context, m Message) ([]string, error) {
	m.To, m.At, m.Reply = s.config.Number, time.Now(), true
	if err := s.subscribe(m); err != nil {
		return nil, err
	}
	answers, status, err := s.hand(ctx, m)
	m.Status = strconv.Itoa(status)
	if kept := s.keep(m); err == nil {
		err = kept
	}
	for _, text := range answers {
		answer := Message{SID: newSID("SM"), From: m.To, To: m.From, Body: text, At: time.Now(), Status: "delivered"}
		if kept := s.keep(answer); err == nil {
			err = kept
		}
	}
	return answers, err
}

// subscribe takes in the words that Twilio itself listens for.
func (s *Server) subscribe(m Message) error {
	switch strings.ToUpper(strings.TrimSpace(m.Body)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT":
		return s.kept.Change(func(st *state) { st.Stopped[m.From] = true })
	case "START", "YES", "UNSTOP":
		return s.kept.Change(func(st *state) { delete(st.Stopped, m.From) })
	}
	return nil
}

// hand posts a reply and reads the TwiML that answers it.
func (s *Server) hand(ctx context.Context, m Message) (answers []string, status int, err error) {
	if s.config.ReplyURL == "" {
		return nil, 0, nil
	}
	status, body, err := s.post(ctx, s.config.ReplyURL, url.Values{
		"MessageSid": {m.SID}, "SmsSid": {m.SID}, "SmsMessageSid": {m.SID}, "From": {m.From}, "To": {m.To}, "Body": {m.Body},
		"NumMedia": {"0"}, "NumSegments": {"1"},
	})
	if err != nil {
		return nil, 0, err
	}
	if status != http.StatusOK {
		return nil, status, fmt.Errorf("the reply was answered with %d", status)
	}
	var twiml struct {
		XMLName  xml.Name `xml:"Response"`
		Messages []string `xml:"Message"`
	}
	if err := xml.Unmarshal(body, &twiml); err != nil {
		return nil, status, fmt.Errorf("the reply was answered with what is no TwiML: %w", err)
	}
	return twiml.Messages, status, nil
}
