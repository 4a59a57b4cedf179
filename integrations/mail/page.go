package mail

import (
	"context"
	"fmt"
	"html/template"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/tocsinhq/tocsin/incident"
)

// pageHTML shows a page on a phone: one column, large letters, one button.
const pageHTML = `<!doctype html>
<meta name="viewport" content="width=device-width, initial-scale=1">
<body style="margin:0;padding:16px;font:16px/1.5 sans-serif;color:#111;background:#fff;max-width:40em">
<p style="margin:0;color:#555">{{.Facts}}</p>
<h1 style="margin:4px 0 12px;font-size:22px;line-height:1.3">{{.Title}}</h1>
{{with .AckURL}}<p><a href="{{.}}" style="display:inline-block;padding:14px 28px;border-radius:6px;background:#b3261e;color:#fff;font-size:18px;text-decoration:none">Acknowledge</a></p>
{{end}}{{range .Body}}<p>{{.}}</p>
{{end}}{{range .Links}}<p><a href="{{.URL}}">{{.Title}}</a></p>
{{end}}</body>
`

// Send sends a page or a notice to one address. Its errors are those of
// SendMail and hold no address.
func (s *Sender) Send(ctx context.Context, address string, m incident.Message) error {
	to, _ := parse([]string{address})
	if len(to) == 0 {
		return incident.Errorf(incident.Permanent, "correct the contact method in the catalog: it is no e-mail address")
	}
	html, err := pageAsHTML(m)
	if err != nil {
		return err
	}
	out := s.message(m.Key, to)
	out.Subject(clean(subject(m)))
	if m.Urgent {
		out.SetImportance(gomail.ImportanceHigh)
	}
	out.SetBodyString(gomail.TypeTextPlain, pageAsText(m))
	out.AddAlternativeString(gomail.TypeTextHTML, html)
	return s.deliver(ctx, out, to)
}

func subject(m incident.Message) string {
	if m.Severity == "" {
		return m.Headline()
	}
	return fmt.Sprintf("[%s] %s", m.Severity, m.Headline())
}

func pageAsText(m incident.Message) string {
	var b strings.Builder
	if m.AckURL != "" {
		fmt.Fprintf(&b, "Acknowledge: %s\n\n", m.AckURL)
	}
	fmt.Fprintf(&b, "%s\n%s\n\n%s\n", facts(m), m.Title, strings.TrimRight(m.Body, "\n"))
	for _, l := range m.Links {
		fmt.Fprintf(&b, "\n%s: %s", l.Title, l.URL)
	}
	return b.String()
}

func facts(m incident.Message) string {
	var known []string
	for _, fact := range []string{m.Incident, m.Severity, m.Service} {
		if fact != "" {
			known = append(known, fact)
		}
	}
	return strings.Join(known, " · ")
}

func pageAsHTML(m incident.Message) (string, error) {
	page, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return "", fmt.Errorf("parse the page's template: %w", err)
	}
	var b strings.Builder
	err = page.Execute(&b, struct {
		incident.Message
		Facts string
		Body  []string
	}{m, facts(m), strings.Split(strings.TrimSpace(m.Body), "\n")})
	if err != nil {
		return "", fmt.Errorf("render the page: %w", err)
	}
	return b.String(), nil
}
