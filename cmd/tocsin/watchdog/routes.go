package watchdog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/mail"
	"github.com/tocsinhq/tocsin/integrations/ntfy"
	"github.com/tocsinhq/tocsin/integrations/webhook"
)

// Channel hands a message over. An error of kind incident.Permanent is not
// tried again, and none names an address.
type Channel interface {
	Send(ctx context.Context, address string, m incident.Message) error
}

// Route is one way to one receiver.
type Route struct {
	// Name tells it from the others without its address: "push 1".
	Name    string
	Channel Channel
	Address string
}

// errNoRoute says that nobody could be paged.
var errNoRoute = errors.New("there is no route to anybody: set TOCSIN_WATCHDOG_TOPICS, TOCSIN_WATCHDOG_MAIL_TO or TOCSIN_WATCHDOG_WEBHOOKS, better two of them")

// Routes makes the routes that are configured: one for each receiver. It fails
// when there is none, or one cannot work, and says what to set.
func Routes(c Config) ([]Route, error) {
	var out []Route
	var problems []error
	for _, kind := range []struct {
		name, checked, setting, to string
		channel                    func() (Channel, error)
	}{
		{"push", "push", "TOCSIN_WATCHDOG_TOPICS", c.Topics, func() (Channel, error) {
			return ntfy.New(ntfy.Config{URL: c.NtfyURL, Token: c.NtfyToken})
		}},
		{"mail", "email", "TOCSIN_WATCHDOG_MAIL_TO", c.MailTo, func() (Channel, error) {
			return mail.New(mail.Config{
				Addr: c.SMTPAddr, TLS: mail.TLSMode(c.SMTPTLS), Username: c.SMTPUsername, Password: c.SMTPPassword, From: c.SMTPFrom,
			})
		}},
		{"webhook", "webhook", "TOCSIN_WATCHDOG_WEBHOOKS", c.Webhooks, func() (Channel, error) {
			return webhook.New(webhook.Config{Secret: c.WebhookSecret})
		}},
	} {
		receivers, err := list(kind.checked, kind.to)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", kind.setting, err))
		}
		if len(receivers) == 0 {
			continue
		}
		channel, err := kind.channel()
		if err != nil {
			problems = append(problems, fmt.Errorf("%s needs more: %w", kind.setting, err))
			continue
		}
		for n, to := range receivers {
			out = append(out, Route{Name: fmt.Sprintf("%s %d", kind.name, n+1), Channel: channel, Address: to})
		}
	}
	if len(out) == 0 && len(problems) == 0 {
		problems = append(problems, errNoRoute)
	}
	return out, errors.Join(problems...)
}

// list splits receivers and holds each against what its kind takes.
func list(kind, text string) ([]string, error) {
	kinds := catalog.ContactKinds()
	check := kinds[slices.IndexFunc(kinds, func(k catalog.ContactKind) bool { return k.Name == kind })].Check
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if err := check(part); err != nil {
			return nil, fmt.Errorf("number %d: %w", len(out)+1, err)
		}
		out = append(out, part)
	}
	return out, nil
}

// sendWithin bounds one try at one route.
const sendWithin = 20 * time.Second

// Try sends one test page by every route and returns what became of each, by
// its name; nil is a success.
func Try(ctx context.Context, name string, routes []Route) map[string]error {
	at := time.Now().UTC()
	m := incident.Message{
		Key: fmt.Sprintf("watchdog/test/%d", at.UnixNano()), Incident: label, Title: "Test page of the watchdog of " + name, Urgent: true, At: at,
		Body: "This is how you would be paged if " + name + " stopped beating. Nothing is wrong and nothing is to be done.",
	}
	out := map[string]error{}
	for _, r := range routes {
		within, cancel := context.WithTimeout(ctx, sendWithin)
		out[r.Name] = r.Channel.Send(within, r.Address, m)
		cancel()
	}
	return out
}
