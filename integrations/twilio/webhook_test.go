package twilio_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/twilio"
)

const (
	account  = "AC0123456789abcdef0123456789abcdef"
	address  = "https://tocsin.example.com/v1/webhooks/twilio/sms"
	textSID  = "SM0123456789abcdef0123456789abcdef"
	hookText = "Ack 1042 &+ü\n"
)

// TestSignIsTwilios holds the algorithm against the example that Twilio
// documents.
func TestSignIsTwilios(t *testing.T) {
	form := url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"},
	}
	require.Equal(t, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", twilio.Sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form))
}

func text() url.Values {
	return url.Values{"AccountSid": {account}, "MessageSid": {textSID}, "From": {alice}, "To": {"+12025550100"}, "Body": {hookText}}
}

func signed(form url.Values) twilio.Webhook {
	return twilio.Webhook{URL: address, Signature: twilio.Sign(token, address, form), Body: []byte(form.Encode())}
}

func TestText(t *testing.T) {
	got, err := twilio.Accounts{account: {token}}.Text(signed(text()))
	require.NoError(t, err)
	require.Equal(t, twilio.Text{ID: textSID, From: alice, Body: hookText}, got)
}

// TestPortsInTheAddress signs as Twilio's servers do: some leave the port out,
// some write the one that is understood.
func TestPortsInTheAddress(t *testing.T) {
	const path = "/v1/webhooks/twilio/sms?page=x%2Fy"
	for name, test := range map[string]struct {
		ours, theirs string
		ok           bool
	}{
		"without":           {"https://tocsin.example.com:8443", "https://tocsin.example.com", true},
		"understood":        {"https://tocsin.example.com", "https://tocsin.example.com:443", true},
		"understood, http":  {"http://tocsin.example.com", "http://tocsin.example.com:80", true},
		"IPv6":              {"https://[2001:db8::1]:8443", "https://[2001:db8::1]", true},
		"another":           {"https://tocsin.example.com:8443", "https://tocsin.example.com:9443", false},
		"not the one asked": {"https://tocsin.example.com", "https://tocsin.example.com:8443", false},
		"another scheme":    {"https://tocsin.example.com", "http://tocsin.example.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := twilio.Webhook{URL: test.ours + path, Signature: twilio.Sign(token, test.theirs+path, text()), Body: []byte(text().Encode())}
			_, err := twilio.Accounts{account: {token}}.Text(w)
			require.Equal(t, test.ok, err == nil, "%v", err)
		})
	}
}

func TestAnAccountHasATokenForEachRegion(t *testing.T) {
	accounts := twilio.Accounts{account: {"the-token-of-another-region", token}}
	_, err := accounts.Text(signed(text()))
	require.NoError(t, err)
}

func TestWebhooksThatAreNotGenuine(t *testing.T) {
	other := text()
	other.Set("From", "+12025550199")
	stranger := text()
	stranger.Set("AccountSid", "ACffffffffffffffffffffffffffffffff")
	for name, change := range map[string]func(*twilio.Webhook){
		"unsigned":            func(w *twilio.Webhook) { w.Signature = "" },
		"signed by another":   func(w *twilio.Webhook) { w.Signature = twilio.Sign("guess", address, text()) },
		"with no secret":      func(w *twilio.Webhook) { w.Signature = twilio.Sign("", address, text()) },
		"for another address": func(w *twilio.Webhook) { w.URL += "?page=x" },
		"with another sender": func(w *twilio.Webhook) { w.Body = []byte(other.Encode()) },
		"with more in it":     func(w *twilio.Webhook) { w.Body = append(w.Body, "&Body=ack"...) },
		"of another account":  func(w *twilio.Webhook) { *w = signed(stranger) },
		"of no account":       func(w *twilio.Webhook) { *w = signed(url.Values{"MessageSid": {textSID}}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := signed(text())
			change(&w)
			accounts := twilio.Accounts{account: {token}}
			_, err := accounts.Text(w)
			require.Equal(t, incident.Forbidden, incident.KindOf(err), "%v", err)
			_, err = accounts.Status(w)
			require.Equal(t, incident.Forbidden, incident.KindOf(err), "%v", err)
			require.NotContains(t, err.Error(), token)
			_, err = twilio.Accounts{account: {""}}.Text(w)
			require.Equal(t, incident.Forbidden, incident.KindOf(err), "an account without a token takes nothing")
		})
	}
}

func TestSignedButNoMessage(t *testing.T) {
	accounts := twilio.Accounts{account: {token}}
	for _, missing := range []string{"MessageSid", "From"} {
		form := text()
		form.Del(missing)
		_, err := accounts.Text(signed(form))
		require.Equal(t, incident.Invalid, incident.KindOf(err), missing)
	}
	_, err := accounts.Status(signed(text()))
	require.Equal(t, incident.Invalid, incident.KindOf(err), "it has no status")
	_, err = accounts.Text(twilio.Webhook{Body: []byte("%zz")})
	require.Equal(t, incident.Invalid, incident.KindOf(err))
}

func TestStatusKeepsWhatWasAskedFor(t *testing.T) {
	form := url.Values{"AccountSid": {account}, "MessageSid": {textSID}, "MessageStatus": {"failed"}, "ErrorCode": {"30999"}}
	w := signed(form)
	w.URL = address + "?page=SU5DLTEvYWxlcnQtMS9yMC9sMC9hbGljZS9zbXM"
	w.Signature = twilio.Sign(token, w.URL, form)
	got, err := twilio.Accounts{account: {token}}.Status(w)
	require.NoError(t, err)
	require.Equal(t, twilio.Status{
		Reference: textSID, State: "failed", Page: "INC-1/alert-1/r0/l0/alice/sms", Reason: "the SMS was not delivered: error 30999",
	}, got)

	w.URL = address + "?page=INC-1%2Falert-1"
	w.Signature = twilio.Sign(token, w.URL, form)
	got, err = twilio.Accounts{account: {token}}.Status(w)
	require.NoError(t, err)
	require.Empty(t, got.Page, "no key is read into what is none")
}

func FuzzWebhook(f *testing.F) {
	f.Add(text().Encode(), address, "")
	f.Add("AccountSid="+account+"&MessageSid="+textSID+"&From=1&From=2&From=1", address+"?page=%zz", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
	f.Add("%", "", "\x00")
	f.Fuzz(func(t *testing.T, body, url, signature string) {
		accounts := twilio.Accounts{account: {token}}
		w := twilio.Webhook{URL: url, Signature: signature, Body: []byte(body)}
		_, errText := accounts.Text(w)
		_, errStatus := accounts.Status(w)
		require.Error(t, errText, "nobody guesses a signature")
		require.Error(t, errStatus)
		signed, ok := sign(w)
		if !ok {
			return
		}
		if got, err := accounts.Text(signed); err == nil {
			require.NotEmpty(t, got.ID)
			require.NotEmpty(t, got.From)
		}
		if got, err := accounts.Status(signed); err == nil {
			require.NotEmpty(t, got.State)
		}
	})
}

// sign signs whatever form it is.
func sign(w twilio.Webhook) (twilio.Webhook, bool) {
	form, err := url.ParseQuery(string(w.Body))
	w.Signature = twilio.Sign(token, w.URL, form)
	return w, err == nil
}
