package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
	"github.com/tocsinhq/tocsin/web"
)

// ShowAcknowledge shows the page with the button. It changes nothing, so that
// a scanner of links cannot acknowledge.
func (s *server) ShowAcknowledge(ctx context.Context, r gen.ShowAcknowledgeRequestObject) (gen.ShowAcknowledgeResponseObject, error) {
	claims, err := s.verify(ctx, r.Token)
	if err != nil {
		return nil, err
	}
	seen := s.glance(ctx, claims.Incident)
	page := s.acknowledgePage(ctx, r.Token, claims, seen)
	page.Said = s.spent(ctx, claims, seen)
	if seen.err != nil || !seen.incident.Phase.Over() || len(claims.Also) > 0 {
		page.Action = "/ack/" + r.Token
	}
	return s.page(http.StatusOK, func(w io.Writer) error { return s.pages.Acknowledge(w, page) }), nil
}

// PostAcknowledge acknowledges as the person to whom the link was sent. It
// needs neither the store nor a worker: an acknowledgement that is left for
// the incident counts from now. What the store says never keeps it from the
// incident, since what is recorded may never have been decided; a page that
// was answered is one command, however often it is given.
func (s *server) PostAcknowledge(ctx context.Context, r gen.PostAcknowledgeRequestObject) (gen.PostAcknowledgeResponseObject, error) {
	claims, err := s.verify(ctx, r.Token)
	if err != nil {
		return nil, err
	}
	seen := s.glance(ctx, claims.Incident)
	page := s.acknowledgePage(ctx, r.Token, claims, seen)
	spent := s.spent(ctx, claims, seen)
	o := order{number: claims.Incident, name: "acknowledge", args: incident.Acknowledge{Page: claims.Page}}
	h := incident.Header{By: incident.Person(claims.Person), Via: incident.ViaLink}
	// Every attempt at a page carries a link of its own: they are one command.
	h.ID = commandID(byLink, h.By, o.name, claims.Page)
	out, err := s.send(ctx, o, h, seen)
	also := s.acknowledgeAlso(ctx, claims)
	ended := incident.KindOf(err) == incident.Refused && spent != ""
	if err != nil && !ended {
		return nil, err
	}
	repeated := err == nil && seen.err == nil && out.Revision <= seen.incident.Revision && out.Text != incident.Accepted
	if ended || (spent != "" && repeated) {
		page.Said = spent + also
		return s.acknowledged(ctx, page, incident.Outcome{
			Number: claims.Incident, Phase: seen.incident.Phase, Holder: seen.incident.Holder,
			Revision: seen.incident.Revision, Text: spent,
		}), nil
	}
	page.Said, page.Phase = fmt.Sprintf("%s: %s.", claims.Incident, out.Text), string(out.Phase)
	if out.Text == incident.Accepted {
		page.Said = fmt.Sprintf("Your acknowledgement of %s counts from now. The incident takes it in as soon as it can.", claims.Incident)
	}
	page.Said += also
	return s.acknowledged(ctx, page, out), nil
}

// ShowLinkedIncident shows the incident to whoever holds a link of it.
func (s *server) ShowLinkedIncident(ctx context.Context, r gen.ShowLinkedIncidentRequestObject) (gen.ShowLinkedIncidentResponseObject, error) {
	claims, err := s.verify(ctx, r.Token)
	if err != nil {
		return nil, err
	}
	return s.incidentPage(ctx, claims.Incident, claims.Person)
}

// verify words what is wrong with a link.
func (s *server) verify(ctx context.Context, token string) (acklink.Claims, error) {
	claims, err := s.Links.Verify(token, s.Now())
	switch {
	case errors.Is(err, acklink.ErrExpired):
		return claims, &incident.Error{
			Kind:    gone,
			Message: fmt.Sprintf("the link of %s expired at %s: use the newest page, or acknowledge with the command line", claims.Incident, claims.Expires.Format("2006-01-02 15:04 MST")),
		}
	case err != nil:
		return claims, incident.Errorf(incident.Forbidden, "the link is not genuine, or was cut on its way: open it from the page itself")
	case !s.present(ctx, incident.Person(claims.Person)):
		return claims, absent(incident.Person(claims.Person))
	}
	return claims, nil
}

