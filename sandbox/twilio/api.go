package twilio

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

// Twilio's own test numbers.
const (
	noNumber = "+15005550001"
	noMobile = "+15005550009"
)

const (
	maxForm = 64 << 10
	maxText = 1600
)

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// refusal is an error as Twilio answers it.
func refuse(w http.ResponseWriter, status, code int, format string, args ...any) {
	wire.Write(w, status, map[string]any{
		"code": code, "message": fmt.Sprintf(format, args...), "status": status,
		"more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code),
	})
}

// signedIn lets only the account through.
func (s *Server) signedIn(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		fits := subtle.ConstantTimeCompare([]byte(user+" "+password), []byte(s.config.AccountSID+" "+s.config.AuthToken)) == 1
		if !fits || strings.TrimSuffix(r.PathValue("sid"), ".json") != s.config.AccountSID {
			refuse(w, http.StatusUnauthorized, 20003, "Authenticate")
			return
		}
		next(w, r)
	})
}

func (s *Server) showAccount(w http.ResponseWriter, _ *http.Request) {
	wire.Write(w, http.StatusOK, map[string]any{
		"sid": s.config.AccountSID, "friendly_name": "Sandbox", "status": "active", "type": "Full",
		"owner_account_sid": s.config.AccountSID, "subresource_uris": map[string]string{},
		"uri": "/2010-04-01/Accounts/" + s.config.AccountSID + ".json",
	})
}

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, 20001, "The form cannot be read")
		return
	}
	form := r.PostForm
	m := Message{
		SID: newSID("SM"), From: form.Get("From"), To: form.Get("To"), Body: form.Get("Body"), At: time.Now(),
		Status: "queued", Callback: form.Get("StatusCallback"),
	}
	if form.Get("MessagingServiceSid") != "" {
		m.From = s.config.Number
	}
	if code, why := s.check(m); code != 0 {
		refuse(w, http.StatusBadRequest, code, "%s", why)
		return
	}
	if err := s.keep(m); err != nil {
		refuse(w, http.StatusInternalServerError, 20500, "%s", err)
		return
	}
	wire.Write(w, http.StatusCreated, s.onWire(m, form.Get("MessagingServiceSid")))
	s.calls.Go(func() { s.deliver(m) })
}

// check returns Twilio's code for what is wrong with a message, and 0 when
// nothing is.
func (s *Server) check(m Message) (int, string) {
	switch {
	case m.From != s.config.Number:
		return 21606, "The From phone number " + m.From + " is not a valid message-capable number of this account"
	case !e164.MatchString(m.To) || m.To == noNumber:
		return 21211, "The 'To' number " + m.To + " is not a valid phone number."
	case m.To == noMobile:
		return 21614, "'To' number " + m.To + " is not a valid mobile number"
	case s.stopped(m.To):
		return 21610, "Attempt to send to unsubscribed recipient " + m.To
	case m.Body == "":
		return 21602, "Message body is required."
	case len([]rune(m.Body)) > maxText:
		return 21617, "The concatenated message body exceeds the 1600 character limit"
	case m.Callback != "" && !callable(m.Callback):
		return 21609, "The StatusCallback URL " + m.Callback + " is not a valid URL."
	}
	return 0, ""
}

func (s *Server) onWire(m Message, service string) map[string]any {
	at := m.At.UTC().Format(time.RFC1123Z)
	out := map[string]any{
		"sid": m.SID, "account_sid": s.config.AccountSID, "api_version": "2010-04-01", "body": m.Body, "from": m.From,
		"to": m.To, "date_created": at, "date_updated": at, "date_sent": nil, "direction": "outbound-api",
		"error_code": nil, "error_message": nil, "messaging_service_sid": nil, "num_media": "0", "num_segments": "1",
		"price": nil, "price_unit": "USD", "status": m.Status, "subresource_uris": map[string]string{},
		"uri": "/2010-04-01/Accounts/" + s.config.AccountSID + "/Messages/" + m.SID + ".json",
	}
	if service != "" {
		out["messaging_service_sid"] = service
	}
	return out
}

// callable reports whether Twilio would call an address back: one with a host
// that the outside can know. Addresses of this machine by number pass, since
// the sandbox runs there.
func callable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.Hostname() != "localhost" && !strings.Contains(u.Hostname(), "_")
}
