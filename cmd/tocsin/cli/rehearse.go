package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/rehearsal"
)

// rehearseFlags are what the flags of a rehearsal say.
type rehearseFlags struct {
	catalog, channels, down, unreachable []string
	service, severity, from              string
	labels                               map[string]string
	during                               time.Duration
	nobody                               bool
	ack                                  rehearsal.Ack
	expect                               rehearsal.Expectation
}

func rehearseCommand(s *session) *cobra.Command {
	var in rehearseFlags
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Say who would be paged, how, when and why, without paging anybody",
		Long: `Play an alert that has not happened: the real workflow and paging code over
catalog files, with time skipped and channels that only write down what they are
given. It needs neither server nor database, and pages nobody.

The first person to be reached acknowledges a minute after the alert, unless
--ack-after, --ack-by or --nobody-acks say otherwise; whoever is then asked for a
role or whether they are still on it answers within a minute.

With --must-reach or --within it ends with 1 when they do not hold: a check for
the CI of a catalog repository.`,
		Example: `  tocsin rehearse --catalog deployments/catalog --service payments --from 2026-10-25T01:00 --nobody-acks
  tocsin rehearse --catalog deployments/catalog --service payments --down push=30m --ack-after 12m --ack-by bob
  tocsin rehearse --catalog deployments/catalog --service checkout --nobody-acks --must-reach heidi --within 1h`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.locate(); err != nil {
				return err
			}
			return in.rehearse(cmd, s)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&in.catalog, "catalog", nil, "files or folders of the catalog")
	f.StringVar(&in.service, "service", "", "service whose alert fires; as its labels say when missing")
	f.StringVar(&in.severity, "severity", "", "severity label of the alert (none)")
	f.StringToStringVar(&in.labels, "label", nil, "further label of the alert, as name=value")
	f.StringVar(&in.from, "from", "", "when the alert fires, in --zone or else that of who is paged first (now)")
	lasting(cmd, &in.during, "for", "4h", "how long to rehearse")
	f.StringSliceVar(&in.channels, "channels", nil, "kinds of contact methods that are configured (all)")
	f.StringSliceVar(&in.down, "down", nil, "channels that are down: for all the time, or for a while as push=30m")
	f.StringSliceVar(&in.unreachable, "unreachable", nil, "people who never see a page")
	f.BoolVar(&in.nobody, "nobody-acks", false, "nobody answers anything")
	lasting(cmd, &in.ack.After, "ack-after", "1m", "how long after the alert it is acknowledged")
	f.StringVar(&in.ack.By, "ack-by", "", "who acknowledges (whoever is reached first)")
	f.StringSliceVar(&in.expect.Reach, "must-reach", nil, "people who must see a page, else it ends with 1")
	f.DurationVar(&in.expect.Within, "within", 0, "how soon after the alert they, or anybody, must see one")
	cmd.MarkFlagsMutuallyExclusive("nobody-acks", "ack-after")
	cmd.MarkFlagsMutuallyExclusive("nobody-acks", "ack-by")
	_ = cmd.MarkFlagRequired("catalog")
	return cmd
}

func (in *rehearseFlags) rehearse(cmd *cobra.Command, s *session) error {
	c, err := readCatalog(cmd, s.json, in.catalog)
	if err != nil {
		return err
	}
	plan, zone, err := in.plan(c, s.location)
	if err != nil {
		return err
	}
	if err := in.expect.Check(plan); err != nil {
		return misused("%v", err)
	}
	transcript, err := rehearsal.Rehearse(cmd.Context(), plan)
	if err != nil {
		return err
	}
	if err := in.show(cmd.OutOrStdout(), transcript, clock{zone}, s.json); err != nil {
		return err
	}
	if unmet := transcript.Unmet(in.expect); len(unmet) > 0 {
		return errors.New(strings.Join(unmet, "; "))
	}
	return nil
}

