// Package web renders the pages that people look at. It turns what it is given
// into HTML on the server, without scripts, and neither reads nor writes
// anything: who may see a page is decided by whoever serves it.
package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"time"
)

//go:embed templates
var files embed.FS

// Pages renders all pages. It is safe for concurrent use.
type Pages struct {
	templates *template.Template
	policy    string
}

// New reads the templates, which are part of the program.
func New() (*Pages, error) {
	css, err := files.ReadFile("templates/style.css")
	if err != nil {
		return nil, fmt.Errorf("read the style of the pages: %w", err)
	}
	style := template.CSS(css) //nolint:gosec // part of the program
	t, err := template.New("pages").Funcs(template.FuncMap{
		"style":  func() template.CSS { return style },
		"clock":  clock,
		"pieces": pieces,
	}).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	sum := sha256.Sum256(css)
	return &Pages{templates: t, policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}, nil
}

// Policy returns the Content-Security-Policy under which the pages work.
func (p *Pages) Policy() string { return p.policy }

// Acknowledge is the page of an acknowledge link.
type Acknowledge struct {
	Number string
	// Also is how many more incidents the button acknowledges.
	Also int
	// Title and what follows are empty when the incident cannot be read.
	Title     string
	Service   string
	Severity  string
	Phase     string
	Triggered time.Time
	// Name is who will have acknowledged.
	Name string
	// Asks says what the button does where it does not take the incident.
	Asks string
	// Action is where the button posts to; without it there is no button.
	Action string
	// Incident is the address of the incident's page, if it can be shown.
	Incident string
	// Said tells how things stand: already acknowledged, and by whom.
	Said string
	Zone *time.Location
}

// Acknowledge writes the page of an acknowledge link.
func (p *Pages) Acknowledge(w io.Writer, page Acknowledge) error {
	return p.render(w, "acknowledge.html", page)
}

// Message is a page that only says something.
type Message struct {
	Title  string
	Detail string
	Points []string
}

// Message writes a page that only says something.
func (p *Pages) Message(w io.Writer, page Message) error {
	return p.render(w, "message.html", page)
}

// Incident is a plain, read-only page of one incident.
type Incident struct {
	Number   string
	Title    string
	Phase    string
	Severity string
	Service  string
	Team     string
	// Facts are titled answers: holder, commander, impact.
	Facts    []Fact
	Status   string
	NextStep string
	Clocks   []Stamp
	// Measures are the times between clocks, as far as they are known.
	Measures []Fact
	// Gates are what closing waits for, met or not.
	Gates  []Fact
	Alerts []Alert
	// Suspects are changes that may be the cause, the likeliest first.
	Suspects []Suspect
	Links    []Link
	// Outputs are what runs brought to light, the latest first.
	Outputs []Output
	Runs    []Run
	// Questions are those of runbooks that wait for an answer.
	Questions []Question
	Runbooks  []Fact
	Tasks     []Fact
	Timeline  []Entry
	// Earlier says that the timeline has more than is shown.
	Earlier bool
	Zone    *time.Location
}

// Fact is a titled answer.
type Fact struct{ Title, Text string }

// Suspect is a change that may be the cause, and why.
type Suspect struct {
	What, Why string
	At        time.Time
}

// Run is a run of a runbook, with how it stands and what it said last.
type Run struct {
	ID, State, By, Latest string
	At                    time.Time
}

// Output is what a run brought to light.
type Output struct {
	Title, Body string
	At          time.Time
}

// Stamp is a titled time.
type Stamp struct {
	Title string
	At    time.Time
}

// Alert is one alert of an incident.
type Alert struct {
	Name    string
	Summary string
	Firing  bool
	Since   time.Time
}

// Question is what a runbook asks, and how it is answered.
type Question struct {
	Text, How string
	Until     time.Time
	// Calls are the exact calls that it is about.
	Calls []string
}

// Link is a titled address.
type Link struct{ Title, URL string }

// Entry is one line of the timeline.
type Entry struct {
	At        time.Time
	Who       string
	Text      string
	Highlight bool
}

// Incident writes the page of an incident.
func (p *Pages) Incident(w io.Writer, page Incident) error {
	return p.render(w, "incident.html", page)
}

func (p *Pages) render(w io.Writer, name string, data any) error {
	if err := p.templates.ExecuteTemplate(w, name, data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	return nil
}

// clock writes a time with its zone, so that nobody has to guess.
func clock(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "never"
	}
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("Mon 2 Jan 2006 15:04:05 MST")
}

// piece is a part of a text: the number of an incident, or what is between.
type piece struct {
	Text     string
	Incident bool
}

var numbers = regexp.MustCompile(`\bINC-(x[0-9a-f]+|[0-9]+)\b`)

// pieces are the parts of a text in which incidents are linked.
func pieces(text string) (out []piece) {
	end := 0
	for _, at := range numbers.FindAllStringIndex(text, -1) {
		out = append(out, piece{Text: text[end:at[0]]}, piece{Text: text[at[0]:at[1]], Incident: true})
		end = at[1]
	}
	return append(out, piece{Text: text[end:]})
}
