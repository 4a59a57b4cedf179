package jira

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// maxListDepth bounds the bullets of a list item; what is nested deeper, as
// no person writes, is put on that level.
const maxListDepth = 6

// Markup renders Markdown, with GitHub's tables, strikethrough and task
// lists, as Jira's wiki markup. Only the Markdown becomes markup: what the
// wiki would take for its own in the text is escaped, HTML is shown as text,
// and links lead to http, https and mailto addresses only.
func Markup(markdown string) string {
	source := []byte(strings.ToValidUTF8(markdown, "\uFFFD"))
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	w := &wiki{source: source}
	return strings.TrimSpace(w.blocks(parser.Parse(text.NewReader(source)), "\n\n"))
}

// wiki renders a parsed document.
type wiki struct {
	source []byte
	// bullets of the list item that is being written.
	bullets string
	inQuote bool
	inLink  bool
}

func (w *wiki) blocks(parent ast.Node, between string) string {
	var out []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if block := w.block(n); block != "" {
			out = append(out, block)
		}
	}
	return strings.Join(out, between)
}

func (w *wiki) block(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Heading:
		return "h" + string(rune('0'+n.Level)) + ". " + w.line(n)
	case *ast.Paragraph, *ast.TextBlock:
		return w.line(n)
	case *ast.ThematicBreak:
		return "----"
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return verbatim(w.rawLines(n))
	case *ast.HTMLBlock:
		return w.html(n)
	case *ast.Blockquote:
		return w.quote(n)
	case *ast.List:
		return w.list(n)
	case *east.Table:
		return w.table(n)
	default:
		return w.blocks(n, "\n\n")
	}
}

// line is the inline content of a block, which starts a line.
func (w *wiki) line(n ast.Node) string { return startOfLine(strings.TrimSpace(w.inlines(n))) }

func (w *wiki) rawLines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		b.Write(segment.Value(w.source))
	}
	return b.String()
}

// verbatim is {noformat}, which only itself can end.
func verbatim(code string) string {
	code = endOfVerbatim().ReplaceAllString(stripControls(code), "{\u200b$1")
	return "{noformat}\n" + strings.TrimRight(code, "\n") + "\n{noformat}"
}

func endOfVerbatim() *regexp.Regexp { return regexp.MustCompile(`(?i)\{(noformat)`) }

func (w *wiki) html(n *ast.HTMLBlock) string {
	raw := w.rawLines(n)
	if n.HasClosure() {
		raw += string(n.ClosureLine.Value(w.source))
	}
	var out []string
	for line := range strings.Lines(raw) {
		if line = startOfLine(escape(strings.TrimSpace(line))); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// quote does not nest: the wiki's own ends at the first mark.
func (w *wiki) quote(n *ast.Blockquote) string {
	if w.inQuote {
		return w.blocks(n, "\n\n")
	}
	w.inQuote = true
	defer func() { w.inQuote = false }()
	return "{quote}\n" + w.blocks(n, "\n\n") + "\n{quote}"
}

func (w *wiki) list(n *ast.List) string {
	outer := w.bullets
	defer func() { w.bullets = outer }()
	if len(outer) < maxListDepth {
		bullet := "*"
		if n.IsOrdered() {
			bullet = "#"
		}
		w.bullets += bullet
	}
	var items []string
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		items = append(items, w.item(item))
	}
	return strings.Join(items, "\n")
}

// item is a list item: an empty line would end the list, so its blocks follow
// each other directly.
func (w *wiki) item(n ast.Node) string {
	content := w.blocks(n, "\n")
	if first := n.FirstChild(); first != nil && first.Kind() == ast.KindList {
		return content
	}
	return strings.TrimSpace(w.bullets + " " + content)
}

func (w *wiki) table(n *east.Table) string {
	var rows []string
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		bar := "|"
		if row.Kind() == east.KindTableHeader {
			bar = "||"
		}
		var b strings.Builder
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			// The wiki drops a cell without content.
			b.WriteString(bar + " " + w.line(cell) + " ")
		}
		rows = append(rows, b.String()+bar)
	}
	return strings.Join(rows, "\n")
}
