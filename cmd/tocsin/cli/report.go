package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func reportCommand(s *session) *cobra.Command {
	return group("report", "Look back at what happened", "  tocsin report noise",
		noiseCommand(s))
}

func noiseCommand(s *session) *cobra.Command {
	var params client.GetNoiseParams
	cmd := &cobra.Command{
		Use:   "noise",
		Short: "Rank alert rules by how often they woke people for nothing",
		Long: `Rank alert rules by how often they woke people for nothing, over the incidents
that were opened in a span of at most 92 days. The score of a rule is the sum
over its useless incidents of their pages plus twice their pages at night (22:00
to 06:00 of that person's clock). An incident is useless when people said that it
was not actionable, or said nothing and it was over before anybody acknowledged.`,
		Example: "  tocsin report noise\n  tocsin report noise --from 30d",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, c.noise)(content(c.GetNoise(ctx, &params)))
		}),
	}
	past(cmd, &params.From, "from", "the beginning; 7 days before the end when missing")
	past(cmd, &params.Until, "until", "the end; now when missing")
	return cmd
}

func (c *call) noise(r client.NoiseReport) {
	k := c.clock(c.cmd.Context())
	c.say("incidents opened from %s until %s", k.at(r.From), k.at(r.Until))
	if len(r.Rules) == 0 {
		c.tell("no alert opened an incident")
		return
	}
	t := c.table("SCORE", "RULE", "SERVICE", "INCIDENTS", "PAGES", "AT NIGHT", "NOT ACTIONABLE", "UNANSWERED", "FLAPPING")
	for _, one := range r.Rules {
		share := func(n int) string { return fmt.Sprintf("%d (%d%%)", n, (100*n+one.Incidents/2)/max(one.Incidents, 1)) }
		t.row(strconv.Itoa(one.Score), one.Rule, one.Service, strconv.Itoa(one.Incidents), strconv.Itoa(one.Pages),
			strconv.Itoa(one.Night), share(one.NotActionable), share(one.Unanswered), share(one.Flapping))
	}
	t.flush()
}
