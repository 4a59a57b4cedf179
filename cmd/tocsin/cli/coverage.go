package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/coverage"
)

// errGaps makes the command end with 1.
var errGaps = errors.New("pages would not reach everybody they should: see above")

func coverageCommand(s *session) *cobra.Command {
	var paths, channels []string
	var params client.GetCoverageParams
	cmd := &cobra.Command{
		Use:   "coverage",
		Short: "Say when an urgent page would reach nobody",
		Long: `Look ahead for times in which an urgent page would reach nobody but the last
resort, or nobody of the first level, and for people to be paged who have no
contact method that can be used. It ends with 1 when there are any.

It asks the server about the catalog in force with all overrides. With --catalog
it reads catalog files instead, and needs no server: a check for the CI of a
catalog repository.`,
		Example: `  tocsin coverage
  tocsin coverage --catalog deployments/catalog --days 30 --channels email,push`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(paths) > 0 {
				return s.coverageOf(cmd, paths, params, channels)
			}
			return s.run(func(ctx context.Context, c *call, _ []string) error {
				report, data, err := read[coverage.Report](content(c.GetCoverage(ctx, &params)))
				if err != nil {
					return err
				}
				if s.json {
					c.raw(data)
					return gapped(report)
				}
				printCoverage(cmd.OutOrStdout(), report, c.clock(ctx))
				return gapped(report)
			})(cmd, args)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&paths, "catalog", nil, "files or folders of a catalog, instead of the server's")
	f.IntVar(&params.Days, "days", 14, "how far to look ahead")
	f.StringVar(&params.Service, "service", "", "only this service")
	f.StringSliceVar(&channels, "channels", nil, "with --catalog: kinds of contact methods that are configured (all)")
	return cmd
}

// coverageOf looks at catalog files.
func (s *session) coverageOf(cmd *cobra.Command, paths []string, p client.GetCoverageParams, channels []string) error {
	if err := s.locate(); err != nil {
		return err
	}
	if p.Days < 1 || p.Days > 90 {
		return misused("--days: say from 1 to 90")
	}
	if err := catalog.CheckKinds(channels...); err != nil {
		return misused("--channels: %v", err)
	}
	c, err := readCatalog(cmd, s.json, paths)
	if err != nil {
		return err
	}
	report := coverage.Check(c, coverage.Question{
		From: time.Now().Truncate(time.Second), Span: time.Duration(p.Days) * 24 * time.Hour, Channels: channels,
	})
	if p.Service != "" {
		one, ok := report.Service(p.Service)
		if !ok {
			return fmt.Errorf("there is no service %q in the catalog", p.Service)
		}
		report.Services = []coverage.Service{one}
	}
	if s.json {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(report); err != nil {
			return fmt.Errorf("print the report: %w", err)
		}
		return gapped(report)
	}
	printCoverage(cmd.OutOrStdout(), report, s.clock())
	return gapped(report)
}

func gapped(r coverage.Report) error {
	if r.Complete() {
		return nil
	}
	return errGaps
}

// printCoverage shows a gap a line.
func printCoverage(out io.Writer, r coverage.Report, k clock) {
	_, _ = fmt.Fprintf(out, "from %s to %s\n", k.at(r.From), k.at(r.Until))
	if r.Complete() {
		_, _ = fmt.Fprintf(out, "%s: a page reaches somebody at each moment\n", counted(len(r.Services), "service"))
		return
	}
	rows := newTable(out, "SERVICE", "WHEN", "WHAT", "WHY")
	for _, s := range r.Services {
		for _, g := range s.Gaps {
			rows.row(s.ID, g.Spell(k.zone), g.What(), g.Why)
		}
	}
	for _, u := range r.LastResort {
		rows.row("", "all the time", u.Person+" of the last resort cannot be reached", u.Why)
	}
	rows.flush()
	for _, s := range r.Services {
		if s.Minutes > 0 {
			_, _ = fmt.Fprintf(out, "%s: nobody but the last resort for %s, next at %s\n", s.ID, counted(s.Minutes, "minute"), k.at(s.Next))
		}
	}
}
