package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func silenceCommand(s *session) *cobra.Command {
	return group("silence", "Keep alerts from paging for a while", `  tocsin silence preview 'host="db1"' --until 2h
  tocsin silence add 'host="db1"' --until 2h --reason 'The disk is being replaced'
  tocsin silence list`,
		silenceAddCommand(s), silencePreviewCommand(s), silenceListCommand(s), silenceShowCommand(s), silenceEndCommand(s))
}

// silenceFlags are what a silence is ordered by.
type silenceFlags struct {
	order       client.SilenceOrder
	maintenance bool
	days        []string
	between     []string
}

func (f *silenceFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.maintenance, "maintenance", false, "it is for planned work")
	flags.StringVar(&f.order.Service, "service", "", "only alerts that are routed to this service")
	flags.StringVar(&f.order.When, "when", "", "only alerts for which this condition in CEL holds")
	ahead(cmd, &f.order.From, "from", "when it begins; now when missing")
	ahead(cmd, &f.order.Until, "until", "when it ends")
	flags.StringSliceVar(&f.between, "between", nil, "only in this window of local time, as `HH:MM-HH:MM`; repeat it for more")
	flags.StringSliceVar(&f.days, "day", nil, "only in windows that begin on this weekday; repeat it for more")
	flags.StringVar(&f.order.Zone, "windows-in", "", "zone of the windows, such as Europe/Berlin; UTC when missing")
	require(cmd, "until")
}

// complete makes the order of the flags and the matchers.
func (f *silenceFlags) complete(matchers []string) (client.SilenceOrder, error) {
	f.order.Matchers = matchers
	if f.maintenance {
		f.order.Kind = "maintenance"
	}
	if len(f.between) == 0 && len(f.days) > 0 {
		f.order.Recurring = []client.Window{{Days: f.days}}
	}
	for _, text := range f.between {
		from, until, ok := strings.Cut(text, "-")
		if !ok {
			return f.order, misused("--between: %q must look like 22:00-06:00", text)
		}
		f.order.Recurring = append(f.order.Recurring, client.Window{Days: f.days, From: from, Until: until})
	}
	return f.order, nil
}

func silenceAddCommand(s *session) *cobra.Command {
	var f silenceFlags
	cmd := &cobra.Command{
		Use:   "add [MATCHER...]",
		Short: "Keep alerts from paging for a while",
		Long: `Keep alerts from paging for a while. What begins to fire under a silence is
recorded and pages nobody; what still fires when it ends pages then. Incidents
that are open already are left alone. All matchers, the service and the
condition must fit; one of them is needed. The owner is told 15 minutes before
it ends (or a tenth of its length, when that is shorter), and at its end.`,
		Example: `  tocsin silence add 'host="db1"' --until 2h --reason 'The disk is being replaced'
  tocsin silence add --service search --maintenance --from 2026-12-01T00:00:00Z --until 2027-03-01T00:00:00Z --day sunday --between 04:00-06:00 --windows-in Europe/Berlin --reason 'Weekly reindex' --owner carol`,
		Args: between(0, 20),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			order, err := f.complete(args)
			if err != nil {
				return err
			}
			return show(c, c.silenceMade)(content(c.AddSilence(ctx, order)))
		}),
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.order.Reason, "reason", "", "why nobody is to be paged")
	cmd.Flags().StringVar(&f.order.Owner, "owner", "", "who is told before it ends; yourself when missing")
	return require(cmd, "reason")
}

func (c *call) silenceMade(v client.Silence) {
	k := c.clock(c.cmd.Context())
	c.say("%s: %s until %s, owner %s", v.Id, whatOf(v), k.at(v.Until), v.Owner)
}

// whatOf says what a silence keeps from paging, and in which windows.
func whatOf(v client.Silence) string {
	var windows []string
	for _, w := range v.Recurring {
		windows = append(windows, windowText(w))
	}
	return words(", ", v.Scope, words(" ", strings.Join(windows, " and "), when(len(windows) > 0, v.Zone)))
}

