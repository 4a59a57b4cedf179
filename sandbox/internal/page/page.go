// Package page gives the sandbox's pages one look: a layout, one style sheet
// and the few functions that their templates share.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"time"
)

//go:embed layout.html style.css
var look embed.FS

// Set is the pages of one part of the sandbox.
type Set struct {
	pages map[string]*template.Template
}

// View is what one page shows. Part is the name of the part in the menu, and
// Refresh the seconds after which the page loads itself again, 0 for never.
type View struct {
	Title   string
	Part    string
	Refresh int
	Data    any
}

// Parse reads every .html file of a folder called templates; each is one page,
// known by its file name, and defines the template "content".
func Parse(files fs.FS) (*Set, error) {
	css, err := look.ReadFile("style.css")
	if err != nil {
		return nil, fmt.Errorf("read the style sheet: %w", err)
	}
	functions := template.FuncMap{
		"when":  When,
		"clock": func(t time.Time) string { return t.Format("15:04:05 MST") },
		//nolint:gosec // The style sheet is part of the program.
		"css": func() template.CSS { return template.CSS(css) },
	}
	layout, err := template.New("layout.html").Funcs(functions).ParseFS(look, "layout.html")
	if err != nil {
		return nil, fmt.Errorf("parse the layout: %w", err)
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list the pages: %w", err)
	}
	set := &Set{pages: map[string]*template.Template{}}
	for _, name := range names {
		base, err := layout.Clone()
		if err == nil {
			_, err = base.ParseFS(files, name)
		}
		if err != nil {
			return nil, fmt.Errorf("parse the page %s: %w", name, err)
		}
		set.pages[name[len("templates/"):]] = base
	}
	return set, nil
}

// Must is a Parse of pages that are part of the program: it panics where they
// cannot be parsed.
func Must(files fs.FS) *Set {
	set, err := Parse(files)
	if err != nil {
		panic(err)
	}
	return set
}

// When is a moment as the pages show it, always with its zone.
func When(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format("2006-01-02 15:04:05 MST")
}

// Write answers with the named page.
func (s *Set) Write(w http.ResponseWriter, name string, status int, view View) {
	var out bytes.Buffer
	tmpl, ok := s.pages[name]
	if !ok {
		http.Error(w, "there is no page "+name, http.StatusInternalServerError)
		return
	}
	if err := tmpl.Execute(&out, view); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-src 'self'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w)
}
