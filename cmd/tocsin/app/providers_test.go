package app_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/integrations/twilio"
	sandbox "github.com/tocsinhq/tocsin/sandbox/twilio"
)

// withSMS sets SMS up, at a provider that is there.
func withSMS(t *testing.T, o *app.Options) {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	atProvider(o, server)
}

// atProvider sets SMS up at a server.
func atProvider(o *app.Options, server *httptest.Server) {
	o.Config.TwilioURL, o.Config.TwilioAccountSID = server.URL+"/twilio", sandbox.DefaultAccountSID
	o.Config.TwilioAuthToken, o.Config.TwilioFrom = sandbox.DefaultAuthToken, sandbox.DefaultNumber
}

// call posts a form as Twilio does and returns what came back.
func call(t *testing.T, o app.Options, token string) (int, string) {
	t.Helper()
	const path = "/v1/webhooks/twilio/sms"
	form := url.Values{
		"AccountSid": {sandbox.DefaultAccountSID}, "MessageSid": {"SM0123456789abcdef0123456789abcdef"}, "From": {"+12025550199"}, "Body": {"ack"},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+o.Config.Listen+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set(twilio.SignatureHeader, twilio.Sign(token, o.Config.PublicURL+path, form))
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestAProcessWithSMSHearsItsWebhooks(t *testing.T) {
	t.Parallel()
	o := options(t, free(t))
	serveTemporal(t, o.Temporal.HostPort)
	withSMS(t, &o)
	o.Config.TwilioSecondAccountSID, o.Config.TwilioSecondFrom = o.Config.TwilioAccountSID, o.Config.TwilioFrom
	o.Config.TwilioSecondAuthToken = "of another region"
	_, ended := starting(t.Context(), t, o)
	require.NoError(t, within(t, ended))
	for _, token := range []string{sandbox.DefaultAuthToken, "of another region"} {
		status, body := call(t, o, token)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, "<Response></Response>", "a stranger is not answered")
	}
	status, body := call(t, o, "guess")
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "TOCSIN_PUBLIC_URL")
}

// TestReadinessDoesNotSpendWhatPagesNeed asks again and again, as anybody may.
func TestReadinessDoesNotSpendWhatPagesNeed(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer provider.Close()
	o := options(t, free(t))
	serveTemporal(t, o.Temporal.HostPort)
	atProvider(&o, provider)
	_, ended := starting(t.Context(), t, o)
	require.NoError(t, within(t, ended))
	for range 20 {
		resp, err := http.Get("http://" + o.Config.Listen + "/readyz")
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		require.Contains(t, string(body), `"name":"twilio","ok":false`)
	}
	require.EqualValues(t, 1, asked.Load())
}

func TestProvidersThatCannotBeSetUpAreNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*app.Config)
		says   string
	}{
		"SMS":         {func(c *app.Config) { c.TwilioFrom = "Tocsin" }, "set up SMS by twilio: correct TOCSIN_TWILIO_FROM"},
		"second SMS":  {func(c *app.Config) { c.TwilioSecondAccountSID = "AC1" }, "set up SMS by twilio-second: correct TOCSIN_TWILIO_SECOND_ACCOUNT_SID"},
		"Pushover":    {func(c *app.Config) { c.PushoverToken, c.PushoverURL = "t", "nowhere" }, "set up Pushover: correct TOCSIN_PUSHOVER_URL"},
		"second push": {func(c *app.Config) { c.NtfyURL, c.NtfySecondURL = "http://localhost", "nowhere" }, "set up the second push server: correct TOCSIN_NTFY_SECOND_URL"},
		"second mail": {func(c *app.Config) {
			c.SMTPAddr, c.SMTPFrom, c.SMTPSecondAddr = "localhost:25", "a@example.org", "nowhere"
		}, "set up the second mail server: correct TOCSIN_SMTP_SECOND_ADDR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t, free(t))
			serveTemporal(t, o.Temporal.HostPort)
			withSMS(t, &o)
			test.change(&o.Config)
			_, ended := starting(t.Context(), t, o)
			require.ErrorContains(t, within(t, ended), test.says)
		})
	}
}