// readCatalog reads and checks catalog files, and shows what is wrong with
// them.
func readCatalog(cmd *cobra.Command, asJSON bool, paths []string) (*catalog.Catalog, error) {
	files, err := catalogFiles(paths)
	if err != nil {
		return nil, err
	}
	c, err := catalog.Parse(files...)
	if problems, ok := errors.AsType[catalog.Problems](err); ok {
		return nil, verdict(cmd, asJSON, len(files), problems)
	}
	return c, err
}

// plan makes a plan of the flags, and says in which zone it is to be shown.
func (in *rehearseFlags) plan(c *catalog.Catalog, zone *time.Location) (rehearsal.Plan, *time.Location, error) {
	p := rehearsal.Plan{
		Catalog: c, Service: in.service, Labels: map[string]string{}, From: time.Now(), For: in.during,
		Channels: in.channels, Unreachable: in.unreachable, NobodyAcks: in.nobody, Ack: in.ack,
	}
	maps.Copy(p.Labels, in.labels)
	if in.severity != "" {
		p.Labels["severity"] = in.severity
	}
	if in.service == "" && len(p.Labels) == 0 {
		return p, nil, misused("say whose alert fires: --service, or labels that route it: --label")
	}
	for _, text := range in.down {
		outage, err := parseOutage(text)
		if err != nil {
			return p, nil, err
		}
		p.Down = append(p.Down, outage)
	}
	zone = cmp.Or(zone, p.Zone())
	if in.from != "" {
		from, err := rehearsal.Moment(in.from, zone)
		if err != nil {
			return p, nil, misused("--from: %v", err)
		}
		p.From = from
	}
	return p, zone, nil
}

// parseOutage reads "push" or "push=30m".
func parseOutage(text string) (rehearsal.Outage, error) {
	kind, length, limited := strings.Cut(text, "=")
	out := rehearsal.Outage{Kind: kind}
	if !limited {
		return out, nil
	}
	d, ok := parseDistance(length)
	if !ok || d == 0 {
		return out, misused("--down: %q is not how long a channel is down; write it as %s=30m", length, kind)
	}
	out.For = d
	return out, nil
}

// show prints a transcript: a page a line, and what happened between them.
func (in *rehearseFlags) show(out io.Writer, t *rehearsal.Transcript, k clock, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(out).Encode(t); err != nil {
			return fmt.Errorf("print the transcript: %w", err)
		}
		return nil
	}
	_, _ = fmt.Fprintf(out, "rehearsal of %s (%s, %s) from %s to %s\n", t.Service, t.Urgency, t.Severity, k.at(t.From), k.at(t.Until))
	rows := newTable(out, "TIME", "REASON", "LEVEL", "PERSON", "BY", "RESULT", "WHY")
	for _, l := range t.Lines {
		if l.Kind != rehearsal.PageLine {
			rows.row(k.at(l.At), "", "", "", "", "", k.in(l.Text))
			continue
		}
		rows.row(k.at(l.At), l.Summons, levelOf(l), l.Person, words(" ", l.Channel, l.Contact),
			words(": ", string(l.Result), l.Error), words("; ", l.Why, l.Rule))
	}
	rows.flush()
	_, _ = fmt.Fprintln(out, conclusion(t, k))
	return nil
}

func levelOf(l rehearsal.Line) string {
	level := fmt.Sprint(l.Level)
	if l.LastResort {
		level = "last resort"
	}
	if l.Round > 0 {
		level += fmt.Sprintf(", round %d", l.Round+1)
	}
	return level
}

// conclusion says how it ends.
func conclusion(t *rehearsal.Transcript, k clock) string {
	var seen []string
	for _, r := range t.Reached {
		seen = append(seen, fmt.Sprintf("%s at %s", r.Person, k.at(r.At)))
	}
	text := "reached: " + strings.Join(seen, ", ")
	if len(seen) == 0 {
		text = "nobody is reached"
	}
	if t.Acknowledged == nil {
		return text + "; nobody acknowledged"
	}
	return fmt.Sprintf("%s; %s holds it, acknowledged at %s", text, t.Holder, k.at(*t.Acknowledged))
}
