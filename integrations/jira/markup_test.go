package jira_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/integrations/jira"
)

func TestMarkup(t *testing.T) {
	tests := map[string]struct{ markdown, want string }{
		"nothing":            {"", ""},
		"paragraphs":         {"one\ntwo\n\nthree", "one two\n\nthree"},
		"hard break":         {"one  \ntwo\\\nthree", `one\\ two\\ three`},
		"headings":           {"# One\n\nTwo\n===\n\n###### Six", "h1. One\n\nh1. Two\n\nh6. Six"},
		"emphasis":           {"**bold** and *slanted* and ~~gone~~", "*bold* and _slanted_ and -gone-"},
		"emphasis in a word": {"un**believ**able", "un{*}believ{*}able"},
		"both":               {"***all***", "_*all*_"},
		"bullets":            {"- a\n- b\n  - c\n    1. d\n- e", "* a\n* b\n** c\n**# d\n* e"},
		"loose bullets":      {"- a\n\n- b\n\n  more", "* a\n* b\nmore"},
		"numbers":            {"3. a\n4. b", "# a\n# b"},
		"tasks":              {"- [x] done\n- [ ] open", "* (/) done\n* \\[ \\] open"},
		"code":               {"run `kubectl get {pods}` now", `run {{kubectl get \{pods\} }} now`},
		"code block":         {"```sh\nls *\n\techo {x}\n```", "{noformat}\nls *\n\techo {x}\n{noformat}"},
		"indented code":      {"    a\n    b", "{noformat}\na\nb\n{noformat}"},
		"code that ends":     {"```\n{noformat} {NoFormat:x}\n```", "{noformat}\n{\u200bnoformat} {\u200bNoFormat:x}\n{noformat}"},
		"unclosed code":      {"```\na", "{noformat}\na\n{noformat}"},
		"quote":              {"> a\n> b\n>\n> > c", "{quote}\na b\n\nc\n{quote}"},
		"rule":               {"a\n\n---\n\nb", "a\n\n----\n\nb"},
		"table": {
			"| a | b |\n|---|---|\n| 1 \\| 2 | **x** |\n| | y |",
			"|| a || b ||\n| 1 \\| 2 | *x* |\n|  | y |",
		},
		"link":               {"[the *graph*](https://g.example.com/d?a=b&c=[d])", "[the _graph_|https://g.example.com/d?a=b&c=%5Bd%5D]"},
		"link with a bar":    {"[a|b](<https://x.example.com/ |y>)", `[a\|b|https://x.example.com/%20%7Cy]`},
		"address":            {"see https://x.example.com/a_b, or <mailto:a@b.c>", "see [https://x.example.com/a_b], or [mailto:a@b.c]"},
		"mail address":       {"<ops@example.com>", "[mailto:ops@example.com]"},
		"script":             {"[click](javascript:alert(1)) [file](file:///etc/passwd) [rel](/x)", "click file rel"},
		"picture":            {"![a graph](https://x.example.com/g.png)", "[a graph|https://x.example.com/g.png]"},
		"picture in a link":  {"[![badge](https://x.example.com/b.png)](https://x.example.com)", "[badge|https://x.example.com]"},
		"empty link":         {"[](https://x.example.com)", "[https://x.example.com]"},
		"entities":           {"&lt;b&gt; &copy; &#33;", `<b> © \!`},
		"HTML":               {"<b>x</b>\n\n<div>\n{color:red}\n</div>", "<b>x</b>\n\n<div>\n\\{color:red\\}\n</div>"},
		"macros":             {"{code}{color:red}x{color}", `\{code\}\{color:red\}x\{color\}`},
		"mention":            {`\[~accountid:1\] [^file] !pic.png!`, `\[\~accountid:1\] \[\^file\] \!pic.png\!`},
		"signs in words":     {"job_name web-1 a+b snake_case_", `job_name web-1 a+b snake_case\_`},
		"signs between":      {"a - b -- c _x +y+ ??z??", `a \- b \-\- c \_x \+y\+ \?\?z\?\?`},
		"pictures":           {"(x) (!) f(x) (on) (much longer text)", `\(x) \(\!) f\(x) \(on) (much longer text)`},
		"backslash":          {`C:\temp \\server`, `C:&#92;temp &#92;server`},
		"escaped by hand":    {`\*not bold\*`, `\*not bold\*`},
		"an entity in text":  {`&amp;#92; a & b`, `&amp;#92; a & b`},
		"heading in text":    {"h1. no\n\nbq. no\n\n\\# no", "h1&#46; no\n\nbq&#46; no\n\n\\# no"},
		"bars":               {"|| no || a | b", `\|\| no \|\| a \| b`},
		"control characters": {"a\x1b[2Jb\x07", `a\[2Jb`},
		"not UTF-8":          {"a\xffb", "a\uFFFDb"},
		"carriage returns":   {"a\r\n\r\n- b\r\n", "a\n\n* b"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, jira.Markup(tt.markdown))
		})
	}
}

func TestMarkupOfDeepNesting(t *testing.T) {
	require.Contains(t, jira.Markup(strings.Repeat("- ", 500)+"deep"), "****** deep")
	require.Contains(t, jira.Markup(strings.Repeat("> ", 500)+"deep"), "{quote}\ndeep\n{quote}")
}

// FuzzMarkup holds that no text becomes a macro, a mention, a picture or a
// link that the Markdown did not ask for.
func FuzzMarkup(f *testing.F) {
	for _, seed := range []string{
		"# h\n\n- a\n  - b\n\n> q\n\n```\n{noformat}\n```\n\n|a|b|\n|-|-|\n|1|2|", "`{x}`", "**a**b ~~c~~",
		`\{code} [a](http://x/|}) <http://x{> ![](https://!)`, "{quote}", "{{x}}", "h1. x", "a\\\nb", "&#123;x&#125;",
		"{noformat{noformat}", "`{noformat}`", "<div>{html}</div>", "*a*{b}", "- [ ] !x!",
	} {
		f.Add(seed)
	}
	verbatim := regexp.MustCompile(`(?s)\{noformat\}\n.*?\n\{noformat\}`)
	link := regexp.MustCompile(`\[(?:[^\[\]\n]*\|)?(?:http|https|mailto):[^\s\[\]{}|!]*\]`)
	f.Fuzz(func(t *testing.T, markdown string) {
		out := jira.Markup(markdown)
		require.True(t, utf8.ValidString(out))
		rest := verbatim.ReplaceAllString(out, "")
		require.Zero(t, strings.Count(rest, "{quote}")%2)
		for _, own := range []string{`\\ `, `\{`, `\}`, `\[`, `\]`, `\!`, `\~`, `\^`, "{quote}", "{*}", "{_}", "{-}", "{{", "}}"} {
			rest = strings.ReplaceAll(rest, own, "")
		}
		rest = link.ReplaceAllStringFunc(rest, func(string) string { return "" })
		require.NotRegexp(t, `[{}\[\]!~^]`, rest, "of %q came %q", markdown, out)
	})
}
