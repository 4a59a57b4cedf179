package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/sandbox/phone"
)

// Play plays the demo on a stack whose catalog was hastened, and narrates it.
// It returns an error when a step did not really happen.
func Play(ctx context.Context, s *devstack.Stack, out io.Writer) error {
	p := &play{stack: s, out: out, began: time.Now(), people: map[string]*client.ClientWithResponses{}}
	p.cast()
	for _, scene := range scenes() {
		p.say("\n%s", scene.title)
		if err := scene.act(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", strings.ToLower(scene.title), err)
		}
	}
	p.say("\nDone in %s: alert, pages, escalation, acknowledgement, commander, ticket, rollback, updates, follow-up, closing.", catalog.FormatDuration(time.Since(p.began).Round(time.Second)))
	return nil
}

// play is one performance.
type play struct {
	stack  *devstack.Stack
	out    io.Writer
	began  time.Time
	people map[string]*client.ClientWithResponses
	// Who plays which part follows from the catalog's schedules.
	primary, secondary, commander string
	number                        string
	followUp                      string
}

// cast finds who is on call now.
func (p *play) cast() {
	on := func(schedule string) string {
		for _, duty := range p.stack.Catalog().OnCall(oncall.Target{Schedule: schedule}, time.Now()) {
			return duty.Person
		}
		return ""
	}
	p.primary, p.secondary, p.commander = on("payments/primary"), on("payments/secondary"), on("incident-commanders")
}

func (p *play) say(format string, args ...any) { _, _ = fmt.Fprintf(p.out, format+"\n", args...) }

// see narrates something that was seen from outside.
func (p *play) see(format string, args ...any) {
	at := time.Since(p.began).Seconds()
	p.say("  %5.1f s  "+format, append([]any{at}, args...)...)
}

// as returns the API as one person or machine uses it.
func (p *play) as(who string) *client.ClientWithResponses {
	if c, ok := p.people[who]; ok {
		return c
	}
	c, err := client.New(client.Options{Server: p.stack.URL(), Token: p.stack.Tokens[who], Agent: "tocsin-demo"})
	if err != nil {
		panic(fmt.Sprintf("demo: %v", err)) // the address is our own: cannot happen
	}
	p.people[who] = c
	return c
}

// patience is how long a step may take to be seen.
const patience = 30 * time.Second

// until waits for something to be seen from outside.
func until[T any](ctx context.Context, what string, look func() (T, bool)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if seen, ok := look(); ok {
			return seen, nil
		}
		select {
		case <-ctx.Done():
			var none T
			return none, fmt.Errorf("%s was not seen within %s", what, patience)
		case <-tick.C:
		}
	}
}

// push waits for a push on a person's phone whose text holds words.
func (p *play) push(ctx context.Context, person, words string) (phone.Page, error) {
	return until(ctx, fmt.Sprintf("a push to %s about %q", person, words), func() (phone.Page, bool) {
		for _, page := range p.stack.Sandbox.Phone.Pages(person) {
			if strings.Contains(page.Title+" "+page.Message, words) {
				return page, true
			}
		}
		return phone.Page{}, false
	})
}

// mail waits for a mail to an address whose text holds words.
func (p *play) mail(ctx context.Context, to, words string) (inbox.Message, error) {
	return until(ctx, fmt.Sprintf("a mail to %s with %q", to, words), func() (inbox.Message, bool) {
		for _, m := range p.stack.Sandbox.Inbox.Messages(inbox.Query{To: to}) {
			if full, ok := p.stack.Sandbox.Inbox.Message(m.ID); ok && strings.Contains(full.Text, words) {
				return full, true
			}
		}
		return inbox.Message{}, false
	})
}

// issue waits for a JIRA issue for which fits holds.
func (p *play) issue(ctx context.Context, what string, fits func(*jira.Issue) bool) (*jira.Issue, error) {
	return until(ctx, what, func() (*jira.Issue, bool) {
		for _, i := range p.stack.Sandbox.Jira.Issues() {
			if fits(i) {
				return i, true
			}
		}
		return nil, false
	})
}

// incident waits until the incident, as the API shows it, is as wanted.
func (p *play) incident(ctx context.Context, what string, fits func(*client.Incident) bool) (*client.Incident, error) {
	return until(ctx, what, func() (*client.Incident, bool) {
		answer, err := p.as(p.primary).GetIncidentWithResponse(ctx, p.number)
		if err != nil {
			return nil, false
		}
		return answer.JSON200, fits(answer.JSON200)
	})
}
