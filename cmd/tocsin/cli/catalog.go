package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func catalogCommand(s *session) *cobra.Command {
	return group("catalog", "Validate, apply and show the catalog", "  tocsin catalog validate deployments/catalog\n  tocsin catalog apply deployments/catalog --dry-run",
		catalogValidateCommand(s), catalogApplyCommand(s), catalogShowCommand(s))
}

func catalogShowCommand(s *session) *cobra.Command {
	var version bool
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the catalog in force, without addresses",
		Example: "  tocsin catalog show\n  tocsin catalog show --version",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, func(answer client.Catalog) {
				if version {
					c.say("%d", answer.Version)
					return
				}
				c.catalog(answer)
			})(content(c.GetCatalog(ctx)))
		}),
	}
	cmd.Flags().BoolVar(&version, "version", false, "only the number of the version in force")
	return cmd
}

func (c *call) catalog(answer client.Catalog) {
	c.say("version %d; last resort: %s", answer.Version, strings.Join(answer.LastResort, ", "))
	section(c, "TEAMS", answer.Teams, func(t client.TeamView) []string {
		return []string{t.Id, t.Name, strings.Join(t.Members, ", "), words(" ", when(len(t.Leads) > 0, "led by"), strings.Join(t.Leads, ", "))}
	})
	section(c, "PEOPLE", answer.People, func(p client.PersonView) []string {
		var kinds []string
		for _, m := range p.Contacts {
			kinds = append(kinds, m.Kind)
		}
		return []string{p.Id, p.Name, p.Zone, strings.Join(kinds, ", "), when(p.Admin, "admin")}
	})
	section(c, "SERVICES", answer.Services, func(s client.ServiceView) []string {
		return []string{s.Id, s.Name, "team " + s.Team, "escalation " + s.Escalation, strings.Join(s.Runbooks, ", ")}
	})
	section(c, "SCHEDULES", answer.Schedules, func(s client.ScheduleView) []string {
		return []string{s.Id, s.Name, s.Zone, strings.Join(s.Rotations, ", ")}
	})
	section(c, "SEVERITIES", answer.Severities, func(s client.SeverityView) []string {
		return []string{string(s.Level), string(s.Urgency), strings.Join(s.Criteria, "; ")}
	})
}

// difference shows what applying files changes or changed.
func (c *call) difference(answer client.CatalogChange) {
	for _, change := range answer.Changes {
		mark := map[string]string{"added": "+", "removed": "-"}[change.Op]
		c.say("%s %s", words("", mark, when(mark == "", "~")), words(" ", change.Noun, change.ID, when(change.Detail != "", "("+change.Detail+")")))
	}
	for _, used := range answer.Used {
		c.say("! %s", used)
	}
	if len(answer.Changes) == 0 && len(answer.Problems) == 0 {
		c.say("nothing differs from version %s", strconv.Itoa(answer.Version))
	}
}
