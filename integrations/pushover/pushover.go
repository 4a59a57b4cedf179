// Package pushover pushes messages through Pushover. An urgent page is one of
// emergency priority: it rings again and again until somebody acknowledges it
// in the app, which acknowledges the page, or until it is silenced.
package pushover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// DefaultURL is where Pushover itself is.
const DefaultURL = "https://api.pushover.net"

// What Pushover means by priorities, and what it takes.
const (
	emergency  = 2
	normal     = 0
	maxTitle   = 250
	maxMessage = 1024
	maxURL     = 512
	maxLinkFor = 100
)

const (
	// ringEvery is how often an emergency rings: Pushover's shortest.
	ringEvery = 30 * time.Second
	// ringFor is how long it does: Pushover stops after fifty times, and an
	// escalation that still goes on pages anew.
	ringFor = 25 * time.Minute
)

// Config says as which application messages are pushed.
type Config struct {
	// URL is where the API is; empty is DefaultURL.
	URL string
	// Token is the application's.
	Token string
	// Timeout bounds one delivery; zero is 10 seconds.
	Timeout time.Duration
}

// Channel pushes messages to users. It is safe for concurrent use.
type Channel struct {
	base   string
	token  string
	user   *regexp.Regexp
	client *rest.Client
}

// New returns a channel that pushes as config says. It fails with Invalid when
// something of it cannot be right.
func New(config Config) (*Channel, error) {
	if config.URL == "" {
		config.URL = DefaultURL
	}
	base, err := rest.ParseBase(config.URL)
	if err != nil {
		return nil, fmt.Errorf("correct TOCSIN_PUSHOVER_URL: %w", err)
	}
	if config.Token == "" {
		return nil, incident.Errorf(incident.Invalid, "set TOCSIN_PUSHOVER_TOKEN to the token of your Pushover application")
	}
	return &Channel{
		base: strings.TrimRight(base.String(), "/") + "/1", token: config.Token,
		user: regexp.MustCompile(`^[A-Za-z0-9]{30}$`),
		client: rest.New(rest.Config{
			Name: "Pushover", Timeout: config.Timeout, Credentials: "TOCSIN_PUSHOVER_TOKEN", Repairable: true,
			Secrets: []string{config.Token},
		}),
	}, nil
}

// Send pushes a message as Deliver does.
func (c *Channel) Send(ctx context.Context, address string, m incident.Message) error {
	_, err := c.Deliver(ctx, address, m)
	return err
}

// Deliver pushes a message to a user key. What is urgent and wants an answer
// rings, and the HandOver refers to its receipt. Pushover honours no key: a
// repeat is one more push. Its errors are of kind Permanent for a user that
// there is not, and Unavailable for what may go well later, a refused token
// among it: somebody may repair that while the page is tried again. They name
// no user.
func (c *Channel) Deliver(ctx context.Context, user string, m incident.Message) (incident.HandOver, error) {
	if !c.user.MatchString(user) {
		return incident.HandOver{}, incident.Errorf(incident.Permanent,
			"correct the Pushover user key in the catalog: it has 30 letters and digits")
	}
	form := compose(m)
	form.Set("user", user)
	var answer struct {
		Status  int    `json:"status"`
		Receipt string `json:"receipt"`
		Request string `json:"request"`
	}
	if err := c.call(ctx, "/messages.json", m.Key, form, &answer); err != nil {
		return incident.HandOver{}, err
	}
	if answer.Status != 1 {
		return incident.HandOver{}, incident.Errorf(incident.Unavailable, "Pushover confirmed no message, check TOCSIN_PUSHOVER_URL")
	}
	out := incident.HandOver{Provider: "pushover", Reference: answer.Request}
	if answer.Receipt != "" {
		out.Reference, out.Rings = answer.Receipt, true
	}
	return out, nil
}

// Silence cancels an emergency by its receipt. One that was acknowledged, or
// rings no more, is silent already.
func (c *Channel) Silence(ctx context.Context, h incident.HandOver) error {
	var answer struct{}
	err := c.call(ctx, "/receipts/"+url.PathEscape(h.Reference)+"/cancel.json", "", url.Values{}, &answer)
	if status, ok := errors.AsType[*rest.StatusError](err); ok && status.Code == http.StatusNotFound {
		return nil
	}
	return err
}

func compose(m incident.Message) url.Values {
	form := url.Values{
		"title": {cut(m.Headline(), maxTitle)}, "message": {cut(body(m), maxMessage)}, "priority": {strconv.Itoa(normal)},
	}
	if !m.At.IsZero() {
		form.Set("timestamp", strconv.FormatInt(m.At.Unix(), 10))
	}
	link(form, m)
	if m.Urgent && m.AckAction != "" {
		form.Set("priority", strconv.Itoa(emergency))
		form.Set("retry", strconv.Itoa(int(ringEvery.Seconds())))
		form.Set("expire", strconv.Itoa(int(ringFor.Seconds())))
		form.Set("callback", m.AckAction)
		form.Set("tags", m.Incident)
	}
	return form
}

// link adds the address to answer at, or else the first to look at. One that is
// too long, as that of many pages in one, ends the text, whose rest gives way.
func link(form url.Values, m incident.Message) {
	to := incident.MessageLink{Title: "Acknowledge", URL: m.AckURL}
	if m.AckURL == "" && len(m.Links) > 0 {
		to = m.Links[0]
	}
	end := "\n" + to.Title + ": " + to.URL
	room := maxMessage - utf8.RuneCountInString(end)
	switch {
	case to.URL == "":
	case len(to.URL) <= maxURL:
		form.Set("url", to.URL)
		form.Set("url_title", cut(to.Title, maxLinkFor))
	case room > 0:
		form.Set("message", cut(body(m), room)+end)
	}
}

// body names severity and service first: a locked phone shows the beginning.
func body(m incident.Message) string {
	head := strings.TrimSpace(m.Severity + " " + m.Service)
	return strings.TrimSpace(head + "\n" + strings.TrimSpace(m.Body))
}

// cut shortens a text to at most size characters, which is how Pushover counts.
func cut(text string, size int) string {
	if utf8.RuneCountInString(text) <= size {
		return text
	}
	return string([]rune(text)[:size-1]) + "…"
}

func (c *Channel) call(ctx context.Context, path, key string, form url.Values, out any) error {
	form.Set("token", c.token)
	call := rest.Call{Method: http.MethodPost, URL: c.base + path, Body: form}
	if key != "" {
		call.Header = http.Header{"Idempotency-Key": {key}}
	}
	return judge(c.client.JSON(ctx, call, out))
}

// judge says of what was refused whose fault it is. Pushover marks the
// parameter that it does not take.
func judge(err error) error {
	status, ok := errors.AsType[*rest.StatusError](err)
	if !ok {
		return err
	}
	var wrong struct {
		User  string `json:"user"`
		Token string `json:"token"`
	}
	_ = json.Unmarshal(status.Body, &wrong) // what is no JSON marks nothing
	switch {
	case wrong.Token == "invalid":
		return incident.Errorf(incident.Unavailable, "Pushover %w: it does not know the application, check TOCSIN_PUSHOVER_TOKEN", status)
	case wrong.User == "invalid":
		return incident.Errorf(incident.Permanent, "Pushover %w: there is no such user, or no device of theirs: correct the user key in the catalog", status)
	}
	return err
}
