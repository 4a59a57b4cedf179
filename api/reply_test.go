package api_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/incident"
)

func TestWhatARepliedTextAsksFor(t *testing.T) {
	for body, want := range map[string][3]string{
		"ack":                               {"acknowledge", "", ""},
		" ACK. ":                            {"acknowledge", "", ""},
		"Acknowledge!":                      {"acknowledge", "", ""},
		"ack 1042":                          {"acknowledge", "INC-1042", ""},
		"Ack #1042":                         {"acknowledge", "INC-1042", ""},
		"ack inc-1042.":                     {"acknowledge", "INC-1042", ""},
		"ACK INC 1042":                      {"acknowledge", "INC-1042", ""},
		"ack: 1042":                         {"acknowledge", "INC-1042", ""},
		"Ack X3f9ab":                        {"acknowledge", "INC-x3f9ab", ""},
		"no":                                {"decline", "", ""},
		"Decline 7":                         {"decline", "INC-7", ""},
		"no 1042 I am on a\nplane":          {"decline", "INC-1042", "I am on a plane"},
		"ack\x00\x00 7\x00":                 {"acknowledge", "INC-7", ""},
		"no 7 a\x00b\x1b":                   {"decline", "INC-7", "a b"},
		"no 7, " + strings.Repeat("ü", 300): {"decline", "INC-7", strings.Repeat("ü", 200)},

		"":               {},
		"ok":             {},
		"acknowledged":   {},
		"ack later":      {},
		"ack 1042 later": {},
		"ack 1042 1043":  {},
		"no idea":        {},
		"nope":           {},
		"1042":           {},
		"please ack":     {},
		"ack 1042abc":    {},
	} {
		command, number, reason := api.ParseReply(body)
		require.Equal(t, want, [3]string{command, number, reason}, "%q", body)
	}
}

func FuzzParseReply(f *testing.F) {
	for _, body := range []string{"ack 1042", "no inc-x3 a\nplane", "ACK\u00a01042", "no 1 \xff\xfe", "ack ٣"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		command, number, reason := api.ParseReply(body)
		switch command {
		case "":
			require.Empty(t, number+reason)
		case incident.AcknowledgeCommand:
			require.Empty(t, reason)
		default:
			require.Equal(t, incident.DeclineCommand, command)
			require.NotContains(t, reason, "\x00", "what cannot be recorded")
			require.LessOrEqual(t, utf8.RuneCountInString(reason), 200)
		}
		if number != "" {
			require.Regexp(t, `^INC-([0-9]{1,18}|x[0-9a-z]{1,39})$`, number)
		}
	})
}
