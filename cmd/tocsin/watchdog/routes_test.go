package watchdog_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/watchdog"
	"github.com/tocsinhq/tocsin/sandbox"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/sandbox/phone"
)

// outside is a sandbox with phones and an inbox, and settings that lead there.
func outside(t *testing.T) (*sandbox.Sandbox, watchdog.Config) {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{Addr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0", Phone: phone.Config{HookSecret: "shared"}})
	require.NoError(t, err)
	s.Start(t.Context())
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, watchdog.Config{
		NtfyURL: s.URL() + "/phone", Topics: "carol, dave", SMTPAddr: s.SMTPAddr(), SMTPTLS: "none",
		SMTPFrom: "watchdog@example.org", MailTo: "carol@example.org", Webhooks: s.URL() + "/phone/hook/ops", WebhookSecret: "shared",
	}
}

func TestTryPagesByEveryRoute(t *testing.T) {
	t.Parallel()
	s, c := outside(t)
	routes, err := watchdog.Routes(c)
	require.NoError(t, err)
	tried := watchdog.Try(t.Context(), "Tocsin", routes)
	require.Equal(t, map[string]error{"push 1": nil, "push 2": nil, "mail 1": nil, "webhook 1": nil}, tried)
	for _, topic := range []string{"carol", "dave"} {
		pages := s.Phone.Pages(topic)
		require.Len(t, pages, 1)
		require.Equal(t, "Watchdog: Test page of the watchdog of Tocsin", pages[0].Title)
		require.Equal(t, 5, pages[0].Priority)
	}
	require.Len(t, s.Phone.Hooks("ops"), 1)
	require.Len(t, s.Inbox.Messages(inbox.Query{To: "carol@example.org"}), 1)
}

func TestTrySaysWhichRouteFails(t *testing.T) {
	t.Parallel()
	_, c := outside(t)
	c.WebhookSecret = "another"
	routes, err := watchdog.Routes(c)
	require.NoError(t, err)
	tried := watchdog.Try(t.Context(), "Tocsin", routes)
	require.NoError(t, tried["push 1"])
	require.Error(t, tried["webhook 1"])
	require.NotContains(t, tried["webhook 1"].Error(), "/phone/hook")
}

func TestRoutesThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		c    watchdog.Config
		want []string
	}{
		"none":              {watchdog.Config{}, []string{"there is no route to anybody: set TOCSIN_WATCHDOG_TOPICS"}},
		"only commas":       {watchdog.Config{Topics: " , "}, []string{"there is no route"}},
		"no push server":    {watchdog.Config{Topics: "carol"}, []string{"TOCSIN_WATCHDOG_TOPICS needs more", "TOCSIN_NTFY_URL"}},
		"no topic":          {watchdog.Config{Topics: "carol,top secret", NtfyURL: "https://x"}, []string{"TOCSIN_WATCHDOG_TOPICS: number 2: must be a topic"}},
		"no mail server":    {watchdog.Config{MailTo: "carol@example.org"}, []string{"TOCSIN_WATCHDOG_MAIL_TO needs more", "TOCSIN_SMTP_ADDR"}},
		"no mail address":   {watchdog.Config{MailTo: "carol"}, []string{"number 1: must be an e-mail address"}},
		"no webhook secret": {watchdog.Config{Webhooks: "https://x/"}, []string{"TOCSIN_WEBHOOK_SECRET"}},
		"all at once":       {watchdog.Config{MailTo: "carol", Webhooks: "x"}, []string{"TOCSIN_WATCHDOG_MAIL_TO", "TOCSIN_WATCHDOG_WEBHOOKS"}},
	} {
		_, err := watchdog.Routes(test.c)
		for _, want := range test.want {
			require.ErrorContains(t, err, want, name)
		}
		require.NotContains(t, err.Error(), "top secret")
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "watchdog.yaml")
	require.NoError(t, os.WriteFile(path, []byte("watchdog_after: 90s\nwatchdog_name: the pager\nwatchdog_topics: a,b\n"), 0o600))
	env := map[string]string{"TOCSIN_WATCHDOG_SECRET": secret, "TOCSIN_WATCHDOG_TOPICS": "carol"}
	c, err := watchdog.LoadConfig(path, func(name string) string { return env[name] })
	require.NoError(t, err)
	require.NoError(t, c.Validate())
	require.Equal(t, watchdog.Config{
		Secret: secret, Listen: "127.0.0.1:8095", After: 90 * time.Second, Again: 10 * time.Minute,
		State: "tocsin-watchdog.json", Name: "the pager", Topics: "carol",
	}, c)

	env["TOCSIN_WATCHDOG_AFTER"] = "three"
	_, err = watchdog.LoadConfig("", func(name string) string { return env[name] })
	require.ErrorContains(t, err, "watchdog_after (TOCSIN_WATCHDOG_AFTER): write a duration such as 3m")
	err = watchdog.Config{Secret: "short", After: -1}.Validate()
	for _, want := range []string{"TOCSIN_WATCHDOG_SECRET to at least 20", "TOCSIN_WATCHDOG_AFTER", "TOCSIN_WATCHDOG_AGAIN", "TOCSIN_WATCHDOG_STATE"} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "short")
}