// spent says how things stand when the button of a link would do nothing
// more: its page was answered, or the incident is over. It is empty when that
// cannot be found out, since an acknowledgement must not wait for a database.
func (s *server) spent(ctx context.Context, claims acklink.Claims, seen sight) string {
	if seen.err != nil {
		return ""
	}
	i := seen.incident
	if i.Phase.Over() {
		return fmt.Sprintf("%s is %s. There is nothing to acknowledge.", i.Number, i.Phase)
	}
	answered := s.answered(ctx, claims)
	switch {
	case answered.IsZero():
		return ""
	case i.Holder == "" || i.Holder == claims.Person:
		return fmt.Sprintf("You acknowledged this page at %s.", s.clock(ctx, claims.Person, answered))
	}
	return fmt.Sprintf("You acknowledged this page at %s. %s is now held by %s.", s.clock(ctx, claims.Person, answered), i.Number, i.Holder)
}

// answered says when the page of a link was answered by its person.
func (s *server) answered(ctx context.Context, claims acklink.Claims) time.Time {
	ctx, cancel := context.WithTimeout(ctx, glancePatience)
	defer cancel()
	pages, err := s.pagesTo(ctx, claims.Incident, claims.Person)
	n := slices.IndexFunc(pages, func(p incident.Page) bool { return p.Key == claims.Page })
	if err != nil || n < 0 {
		return time.Time{}
	}
	return pages[n].Answered
}

// acknowledged answers a page or a program.
func (s *server) acknowledged(ctx context.Context, page web.Acknowledge, out incident.Outcome) acknowledgement {
	status := http.StatusOK
	if out.Text == incident.Accepted {
		status = http.StatusAccepted
	}
	return acknowledgement{
		json: callerOf(ctx).json, status: status, outcome: out,
		answerPage: s.page(status, func(w io.Writer) error { return s.pages.Acknowledge(w, page) }),
	}
}

// acknowledgePage fills in what can be found out.
func (s *server) acknowledgePage(ctx context.Context, token string, claims acklink.Claims, seen sight) web.Acknowledge {
	name, zone := s.reader(ctx, claims.Person)
	page := web.Acknowledge{Number: claims.Incident, Also: len(claims.Also), Name: name, Zone: zone}
	if seen.err != nil {
		return page
	}
	i := seen.incident
	page.Title, page.Service, page.Severity, page.Phase = i.Title, serviceName(i), string(i.Severity), string(i.Phase)
	page.Asks = i.Asks(claims.Page, claims.Person, s.Now())
	page.Triggered, page.Incident = i.Clocks.Stamps[incident.TriggeredAt], "/ack/"+token+"/incident"
	return page
}

// reader returns the name of a person and the zone in which to show times.
func (s *server) reader(ctx context.Context, person string) (string, *time.Location) {
	c, err := s.Catalogs.Current(ctx)
	if err != nil {
		return person, time.UTC
	}
	p, ok := c.Person(person)
	if !ok || p.Name == "" {
		p.Name = person
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		zone = time.UTC
	}
	return p.Name, zone
}

func (s *server) clock(ctx context.Context, person string, at time.Time) string {
	_, zone := s.reader(ctx, person)
	return at.In(zone).Format("15:04 MST")
}

// acknowledgement is the answer to the button, and to a program that posts.
type acknowledgement struct {
	answerPage
	json    bool
	status  int
	outcome incident.Outcome
}

// VisitPostAcknowledgeResponse writes what the caller reads.
func (a acknowledgement) VisitPostAcknowledgeResponse(w http.ResponseWriter) error {
	if !a.json {
		return a.write(w)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	return json.NewEncoder(w).Encode(a.outcome)
}