func silencePreviewCommand(s *session) *cobra.Command {
	var f silenceFlags
	cmd := &cobra.Command{
		Use:     "preview [MATCHER...]",
		Short:   "Show what a silence would match: firing now, and in the last seven days",
		Example: `  tocsin silence preview 'host="db1"' --until 2h`,
		Args:    between(0, 20),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			order, err := f.complete(args)
			if err != nil {
				return err
			}
			return show(c, c.silenceMatches)(content(c.PreviewSilence(ctx, order)))
		}),
	}
	f.add(cmd)
	return cmd
}

func (c *call) silenceMatches(answer client.SilencePreview) {
	if len(answer.Firing)+len(answer.Seen) == 0 {
		c.tell("nothing of the last seven days fits")
		return
	}
	k := c.clock(c.cmd.Context())
	t := c.table("STATE", "ALERT", "SERVICE", "LAST HEARD OF", "LABELS")
	for _, m := range answer.Firing {
		t.row("firing", m.Alert, m.Service, k.at(m.LastSeen), labelsOf(m.Labels))
	}
	for _, m := range answer.Seen {
		t.row("seen", m.Alert, m.Service, k.at(m.LastSeen), labelsOf(m.Labels))
	}
	t.flush()
	if answer.More > 0 {
		c.tell("and %d more", answer.More)
	}
}

func labelsOf(labels map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "alertname" {
			pairs = append(pairs, fmt.Sprintf("%s=%q", name, labels[name]))
		}
	}
	return strings.Join(pairs, " ")
}

func silenceListCommand(s *session) *cobra.Command {
	var params client.ListSilencesParams
	var p paging
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List silences and maintenance windows by when they end",
		Example: "  tocsin silence list\n  tocsin silence list --owner me --kind maintenance --ended",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return list(ctx, c, p, listing[client.SilenceList, client.Silence]{
				ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
					params.Cursor, params.Limit = cursor, limit
					return c.ListSilences(ctx, &params)
				},
				open:    func(page client.SilenceList) ([]client.Silence, string) { return page.Silences, page.Next },
				columns: silenceColumns(),
			})
		}),
	}
	f := cmd.Flags()
	f.StringVar((*string)(&params.Kind), "kind", "", "only silence or maintenance")
	f.StringVar(&params.Owner, "owner", "", "only those of this person; me is yourself")
	f.BoolVar(&params.All, "ended", false, "also what is over")
	p.addFlags(cmd)
	return cmd
}

func silenceColumns() columns[client.Silence] {
	return columns[client.Silence]{
		header: []string{"ID", "KIND", "STATE", "WHAT", "FROM", "UNTIL", "OWNER", "REASON"},
		row: func(k clock, v client.Silence) []string {
			return []string{v.Id, string(v.Kind), string(v.State), whatOf(v), k.at(v.From), k.at(endOf(v)), v.Owner, v.Reason}
		},
		none: "no silence fits",
	}
}

// endOf is when a silence ends, or was ended by hand.
func endOf(v client.Silence) time.Time {
	if !v.EndedAt.IsZero() {
		return v.EndedAt
	}
	return v.Until
}

func silenceShowCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "show SILENCE-ID",
		Short:   "Show one silence",
		Example: "  tocsin silence show s-4f9a2c71d0",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return show(c, c.silence)(content(c.GetSilence(ctx, args[0])))
		}),
	}
}

func (c *call) silence(v client.Silence) {
	k := c.clock(c.cmd.Context())
	t := c.table()
	t.row("id", v.Id)
	t.row("kind", string(v.Kind))
	t.row("state", string(v.State))
	t.row("what", whatOf(v))
	t.row("from", k.at(v.From))
	t.row("until", k.at(v.Until))
	t.row("reason", v.Reason)
	t.row("owner", v.Owner)
	t.row("made", words(" by ", k.at(v.MadeAt), v.By))
	if !v.EndedAt.IsZero() {
		t.row("ended", k.at(v.EndedAt))
	}
	t.flush()
}

func silenceEndCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "end SILENCE-ID",
		Short:   "End a silence now; what still fires pages within some seconds",
		Example: "  tocsin silence end s-4f9a2c71d0",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return show(c, func(v client.Silence) {
				c.tell("silence %s is over; what still fires pages within some seconds", v.Id)
			})(content(c.EndSilence(ctx, args[0])))
		}),
	}
}
