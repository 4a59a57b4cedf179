package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/changes"
)

func changeCommand(s *session) *cobra.Command {
	return group("change", "Report and list what was changed of the services",
		"  tocsin change list --service payments\n  tocsin change report payments deploy-4711 --version 2.4.0 --token-file key",
		changeListCommand(s), changeReportCommand(s))
}

func changeListCommand(s *session) *cobra.Command {
	var params client.ListChangesParams
	var p paging
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List what was changed, the newest first",
		Example: "  tocsin change list --service payments\n  tocsin change list --kind deployment --since 24h --all",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return list(ctx, c, p, listing[client.ChangeList, client.Change]{
				ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
					params.Cursor, params.Limit = cursor, limit
					return c.ListChanges(ctx, &params)
				},
				open:    func(page client.ChangeList) ([]client.Change, string) { return page.Changes, page.Next },
				columns: changeColumns(),
			})
		}),
	}
	f := cmd.Flags()
	f.StringVar(&params.Service, "service", "", "only of this service")
	f.StringVar((*string)(&params.Kind), "kind", "", "only deployment, configuration, flag, push or other")
	f.StringVar(&params.Source, "source", "", "only what this source reported: github, or a caller's name")
	past(cmd, &params.Since, "since", "only what took effect then or later")
	past(cmd, &params.Until, "until", "only what took effect before")
	p.addFlags(cmd)
	return cmd
}

func changeColumns() columns[client.Change] {
	return columns[client.Change]{
		header: []string{"AT", "SERVICE", "KIND", "VERSION", "BEFORE", "AUTHOR", "TITLE", "UNDONE BY", "SOURCE", "ID"},
		row: func(k clock, c client.Change) []string {
			return []string{k.at(c.At), c.Service, string(c.Kind), c.Version, c.Before, c.Author, c.Title, undoneBy(c.Undo), c.Source, c.ID}
		},
		none: "no change fits",
	}
}

// undoneBy says what takes a change back, or nothing.
func undoneBy(u changes.Undo) string {
	return strings.TrimSpace(u.Runbook + " " + paramsOf(u.Params))
}

func changeReportCommand(s *session) *cobra.Command {
	var body client.ChangeReport
	var undo parameters
	cmd := &cobra.Command{
		Use:   "report SERVICE ID",
		Short: "Report a change, as the step of a pipeline that deployed something",
		Example: "  tocsin change report payments deploy-4711 --version 2.4.0 --before 2.3.1 --author alice --token-file key\n" +
			"  tocsin change report payments flag-12 --kind flag --title 'retries on' --token-file key",
		Args: between(2, 2),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			body.Service, body.Id = args[0], args[1]
			params, err := undo.params("--undo-param")
			if err != nil {
				return err
			}
			body.Undo.Params = params
			return show(c, func(t client.ChangeTaken) {
				c.say("%s", words("; ", taken(t.Added), when(len(t.Incidents) > 0, "told "+strings.Join(t.Incidents, ", ")),
					when(t.UnknownUndo != "", "no runbook "+t.UnknownUndo+" is served, which is to take it back: see tocsin runbook list")))
			})(content(c.ReportChange(ctx, body)))
		}),
	}
	f := cmd.Flags()
	f.StringVar((*string)(&body.Kind), "kind", "deployment", "deployment, configuration, flag, push or other")
	f.StringVar(&body.Title, "title", "", "what it is about, in a few words")
	f.StringVar(&body.Version, "version", "", "what runs since")
	f.StringVar(&body.Before, "before", "", "what ran before")
	f.StringVar(&body.Author, "author", "", "who changed it")
	f.StringVar(&body.Link, "link", "", "where to read more")
	f.IntVar(&body.Lines, "lines", 0, "how many lines it changed")
	f.StringVar(&body.Undo.Runbook, "undo", "", "the `RUNBOOK` that takes it back (that of the catalog)")
	f.StringArrayVar(&undo.pairs, "undo-param", nil, "NAME=VALUE for that runbook; repeat it for more")
	past(cmd, &body.At, "at", "when it took effect; now when missing")
	return cmd
}

func taken(added bool) string {
	if added {
		return "on record"
	}
	return "known already"
}

func suspectsCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "suspects INCIDENT",
		Short:   "Rank what may have caused an incident",
		Example: "  tocsin incident suspects INC-7",
		Args:    between(1, 1),
		RunE: s.runFor(func(ctx context.Context, c *call, number string) error {
			return show(c, func(l client.SuspectList) {
				suspectColumns().show(ctx, c, l.Suspects...)
			})(content(c.ListSuspects(ctx, number)))
		}),
	}
}

