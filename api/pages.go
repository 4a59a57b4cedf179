package api

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/web"
)

// What a page shows at most: the latest of a timeline, and of the outputs.
const (
	shownEntries = 200
	shownOutputs = 20
)

// ShowIncident shows an incident as a page.
func (s *server) ShowIncident(ctx context.Context, r gen.ShowIncidentRequestObject) (gen.ShowIncidentResponseObject, error) {
	return s.incidentPage(ctx, r.Number, callerOf(ctx).identity.token.Owner)
}

// incidentPage renders an incident for a reader.
func (s *server) incidentPage(ctx context.Context, number, reader string) (answerPage, error) {
	i, err := s.read(ctx, number)
	if err != nil {
		return answerPage{}, err
	}
	entries, earlier, err := s.latest(ctx, number)
	if err != nil {
		return answerPage{}, err
	}
	outputs, err := s.Evidence.Outputs(ctx, number, shownOutputs)
	if err != nil {
		return answerPage{}, err
	}
	page := pageOfIncident(i)
	page.Outputs = each(outputs, func(o incident.Output) web.Output {
		return web.Output{Title: o.Title, Body: o.Body, At: o.At}
	})
	page.Gates = each(gatesOf(i, s.Now()), func(g incident.Gate) web.Fact {
		return web.Fact{Title: g.Name, Text: cmp.Or(g.Missing, "met")}
	})
	page.Earlier = earlier
	page.Timeline = each(entries, func(e incident.Entry) web.Entry {
		return web.Entry{At: e.Occurred, Who: e.Actor.ID, Text: e.Text, Highlight: e.Highlight}
	})
	for _, q := range i.Questions {
		if q.Open() {
			page.Questions = append(page.Questions, web.Question{Text: q.Text, How: i.HowToAnswer(q), Until: q.Until, Calls: q.Calls})
		}
	}
	_, page.Zone = s.reader(ctx, reader)
	return s.page(http.StatusOK, func(w io.Writer) error { return s.pages.Incident(w, page) }), nil
}

// latest returns the end of a timeline, and whether there is more before.
func (s *server) latest(ctx context.Context, number string) ([]incident.Entry, bool, error) {
	var all []incident.Entry
	f := store.TimelineFilter{Limit: shownEntries}
	earlier := false
	for {
		part, next, err := s.Store.Timeline(ctx, number, f)
		if err != nil {
			return nil, false, err
		}
		if all = append(all, part...); len(all) > shownEntries {
			all, earlier = all[len(all)-shownEntries:], true
		}
		if len(part) < shownEntries {
			return all, earlier, nil
		}
		f.After = next
	}
}

// runShown shortens the ID of a run to what is its own within its incident.
func runShown(r incident.Run) web.Run {
	state := []string{r.State}
	if r.DryRun {
		state = append(state, "dry run")
	}
	if r.Stuck {
		state = append(state, "stuck: no worker does it")
	}
	_, id, _ := strings.Cut(r.ID, "/runbook/")
	return web.Run{ID: id, State: strings.Join(state, ", "), By: r.By, At: r.Started, Latest: cmp.Or(r.Outcome, r.Latest)}
}

func pageOfIncident(i *incident.Incident) web.Incident {
	page := web.Incident{
		Number: i.Number, Title: i.Title, Phase: string(i.Phase), Severity: string(i.Severity),
		Service: serviceName(i), Team: i.Team, Status: i.Status, NextStep: i.NextStep, Facts: factsOf(i), Measures: measuresShown(i),
		Links: each(i.Links, func(l catalog.Link) web.Link { return web.Link{Title: l.Title, URL: l.URL} }),
		Suspects: each(i.Suspects, func(s incident.Suspect) web.Suspect {
			return web.Suspect{What: s.What, Why: strings.Join(s.Reasons, ", "), At: s.At}
		}),
		Runbooks: each(i.Runbooks, func(b incident.RunbookOffered) web.Fact {
			return web.Fact{Title: b.Name, Text: b.About}
		}),
		Runs: each(i.Runs, runShown),
		Tasks: each(i.FollowUps, func(f incident.FollowUp) web.Fact {
			return web.Fact{Title: f.Title, Text: fmt.Sprintf("%s, %s, due %s", f.State, f.Owner, f.Due.Format("2 Jan 2006"))}
		}),
		Alerts: each(i.Alerts, func(a incident.AlertState) web.Alert {
			return web.Alert{Name: a.Name, Summary: a.Summary, Firing: a.Status == alerts.Firing, Since: a.StartsAt}
		}),
	}
	for _, clock := range []incident.Clock{
		incident.ImpactStarted, incident.TriggeredAt, incident.FirstAck, incident.Contained,
		incident.MitigatedAt, incident.ResolvedAt, incident.ClosedAt,
	} {
		if at, ok := i.Clocks.Stamps[clock]; ok {
			page.Clocks = append(page.Clocks, web.Stamp{Title: words(string(clock)), At: at})
		}
	}
	return page
}

