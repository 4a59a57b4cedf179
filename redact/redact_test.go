package redact_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/redact"
)

func TestSecretsAreRemoved(t *testing.T) {
	for text, want := range map[string]string{
		"password=hunter2 user=bob":                                                      "password=[redacted] user=bob",
		`{"db_password": "hun\"ter2", "port": 5432}`:                                     `{"db_password": [redacted], "port": 5432}`,
		"API_KEY: abc123":                                                                "API_KEY: [redacted]",
		"Authorization: Bearer abcdefgh12345678":                                         "Authorization: [redacted]",
		"curl -H 'X: Bearer abcdefgh12345678'":                                           "curl -H 'X: Bearer [redacted]'",
		"postgres://tocsin:s3cret@db/x?sslmode=off":                                      "postgres://tocsin:[redacted]@db/x?sslmode=off",
		"redis://:s3cret@cache:6379":                                                     "redis://:[redacted]@cache:6379",
		"id AKIAIOSFODNN7EXAMPLE here":                                                   "id [redacted] here",
		"ghp_0123456789abcdefghij0123456789abcdef x":                                     "[redacted] x",
		"toc_" + strings.Repeat("a", 43):                                                 "[redacted]",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.abc_def-123 end":                      "[redacted] end",
		"a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nxx\n-----END RSA PRIVATE KEY-----\nb": "a\n[redacted]\nb",
		"-----BEGIN PRIVATE KEY-----\nMIIE cut off":                                      "[redacted]",
		"Set-Cookie: sid=abc; Path=/":                                                    "Set-Cookie: [redacted]; Path=/",
		"CUSTOMER-4711 paid":                                                             "[redacted] paid",
	} {
		got, found := redact.Text(text, regexp.MustCompile(`CUSTOMER-\d+`))
		require.Equal(t, want, got)
		require.Positive(t, found, text)
		again, found := redact.Text(got, regexp.MustCompile(`CUSTOMER-\d+`))
		require.Equal(t, got, again)
		require.Zero(t, found, "what was removed is not found again: %s", got)
	}
	for _, plain := range []string{
		"", "pods: 3 of 4 ready", "https://ci.example.org/job/7?x=1", "the token expired", "error 500: basic failure", "secrets are fine",
	} {
		got, found := redact.Text(plain)
		require.Equal(t, plain, got)
		require.Zero(t, found, plain)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	text := strings.Repeat("a line of thirty characters..\n", 10_000) + "the last line"
	short, cut := redact.Cut(text, 3000)
	require.True(t, cut)
	require.LessOrEqual(t, len(short), 3000)
	require.True(t, strings.HasSuffix(short, "\nthe last line"))
	require.Contains(t, short, "..\n[297.1 KB left out]\na line of")
	same, cut := redact.Cut("short", 3000)
	require.Equal(t, "short", same)
	require.False(t, cut)
}

func FuzzText(f *testing.F) {
	f.Add("password: x\n\xff", 20)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		short, _ := redact.Cut(text, 100+limit&0xffff)
		require.LessOrEqual(t, len(short), 100+limit&0xffff)
		require.True(t, utf8.ValidString(short))
		clean, _ := redact.Text(short)
		require.True(t, utf8.ValidString(clean))
	})
}
