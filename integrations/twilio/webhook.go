package twilio

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // It is how Twilio signs.
	"encoding/base64"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
)

// SignatureHeader carries the signature of a webhook.
const SignatureHeader = "X-Twilio-Signature"

// Accounts are the auth tokens by which webhooks are verified, by the SID of
// their account. One account has a token for each of its regions.
type Accounts map[string][]string

// Webhook is a request of Twilio's as it arrived.
type Webhook struct {
	// URL is the address that Twilio was given, with its query, as people
	// outside write it.
	URL string
	// Signature is the value of SignatureHeader.
	Signature string
	// Body is the form.
	Body []byte
}

// Text is an SMS that came in.
type Text struct {
	// ID is the same for every delivery of it.
	ID string
	// From is the sender's number in E.164.
	From string
	Body string
}

// Status is a receipt: what became of a message that was sent.
type Status struct {
	// Reference is what Deliver returned.
	Reference string
	// State is "delivered", "undelivered", "failed", or one of those before
	// the end.
	State string
	// Reason says in words why it was not delivered.
	Reason string
	// Page is the key of the message, as it stood in the address that was
	// asked to be called.
	Page string
}

// Over reports whether this is the last that will be heard of the message.
func (s Status) Over() bool { return s.State == "delivered" || s.Failed() }

// Failed reports whether the message will never arrive.
func (s Status) Failed() bool { return s.State == "undelivered" || s.State == "failed" }

// writeKey puts a message's key into letters, digits, - and _: of what else may
// stand in a query it is not certain how Twilio signs it.
func writeKey(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

// readKey reads what writeKey wrote; anything else is no key.
func readKey(text string) string {
	key, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(key)
}

var messageSID = regexp.MustCompile(`^(SM|MM)[0-9a-fA-F]{32}$`)

// Text reads an SMS that came in. It fails with Forbidden when the webhook is
// not signed by one of the accounts, and with Invalid when it is no SMS.
func (a Accounts) Text(w Webhook) (Text, error) {
	form, err := a.open(w)
	if err != nil {
		return Text{}, err
	}
	t := Text{ID: form.Get("MessageSid"), From: form.Get("From"), Body: form.Get("Body")}
	if !messageSID.MatchString(t.ID) || t.From == "" {
		return Text{}, incident.Errorf(incident.Invalid, "the webhook is no SMS of Twilio's: MessageSid or From is missing")
	}
	return t, nil
}

// Status reads a receipt. It fails as Text does.
func (a Accounts) Status(w Webhook) (Status, error) {
	form, err := a.open(w)
	if err != nil {
		return Status{}, err
	}
	s := Status{Reference: form.Get("MessageSid"), State: form.Get("MessageStatus")}
	if !messageSID.MatchString(s.Reference) || s.State == "" {
		return Status{}, incident.Errorf(incident.Invalid, "the webhook is no receipt of Twilio's: MessageSid or MessageStatus is missing")
	}
	if u, err := url.Parse(w.URL); err == nil {
		s.Page = readKey(u.Query().Get("page"))
	}
	if s.Failed() {
		s.Reason = "the SMS was not delivered"
		if code, err := strconv.Atoi(form.Get("ErrorCode")); err == nil && code > 0 {
			s.Reason += ": " + explain(code, defaultSettings)
		}
	}
	return s, nil
}

// open returns the form of a webhook that is signed.
func (a Accounts) open(w Webhook) (url.Values, error) {
	form, err := url.ParseQuery(string(w.Body))
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "the webhook's body is no form")
	}
	for _, token := range a[form.Get("AccountSid")] {
		if token != "" && w.signed(token, form) {
			return form, nil
		}
	}
	return nil, incident.Errorf(incident.Forbidden,
		"the webhook's %s is not that of the account for this address: check TOCSIN_TWILIO_AUTH_TOKEN and TOCSIN_PUBLIC_URL", SignatureHeader)
}

// signed reports whether a token signed the form for the webhook's address.
func (w Webhook) signed(token string, form url.Values) bool {
	return slices.ContainsFunc(spellings(w.URL), func(address string) bool {
		return hmac.Equal([]byte(w.Signature), []byte(Sign(token, address, form)))
	})
}

// spellings are the address with its port and without: which one is signed
// differs among Twilio's own servers.
func spellings(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return []string{address}
	}
	scheme := u.Scheme + "://"
	rest, _ := strings.CutPrefix(address, scheme+u.Host)
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	host := strings.TrimSuffix(u.Host, ":"+u.Port())
	return []string{address, scheme + host + rest, scheme + host + ":" + port + rest}
}

// Sign is how Twilio signs a form that it posts to an address: the address
// with its query, then every parameter's name and value by the order of their
// names, under the account's auth token.
func Sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			mac.Write([]byte(name + value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
