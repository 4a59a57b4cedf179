package jira

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

func (w *wiki) inlines(parent ast.Node) string {
	var b strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if sign := styleOf(n); sign != "" {
			b.WriteString(w.styled(n, sign, endsInWord(b.String())))
			continue
		}
		if t, ok := n.(*ast.Text); ok {
			var run string
			run, n = w.text(t)
			b.WriteString(run)
			continue
		}
		b.WriteString(w.inline(n))
	}
	return b.String()
}

func (w *wiki) inline(n ast.Node) string {
	switch n := n.(type) {
	case *ast.String:
		return escape(string(n.Value))
	case *ast.CodeSpan:
		return w.code(n)
	case *ast.Link:
		return w.link(string(n.Destination), n)
	case *ast.Image:
		return w.link(string(n.Destination), n)
	case *ast.AutoLink:
		return w.autoLink(n)
	case *ast.RawHTML:
		return escape(string(n.Segments.Value(w.source)))
	case *east.TaskCheckBox:
		if n.IsChecked {
			return "(/) "
		}
		return `\[ \] `
	default:
		return w.inlines(n)
	}
}

// text renders a run of texts, which the parser splits at every sign that
// could have been markup, and returns the last of them.
func (w *wiki) text(n *ast.Text) (string, ast.Node) {
	var run []byte
	for {
		run = append(run, w.value(n)...)
		next, ok := n.NextSibling().(*ast.Text)
		if !ok || n.HardLineBreak() || n.SoftLineBreak() {
			break
		}
		n = next
	}
	out := escape(string(run))
	switch {
	case n.HardLineBreak():
		return out + `\\ `, n
	case n.SoftLineBreak():
		return out + " ", n
	}
	return out, n
}

func (w *wiki) value(n *ast.Text) []byte {
	value := n.Value(w.source)
	if n.IsRaw() {
		return value
	}
	return util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(value)))
}

func styleOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Emphasis:
		if n.Level > 1 {
			return "*"
		}
		return "_"
	case *east.Strikethrough:
		return "-"
	}
	return ""
}

// styled puts signs around a text. Inside a word the wiki wants them in
// braces.
func (w *wiki) styled(n ast.Node, sign string, inWord bool) string {
	content := strings.TrimSpace(w.inlines(n))
	if content == "" {
		return ""
	}
	if inWord || w.startsInWord(n.NextSibling()) {
		sign = "{" + sign + "}"
	}
	return sign + content + sign
}

func endsInWord(written string) bool {
	r, _ := utf8.DecodeLastRuneInString(written)
	return isWord(r)
}

func (w *wiki) startsInWord(n ast.Node) bool {
	t, ok := n.(*ast.Text)
	if !ok {
		return false
	}
	r, _ := utf8.DecodeRune(t.Value(w.source))
	return isWord(r)
}

func isWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

func (w *wiki) code(n *ast.CodeSpan) string {
	content := strings.TrimSpace(w.inlines(n))
	if content == "" {
		return ""
	}
	// A space keeps braces of the content apart from those of the sign.
	if strings.HasSuffix(content, "}") {
		content += " "
	}
	return "{{" + content + "}}"
}

func (w *wiki) autoLink(n *ast.AutoLink) string {
	url := string(n.URL(w.source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(url), "mailto:") {
		url = "mailto:" + url
	}
	target, ok := safeURL(url)
	if !ok || w.inLink {
		return escape(string(n.Label(w.source)))
	}
	return "[" + target + "]"
}

// link is a link, or the text alone where a link cannot be.
func (w *wiki) link(destination string, n ast.Node) string {
	target, ok := safeURL(destination)
	if !ok || w.inLink {
		return w.inlines(n)
	}
	w.inLink = true
	defer func() { w.inLink = false }()
	label := strings.TrimSpace(w.inlines(n))
	if label == "" {
		return "[" + target + "]"
	}
	return "[" + label + "|" + target + "]"
}
