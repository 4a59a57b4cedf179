package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
)

func routeCommand(s *session) *cobra.Command {
	return group("route", "Try the routing of alerts", "  tocsin route test alert.json --catalog deployments/catalog",
		routeTestCommand(s))
}

func routeTestCommand(s *session) *cobra.Command {
	var folder string
	var at time.Time
	cmd := &cobra.Command{
		Use:   "test FILE",
		Short: "Explain how the alerts of a file would be routed",
		Long: `Explain how the alerts of a file would be routed: which route or service decided
what, and who would be paged. FILE is the body of an Alertmanager webhook or
alerts in Tocsin's own format; "-" reads the standard input. With --catalog it
asks those files and needs no server; else it asks the catalog in force.`,
		Example: "  tocsin route test alert.json\n  tocsin route test alert.json --catalog deployments/catalog --at 2026-03-01T02:00:00Z",
		Args:    between(1, 1),
	}
	cmd.Flags().StringVar(&folder, "catalog", "", "folder or file of the catalog to ask, instead of a server")
	ahead(cmd, &at, "at", "with --catalog, the moment asked about; now when missing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body, err := readAlerts(cmd, args[0])
		if err != nil {
			return err
		}
		if folder != "" {
			return routeOffline(cmd, s, folder, offline{body, at})
		}
		return s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, func(answer client.RouteTest) {
				decisions(cmd.OutOrStdout(), c.clock(ctx), answer)
			})(content(c.TestRoutesWithBody(ctx, "application/json", strings.NewReader(string(body)))))
		})(cmd, args)
	}
	return cmd
}

// maxAlertFile is the largest body that a server takes.
const maxAlertFile = 5 << 20

// readAlerts reads a file of alerts, or the standard input.
func readAlerts(cmd *cobra.Command, name string) ([]byte, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(filepath.Clean(name))
		if err != nil {
			return nil, misused("%v", err)
		}
		defer file.Close()
		in = file
	}
	body, err := io.ReadAll(io.LimitReader(in, maxAlertFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the alerts: %w", err)
	}
	if len(body) > maxAlertFile {
		return nil, misused("%s is larger than 5 MiB", name)
	}
	return body, nil
}

// offline is what is asked of a catalog that is in files.
type offline struct {
	body []byte
	at   time.Time
}

func routeOffline(cmd *cobra.Command, s *session, folder string, o offline) error {
	if err := s.locate(); err != nil {
		return err
	}
	files, err := catalogFiles([]string{folder})
	if err != nil {
		return err
	}
	c, err := catalog.Parse(files...)
	if err != nil {
		return fmt.Errorf("the catalog is not valid: %w", err)
	}
	delivery, err := alerts.ParseAny(o.body)
	if err != nil {
		return fmt.Errorf("the alerts cannot be read: %w", err)
	}
	at := cmp.Or(o.at, time.Now()).UTC()
	decided := make([]catalog.Decision, 0, len(delivery.Alerts))
	for _, a := range delivery.Alerts {
		decided = append(decided, c.Explain(a, at))
	}
	data, err := json.Marshal(map[string]any{"version": 0, "at": at, "decisions": decided})
	return show(&call{cmd: cmd, session: s}, func(answer client.RouteTest) {
		decisions(cmd.OutOrStdout(), s.clock(), answer)
	})(data, err)
}

// decisions shows what was decided about each alert, and why.
func decisions(out io.Writer, k clock, answer client.RouteTest) {
	_, _ = fmt.Fprintf(out, "as of %s\n", k.at(answer.At))
	for _, d := range answer.Decisions {
		_, _ = fmt.Fprintf(out, "\n%s\n", clean(d.Alert))
		t := newTable(out)
		t.row("  service", d.Service+when(d.CatchAll, " (catch-all)"))
		t.row("  incident", d.Key)
		t.row("  pages", urgencyOf(d))
		for _, duty := range d.Paged {
			t.row("  first", words(": ", cmp.Or(duty.Person, "webhook "+duty.Webhook), duty.Reason))
		}
		for _, step := range d.Steps {
			t.row("  "+when(step.Matched, "*")+when(!step.Matched, "-")+" "+words(" ", step.Kind, step.Name), step.Reason)
		}
		t.flush()
	}
}

// urgencyOf says how a decision pages.
func urgencyOf(d client.Decision) string {
	if catalog.Urgency(d.Urgency) == catalog.NotPaged {
		return "nobody: it is recorded only"
	}
	held := time.Duration(d.Hold)
	return words(", ", string(d.Urgency), string(d.Severity), when(held > 0, "held for "+catalog.FormatDuration(held)))
}