func suspectColumns() columns[client.RankedChange] {
	return columns[client.RankedChange]{
		header: []string{"AT", "CHANGE", "WHY", "UNDONE BY", "LINK", "ID"},
		row: func(k clock, s client.RankedChange) []string {
			return []string{k.at(s.Change.At), s.Change.String(), strings.Join(s.Reasons, ", "), words(", ", undoneBy(s.Change.Undo), when(s.TakenBack != "", "done by "+s.TakenBack)), s.Change.Link, s.Change.ID}
		},
		none: "nothing was changed in the day before that could have caused it",
	}
}

// rollbackCommand takes the likeliest cause back.
func rollbackCommand(s *session) *cobra.Command {
	var p parameters
	var id string
	cmd := &cobra.Command{
		Use:   "rollback INCIDENT",
		Short: "Take back the change that is the likeliest cause, by the undo that it was reported with",
		Example: "  tocsin rollback INC-7 --dry-run --wait\n  tocsin rollback INC-7\n" +
			"  tocsin rollback INC-7 --change deploy-4711",
		Args: between(1, 1),
		RunE: s.runFor(func(ctx context.Context, c *call, number string) error {
			suspects, _, err := read[client.SuspectList](content(c.ListSuspects(ctx, number)))
			if err != nil {
				return err
			}
			best, err := undoable(suspects.Suspects, id)
			if err != nil {
				return err
			}
			body, err := p.start(best.Change.Undo.Runbook)
			if err != nil {
				return err
			}
			body.Params = withOwn(best.Change.Undo.Params, body.Params)
			c.tell("%s: %s", best.Change, strings.Join(best.Reasons, ", "))
			c.tell("taken back by: %s", undoneBy(changes.Undo{Runbook: body.Name, Params: body.Params}))
			return p.started(ctx, c, number)(content(c.StartRun(ctx, number, &client.StartRunParams{IdempotencyKey: c.key()}, body)))
		}),
	}
	s.keyFlag(cmd)
	p.addFlags(cmd)
	cmd.Flags().StringVar(&id, "change", "", "take back the change of this `ID` instead (\"incident suspects\" lists them), or SERVICE/ID")
	return cmd
}

// undoable is the likeliest suspect, or the one of an id, when it can be taken
// back. What is likelier than all that can be is passed over by a person alone.
func undoable(suspects []client.RankedChange, id string) (client.RankedChange, error) {
	fit := suspects[:min(len(suspects), 1)]
	if id != "" {
		fit = slices.DeleteFunc(slices.Clone(suspects), func(s client.RankedChange) bool { return !slices.Contains(idsOf(s.Change), id) })
	}
	switch {
	case len(suspects) == 0:
		return client.RankedChange{}, misused("nothing was changed in the day before that could have caused it")
	case len(fit) == 0:
		return client.RankedChange{}, misused("no suspect has the id %q: incident suspects lists them", id)
	case len(fit) > 1:
		return client.RankedChange{}, misused("several suspects have the id %q: say which, as SERVICE/ID or SOURCE/SERVICE/ID", id)
	case fit[0].TakenBack != "":
		return client.RankedChange{}, misused("%s was taken back already, by %s: run the runbook by hand if that is to be done again (incident run)", fit[0].Change, fit[0].TakenBack)
	case fit[0].Change.Undo.Known():
		return fit[0], nil
	}
	return client.RankedChange{}, misused("%s, %s: %s", whichIs(id), fit[0].Change, otherwise(suspects))
}

// idsOf are the ways to name a change: an id tells it from the others of its
// source and service alone.
func idsOf(c client.Change) []string {
	return []string{c.ID, c.Service + "/" + c.ID, c.Source + "/" + c.Service + "/" + c.ID}
}

func whichIs(id string) string {
	if id == "" {
		return "the likeliest cause was reported without a way to take it back"
	}
	return "that one was reported without a way to take it back"
}

// otherwise says what can be done when a suspect cannot be taken back.
func otherwise(suspects []client.RankedChange) string {
	for _, s := range suspects {
		if s.Change.Undo.Known() {
			return fmt.Sprintf("run a runbook by hand (incident run), or take back another, such as %s (--change %s)", s.Change, idsOf(s.Change)[1])
		}
	}
	return "run a runbook by hand (incident run)"
}

// withOwn are the parameters of an undo; a person's own win.
func withOwn(undo, own map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, undo)
	maps.Copy(out, own)
	return out
}
