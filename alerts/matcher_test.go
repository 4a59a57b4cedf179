package alerts_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
)

func TestMatchersMatch(t *testing.T) {
	labels := map[string]string{"service": "payments", "path": `C:\"x"`, "lines": "a\nb"}
	tests := []struct {
		matcher string
		want    bool
	}{
		{`service="payments"`, true},
		{` service = "payments" `, true},
		{`service=payments`, true},
		{`service="pay"`, false},
		{`service!="payments"`, false},
		{`service!="pay"`, true},
		{`service=~"pay.*"`, true},
		{`service=~"pay"`, false},
		{`service=~"ments"`, false},
		{`service=~pay|payments`, true},
		{`service!~"pay"`, true},
		{`service!~"pay.+"`, false},
		{`missing=""`, true},
		{`missing!=""`, false},
		{`missing=~".*"`, true},
		{`missing=~".+"`, false},
		{`missing!~".+"`, true},
		{`path="C:\\\"x\""`, true},
		{`lines=~"a.b"`, true},
		{`service=~""`, false},
	}
	for _, test := range tests {
		t.Run(test.matcher, func(t *testing.T) {
			m, err := alerts.ParseMatcher(test.matcher)
			require.NoError(t, err)
			require.Equal(t, test.want, m.Match(labels))
			again, err := alerts.ParseMatcher(m.String())
			require.NoError(t, err)
			require.Equal(t, m, again)
		})
	}
}

func TestMatchersMustAllHold(t *testing.T) {
	ms, err := alerts.ParseMatchers([]string{`a="1"`, `b!="2"`})
	require.NoError(t, err)
	require.True(t, ms.Match(map[string]string{"a": "1"}))
	require.False(t, ms.Match(map[string]string{"a": "1", "b": "2"}))
	require.False(t, ms.Match(nil))
	require.True(t, alerts.Matchers{}.Match(nil))
}

func TestParseMatcherRefuses(t *testing.T) {
	tests := map[string]string{
		``:                 `matcher "" must look like label="value", with =, !=, =~ or !~`,
		`service`:          `matcher "service" must look like label="value", with =, !=, =~ or !~`,
		`="x"`:             `matcher "=\"x\"" must look like label="value", with =, !=, =~ or !~`,
		`service=`:         `matcher "service=": value must be in double quotes`,
		`service==x`:       `matcher "service==x": value must be in double quotes`,
		`service=a b`:      `matcher "service=a b": value must be in double quotes`,
		`service='a'`:      `matcher "service='a'": value must be in double quotes`,
		`service="a`:       `matcher "service=\"a": value must end with " and escape " and \ with \`,
		`service="a" x`:    `matcher "service=\"a\" x": value must end with " and escape " and \ with \`,
		`service=~"("`:     "matcher \"service=~\\\"(\\\"\": pattern: error parsing regexp: missing closing ): `(`",
		`service=~"a)|(b"`: "matcher \"service=~\\\"a)|(b\\\"\": pattern: error parsing regexp: unexpected ): `a)|(b`",
		`a="` + strings.Repeat("x", alerts.MaxMatcher) + `"`: `matcher is longer than 1024 bytes`,
	}
	for text, want := range tests {
		t.Run(want, func(t *testing.T) {
			_, err := alerts.ParseMatchers([]string{text})
			require.EqualError(t, err, want)
		})
	}
}

func FuzzParseMatcher(f *testing.F) {
	for _, seed := range []string{`a="b"`, `a=~"b|c"`, `a!~b`, `a!="\xff"`, `a="\u00e9"`} {
		f.Add(seed, "b")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		m, err := alerts.ParseMatcher(text)
		if err != nil {
			return
		}
		labels := map[string]string{"a": value}
		again, err := alerts.ParseMatcher(m.String())
		if len(m.String()) <= alerts.MaxMatcher {
			require.NoError(t, err)
			require.Equal(t, m.Match(labels), again.Match(labels))
		}
	})
}
