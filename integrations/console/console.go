// Package console prints messages, for development: a page that nobody has to
// be woken for.
package console

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// Channel prints messages to a writer, each in one write. It is safe for
// concurrent use.
type Channel struct {
	mu sync.Mutex
	w  io.Writer
}

// New returns a channel that prints to w.
func New(w io.Writer) *Channel { return &Channel{w: w} }

// Send prints a message for the named address. It fails with Unavailable when
// the writer does, or when ctx is done.
func (c *Channel) Send(ctx context.Context, address string, m incident.Message) error {
	if err := ctx.Err(); err != nil {
		return incident.Errorf(incident.Unavailable, "the console was not waited for: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := io.WriteString(c.w, render(address, m)); err != nil {
		return incident.Errorf(incident.Unavailable, "the console cannot be written to")
	}
	return nil
}

func render(address string, m incident.Message) string {
	var b strings.Builder
	kind := "notice"
	switch {
	case m.Urgent:
		kind = "URGENT PAGE"
	case m.AckURL != "":
		kind = "page"
	}
	if address != "" {
		kind += " for " + plain(address)
	}
	fmt.Fprintf(&b, "\n┌─ %s, %s\n", kind, m.At.UTC().Format(time.DateTime+" UTC"))
	facts := []string{m.Incident, m.Severity, m.Service, m.Title}
	line(&b, strings.Join(nonEmpty(facts), "  "))
	for text := range strings.Lines(m.Body) {
		line(&b, text)
	}
	for _, l := range m.Links {
		line(&b, l.Title+": "+l.URL)
	}
	if m.AckURL != "" {
		line(&b, "Acknowledge: "+m.AckURL)
	}
	b.WriteString("└─\n")
	return b.String()
}

func line(b *strings.Builder, text string) {
	b.WriteString("│ " + plain(text) + "\n")
}

// plain takes out what could drive a terminal: messages carry alert text.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, text)
}

func nonEmpty(texts []string) []string {
	var out []string
	for _, text := range texts {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}
