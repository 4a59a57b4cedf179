package cli

import (
	"context"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
)

func listCommand(s *session) *cobra.Command {
	var params client.ListIncidentsParams
	var phases, severities []string
	var p paging
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List incidents, the newest first",
		Example: "  tocsin incident list --open\n  tocsin incident list --service checkout --severity SEV1,SEV2 --since 30d --all",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			params.Phase, params.Severity = nil, nil
			for _, phase := range phases {
				params.Phase = append(params.Phase, incident.Phase(phase))
			}
			for _, severity := range severities {
				params.Severity = append(params.Severity, level(severity))
			}
			return c.listIncidents(ctx, params, p)
		}),
	}
	f := cmd.Flags()
	f.StringSliceVar(&phases, "phase", nil, "only in these phases: triggered, triaging, mitigating, mitigated, resolved, closed, ...")
	f.StringSliceVar(&severities, "severity", nil, "only of these severities")
	f.StringVar(&params.Service, "service", "", "only of this service")
	f.StringVar(&params.Team, "team", "", "only of this team")
	f.StringVar(&params.Holder, "holder", "", "only held by this person; me is yourself")
	f.BoolVar(&params.Open, "open", false, "only what is not over")
	f.StringVar(&params.Text, "text", "", "only with this text in the title")
	past(cmd, &params.Since, "since", "only triggered at or after this time")
	past(cmd, &params.Until, "until", "only triggered before this time")
	p.addFlags(cmd)
	return cmd
}

func (c *call) listIncidents(ctx context.Context, params client.ListIncidentsParams, p paging) error {
	return list(ctx, c, p, listing[client.IncidentList, client.IncidentSummary]{
		ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
			params.Cursor, params.Limit = cursor, limit
			return c.ListIncidents(ctx, &params)
		},
		open: func(page client.IncidentList) ([]client.IncidentSummary, string) { return page.Incidents, page.Next },
		columns: columns[client.IncidentSummary]{
			header: []string{"NUMBER", "PHASE", "SEVERITY", "SERVICE", "HOLDER", "TRIGGERED", "FOLLOW-UPS", "TITLE"},
			row: func(k clock, i client.IncidentSummary) []string {
				return []string{
					i.Number, string(i.Phase), severityOf(i.Severity, i.Provisional), i.Service, i.Holder,
					k.at(i.Clocks.Stamps[incident.TriggeredAt]), strconv.Itoa(i.OpenFollowUps), i.Title,
				}
			},
			none: "no incident fits",
		},
	})
}

// severityOf shows a severity; one that no person confirmed has a question
// mark.
func severityOf(l client.Severity, provisional bool) string {
	if l != "" && provisional {
		return string(l) + "?"
	}
	return string(l)
}
