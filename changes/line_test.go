package changes_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/changes"
)

func TestTheFirstLineThatShowsAnythingIsTaken(t *testing.T) {
	for text, want := range map[string]string{
		"release 2\nby alice": "release 2", " \r\n\u200b\n release\t3 ": "release3", "1.42\u202e) by alice": "1.42) by alice",
		"a\xffb\u2028c": "abc", "\x1b[31mred": "[31mred", "0123456789 0123456789": "0123456789 0123", "": "", "\u00e4\u00f6": "\u00e4\u00f6",
	} {
		require.Equal(t, want, changes.Line(text, 15), "%q", text)
	}
}

func TestALinkLeadsToAWebPage(t *testing.T) {
	for address, want := range map[string]bool{
		"https://ci.example.org/runs/1": true, "http://ci": true,
		"": false, "https://": false, "https:///runs/1": false, "https://ci.example.org/%zz": false, "javascript:alert(1)": false,
		"https://ci.example.org/\u202e": false, "https://ci.example.org/\xff": false,
	} {
		require.Equal(t, want, changes.Link(address) != "", address)
	}
}
