package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tocsin.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	t.Parallel()
	path := file(t, "listen: 127.0.0.1:9000\nsmtp_from: file@example.org\nconsole: true\n")
	c, err := app.LoadConfig(path, env(map[string]string{"TOCSIN_SMTP_FROM": "env@example.org"}))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9000", c.Listen)
	require.Equal(t, "env@example.org", c.SMTPFrom)
	require.True(t, c.Console)
}

func TestWithoutAnythingItListensOnLoopback(t *testing.T) {
	t.Parallel()
	c, err := app.LoadConfig("", env(nil))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", c.Listen)
}

func TestASecretMayComeFromAFile(t *testing.T) {
	t.Parallel()
	path := file(t, "s3cret\n")
	c, err := app.LoadConfig("", env(map[string]string{"TOCSIN_JIRA_TOKEN_FILE": path, "TOCSIN_JIRA_URL_FILE": path}))
	require.NoError(t, err)
	require.Equal(t, "s3cret", c.JiraToken)
	require.Empty(t, c.JiraURL, "an address is no secret")
}

func TestBadSettingsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		env  map[string]string
		want string
	}{
		"unknown key":    {file: "smtp_adr: x\n", want: `unknown key "smtp_adr"; the keys are database, listen`},
		"not a list":     {file: "- a\n", want: "a list of `key: value` is expected"},
		"not true":       {env: map[string]string{"TOCSIN_CONSOLE": "perhaps"}, want: "console (TOCSIN_CONSOLE)"},
		"no secret file": {env: map[string]string{"TOCSIN_LINK_KEY_FILE": "/nonexistent"}, want: "TOCSIN_LINK_KEY_FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := ""
			if test.file != "" {
				path = file(t, test.file)
			}
			_, err := app.LoadConfig(path, env(test.env))
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err := app.LoadConfig("/nonexistent.yaml", env(nil))
	require.ErrorContains(t, err, "read the configuration")
}

func TestValidateListsEverythingThatIsMissing(t *testing.T) {
	t.Parallel()
	err := app.Config{PublicURL: "tocsin.example.org"}.Validate()
	for _, variable := range []string{"TOCSIN_DATABASE", "TOCSIN_PUBLIC_URL", "TOCSIN_LINK_KEY"} {
		require.ErrorContains(t, err, variable)
	}
	ok := app.Config{Database: "sqlite:x", PublicURL: "https://tocsin.example.org", LinkKey: strings.Repeat("k", 32)}
	require.NoError(t, ok.Validate())
}

func TestEverySettingHasItsOwnName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range app.Settings() {
		require.False(t, seen[s.Env()], s.Env())
		seen[s.Env()] = true
		require.Equal(t, "TOCSIN_"+strings.ToUpper(s.Name), s.Env())
		secret := strings.HasSuffix(s.Name, "token") || strings.HasSuffix(s.Name, "secret") || strings.HasSuffix(s.Name, "password") || strings.HasSuffix(s.Name, "key")
		require.True(t, !secret || s.Secret, "%s may be read from a file", s.Name)
	}
}
