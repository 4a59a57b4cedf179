package activities

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/redact"
)

// What a ticket shows at most: lines of the timeline, the latest outputs, and
// of each so many bytes.
const (
	maxHighlights = 30
	shownOutputs  = 5
	shownOutput   = 2000
)

// clock is how every time is shown: with its zone.
const clock = "2006-01-02 15:04 MST"

func at(t time.Time) string { return t.UTC().Format(clock) }

// updateMail writes a status update for one audience.
func updateMail(o Publication, u incident.StatusUpdate, audience catalog.Audience) incident.Mail {
	thread := fmt.Sprintf("%s/updates/%s", o.Number, audience.ID)
	key := fmt.Sprintf("%s/%d", thread, u.Ordinal)
	if slices.Contains(u.Opens, audience.ID) {
		key = thread
	}
	if audience.External {
		u.Overdue = ""
	}
	text := strings.Join(updateLines(o, u), "\n\n") + "\n"
	return incident.Mail{
		Key: key, Thread: thread, To: []string{audience.Address}, Subject: updateSubject(o),
		Text: text, HTML: paragraphs(text),
	}
}

// updateSubject stays the same over a thread, so that mail readers keep it
// together. It names the service and not the alert, whose words may hold
// hosts and labels.
func updateSubject(o Publication) string {
	return fmt.Sprintf("[%s] Incident in %s", o.Number, o.Service)
}

func updateLines(o Publication, u incident.StatusUpdate) []string {
	lines := []string{fmt.Sprintf("%s, %s, %s. %s", o.Number, cmp.Or(string(o.Severity), "severity unknown"), o.Phase, at(u.At))}
	switch u.Kind {
	case incident.AutomaticUpdate:
		lines = append(lines, automaticLines(u)...)
	case incident.CorrectionUpdate:
		lines = append(lines, "Correction: "+u.What)
	default:
		lines = append(lines, "What happens: "+u.What, "What is being done: "+u.Doing)
	}
	if u.Kind == incident.HumanUpdate || u.Kind == incident.AutomaticUpdate {
		if u.Overdue != "" {
			lines = append(lines, fmt.Sprintf("The time to mitigate (%s) has been over since %s.", u.Overdue, at(u.OverdueSince)))
		}
		lines = append(lines, estimate(u), "Next update: "+at(u.Next))
	}
	return lines
}

func automaticLines(u incident.StatusUpdate) []string {
	late := ""
	if u.Late {
		late = " This update is late."
	}
	if u.Written.IsZero() {
		return []string{"Automatic update: nobody has written an update yet." + late}
	}
	return []string{
		fmt.Sprintf("Automatic update: nobody has written since %s.%s The last words were:", at(u.Written), late),
		"What happens: " + u.What, "What is being done: " + u.Doing,
	}
}

func estimate(u incident.StatusUpdate) string {
	switch {
	case u.Estimate.IsZero():
		return "Estimate: unknown"
	case u.Estimate.Before(u.At):
		return "Estimate: " + at(u.Estimate) + " was missed"
	case u.Kind == incident.AutomaticUpdate:
		return fmt.Sprintf("Estimate (of %s): %s", at(u.Written), at(u.Estimate))
	}
	return "Estimate: " + at(u.Estimate)
}

func paragraphs(text string) string {
	var out strings.Builder
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		fmt.Fprintf(&out, "<p>%s</p>\n", html.EscapeString(p))
	}
	return out.String()
}

// incidentTicket is what the tracker should show of an incident.
func incidentTicket(r record, links Links) incident.Ticket {
	inc := r.incident
	p := inc.Policy.Ticket
	return incident.Ticket{
		Label: label(inc.Number, ""), Project: p.Project, Type: cmp.Or(p.IssueType, "Incident"),
		Summary: fmt.Sprintf("[%s] %s", inc.Number, inc.Title), Block: ticketBlock(r, links),
		Done: inc.Phase.Over(),
	}
}

// label is unique to a ticket: labels hold no spaces.
func label(number, part string) string {
	return strings.ToLower("tocsin-" + number + part)
}

func ticketBlock(r record, links Links) string {
	inc := r.incident
	var out strings.Builder
	for _, row := range [][2]string{
		{"Incident", fmt.Sprintf("[%s](%s)", inc.Number, links.Incident(inc.Number))},
		{"Severity", severityText(inc)},
		{"Phase", string(inc.Phase)},
		{"Commander", cmp.Or(inc.Roles[incident.Commander], actingText(inc))},
		{"Service", inc.Service},
		{"Hypothesis", inc.Hypothesis},
		{"Root cause", inc.RootCause},
		{"Now", inc.Status},
		{"Next", inc.NextStep},
	} {
		if row[1] != "" {
			fmt.Fprintf(&out, "**%s:** %s\n\n", row[0], row[1])
		}
	}
	for n, s := range inc.Suspects {
		fmt.Fprintf(&out, "- Suspect %d: %s\n", n+1, s)
	}
	for _, f := range inc.FollowUps {
		fmt.Fprintf(&out, "- Follow-up %s (%s, %s): %s\n", f.ID, f.Owner, f.State, f.Title)
	}
	out.WriteString("\n**Timeline**\n\n")
	for _, e := range r.highlights {
		fmt.Fprintf(&out, "- %s %s\n", at(e.Occurred), e.Text)
	}
	for _, o := range r.outputs {
		out.WriteString(outputBlock(o))
	}
	return out.String()
}

// outputBlock is the beginning of an output, word for word.
func outputBlock(o incident.Output) string {
	body, cut := redact.Cut(strings.TrimRight(o.Body, "\n"), shownOutput)
	more := ""
	if cut {
		more = ", in part"
	}
	return fmt.Sprintf("\n**%s** (%s, output %s%s)\n\n%s\n", o.Title, at(o.At), o.ID, more, fenced(body))
}

// fenced is a text as a block of code, whatever fences it holds itself.
func fenced(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "\n" + text + "\n" + fence
}

func severityText(inc *incident.Incident) string {
	if inc.Provisional {
		return string(inc.Severity) + " (provisional)"
	}
	return string(inc.Severity)
}

func actingText(inc *incident.Incident) string {
	if inc.Holder == "" {
		return "nobody yet"
	}
	return inc.Holder + " (acting)"
}

// followUpTicket is what the tracker should show of a follow-up.
func (p *Publisher) followUpTicket(ctx context.Context, inc *incident.Incident, f incident.FollowUp, parent incident.TicketRef) incident.Ticket {
	assignee := ""
	if c, err := p.Pager.Catalogs.Current(ctx); err == nil {
		owner, _ := c.Person(f.Owner)
		assignee = owner.JIRA
	}
	return incident.Ticket{
		Label: label(inc.Number, "-follow-up-"+f.ID), Project: inc.Policy.Ticket.Project, Type: cmp.Or(inc.Policy.Ticket.TaskType, "Task"),
		Summary:  fmt.Sprintf("[%s] %s", inc.Number, f.Title),
		Block:    fmt.Sprintf("Follow-up %s of [%s](%s), owned by %s.\n\nThe incident closes when this is done.\n", f.ID, inc.Number, p.Pager.Links.Incident(inc.Number), f.Owner),
		Priority: string(f.Priority), Due: f.Due, Assignee: assignee, Parent: parent,
	}
}

// IncidentOfLabel returns the number of the incident that a ticket's label
// belongs to.
func IncidentOfLabel(label string) string {
	number, _, _ := strings.Cut(strings.TrimPrefix(label, "tocsin-"), "-follow-up-")
	return strings.ToUpper(number)
}