// measuresShown are the measures in words; one that is not known is left out.
func measuresShown(i *incident.Incident) []web.Fact {
	var facts []web.Fact
	show := func(title string, of func() (time.Duration, bool)) {
		if d, known := of(); known {
			facts = append(facts, web.Fact{Title: title, Text: catalog.FormatDuration(d.Round(time.Second))})
		}
	}
	show("To acknowledge (TTA)", i.TTA)
	show("To mitigate, from the first ack (TTM)", i.TTM)
	show("To resolve (TTR)", i.TTR)
	show("From mitigated to resolved", i.MitigatedToResolved)
	return facts
}

func factsOf(i *incident.Incident) []web.Fact {
	facts := []web.Fact{
		{Title: "Holder", Text: cmp.Or(i.Holder, "nobody yet")},
		{Title: "What", Text: i.What},
		{Title: "Hypothesis", Text: i.Hypothesis},
		{Title: "Root cause", Text: i.RootCause},
		{Title: "Degraded", Text: degraded(i)},
		{Title: "Impact", Text: strings.Join(slices.DeleteFunc([]string{
			string(i.Impact.Scope), i.Impact.Users, cannot(i.Impact.Cannot),
		}, func(s string) bool { return s == "" }), ", ")},
		{Title: "Ticket", Text: i.Ticket.Key},
	}
	for _, role := range slices.Sorted(maps.Keys(i.Roles)) {
		facts = append(facts, web.Fact{Title: words(string(role)), Text: i.Roles[role]})
	}
	return slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Text == "" })
}

// cannot says what people cannot do, if it is known.
func cannot(do string) string {
	if do == "" {
		return ""
	}
	return "cannot: " + do
}

// words turns an identifier into what a person reads: first_ack, "First ack".
func words(id string) string {
	text := strings.ReplaceAll(id, "_", " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

func serviceName(i *incident.Incident) string { return cmp.Or(i.Policy.ServiceName, i.Service) }

// answerPage is a page on its way.
type answerPage struct {
	pages  *web.Pages
	status int
	render func(io.Writer) error
}

func (s *server) page(status int, render func(io.Writer) error) answerPage {
	return answerPage{s.pages, status, render}
}

// VisitShowAcknowledgeResponse writes the page.
func (a answerPage) VisitShowAcknowledgeResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitShowLinkedIncidentResponse writes the page.
func (a answerPage) VisitShowLinkedIncidentResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitShowIncidentResponse writes the page.
func (a answerPage) VisitShowIncidentResponse(w http.ResponseWriter) error { return a.write(w) }

func (a answerPage) write(w http.ResponseWriter) error {
	return writePage(w, a.pages, a.status, a.render)
}

// writePage writes a page as a whole or not at all. The address of such a page
// may open something, so that no other site may learn it.
func writePage(w http.ResponseWriter, pages *web.Pages, status int, render func(io.Writer) error) error {
	var page bytes.Buffer
	if err := render(&page); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pages.Policy())
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	_, err := page.WriteTo(w)
	return err
}

// degraded says what runs have left degraded, and until when.
func degraded(i *incident.Incident) string {
	var list []string
	for _, h := range i.Hatches {
		if h.Restored.IsZero() {
			list = append(list, h.What+", expires "+h.Expires.UTC().Format("2 Jan 15:04 MST"))
		}
	}
	return strings.Join(list, "; ")
}
