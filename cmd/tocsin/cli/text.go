package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
)

// clean makes one line of a text, without what would move a terminal or have it
// show something else: alerts bring texts of strangers.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case changes.Unseen(r):
			return -1
		}
		return r
	}, strings.TrimRight(text, "\n"))
}

// table aligns rows under a header.
type table struct{ w *tabwriter.Writer }

// newTable begins a table; without a header it has none.
func newTable(out io.Writer, header ...string) table {
	t := table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	if len(header) > 0 {
		t.row(header...)
	}
	return t
}

// row adds a line; an empty cell shows as a dash.
func (t table) row(cells ...string) {
	shown := make([]string, len(cells))
	for i, cell := range cells {
		shown[i] = cmp.Or(clean(cell), "-")
	}
	_, _ = fmt.Fprintln(t.w, strings.Join(shown, "\t"))
}

func (t table) flush() { _ = t.w.Flush() }

func (c *call) table(header ...string) table { return newTable(c.cmd.OutOrStdout(), header...) }

// clock shows times in one zone, and names it.
type clock struct{ zone *time.Location }

// at shows a time, "" when it is none.
func (k clock) at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(k.zone).Format(incident.MomentLayout)
}

// moments are those that the texts of an incident spell.
var moments = regexp.MustCompile(`\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\b`)

// in shows a text with its moments in the zone of all other times.
func (k clock) in(text string) string {
	return moments.ReplaceAllStringFunc(text, func(spelt string) string {
		t, err := time.Parse(incident.MomentLayout, spelt)
		if err != nil {
			return spelt
		}
		return k.at(t)
	})
}

// here is in, and asks for the zone only where it matters.
func (c *call) here(text string) string {
	if !moments.MatchString(text) {
		return text
	}
	return c.clock(c.cmd.Context()).in(text)
}

// clock finds out in which zone the person wants to read times: as told, as
// the catalog says of them, else UTC.
func (c *call) clock(ctx context.Context) clock {
	if c.session.location != nil {
		return clock{c.session.location}
	}
	zone, err := time.LoadLocation(c.ownZone(ctx))
	if err != nil {
		zone = time.UTC
	}
	return clock{zone}
}

// ownZone returns the zone of whoever asks, "" when nobody says.
func (c *call) ownZone(ctx context.Context) string {
	me, _, err := read[client.Me](content(c.GetMe(ctx)))
	if err != nil || me.Kind != "person" {
		return ""
	}
	catalog, _, err := read[client.Catalog](content(c.GetCatalog(ctx)))
	if err != nil {
		return ""
	}
	for _, p := range catalog.People {
		if p.Id == me.Id {
			return p.Zone
		}
	}
	return ""
}

// words joins what is not empty.
func words(separator string, parts ...string) string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	return strings.Join(list, separator)
}
