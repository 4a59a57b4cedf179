package cli

import (
	"context"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func incidentCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "incident",
		Aliases: []string{"incidents"},
		Short:   "Read incidents, and respond to them",
		Example: "  tocsin incident list --open\n  tocsin incident ack INC-7\n  tocsin incident watch INC-7",
	}
	cmd.AddCommand(
		listCommand(s), showCommand(s), suspectsCommand(s), outputsCommand(s), timelineCommand(s), pagesCommand(s), watchCommand(s), declareCommand(s),
		ackCommand(s), snoozeCommand(s), declineCommand(s), escalateCommand(s), reassignCommand(s), classifyCommand(s),
		roleCommand(s), addResponderCommand(s), feedbackCommand(s), noteCommand(s), linkCommand(s), causeCommand(s), statusCommand(s), updateCommand(s),
		mitigateCommand(s), resolveCommand(s), reopenCommand(s), cancelCommand(s), mergeCommand(s), splitCommand(s), correctCommand(s),
		followUpCommand(s), collectedCommand(s), closeCommand(s), runCommand(s), controlCommand(s), answerCommand(s),
	)
	return cmd
}

// aim is the incident that a command goes to.
type aim struct {
	*call
	number string
	// args are what follows the number.
	args []string
}

// order sends one command of the API.
type order func(ctx context.Context, a aim) (*http.Response, error)

// keyed are the parameters of a command of the API: nothing but its key.
type keyed interface {
	~struct {
		IdempotencyKey client.IdempotencyKey `json:"Idempotency-Key,omitempty,omitzero"`
	}
}

// gives makes an order of a command of the API, whose body the flags fill.
func gives[P keyed, B any](
	body *B, give func(client.ClientInterface, context.Context, string, *P, B, ...client.RequestEditorFn) (*http.Response, error),
) order {
	return func(ctx context.Context, a aim) (*http.Response, error) {
		return give(a, ctx, a.number, &P{IdempotencyKey: a.key()}, *body)
	}
}

// lines are what a command says of itself: its use without the incident, in
// short, and an example without the program's name.
type lines struct{ use, short, example string }

// command makes a command that goes to one incident; more names the arguments
// behind the number.
func (s *session) command(l lines, send order, more ...string) *cobra.Command {
	name, _, _ := strings.Cut(l.use, " ")
	cmd := &cobra.Command{
		Use:     strings.Join(append([]string{name, "INCIDENT"}, more...), " "),
		Short:   l.short,
		Example: "  tocsin incident " + l.example,
		Args:    between(1+len(more), 1+len(more)),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			number, err := numbered(args[0])
			if err != nil {
				return err
			}
			return show(c, c.outcome)(content(send(ctx, aim{c, number, args[1:]})))
		}),
	}
	s.keyFlag(cmd)
	return cmd
}

func (s *session) keyFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.key, "key", "", "Idempotency-Key, to repeat a command whose outcome is unknown")
}

// outcome says what a command did.
func (c *call) outcome(o client.Outcome) {
	if o.Phase == "" && o.Text == incident.Accepted {
		c.say("%s: accepted; it counts from now, and is applied as soon as a worker runs", o.Number)
		return
	}
	holder := ""
	if o.Holder != "" {
		holder = "held by " + o.Holder
	}
	c.say("%s: %s (%s)", o.Number, c.here(o.Text), words(", ", string(o.Phase), string(o.Severity), holder))
	if o.ID != "" && !strings.Contains(o.Text, " "+o.ID+" ") {
		c.say("%s", o.ID)
	}
}

// numbered reads the number of an incident: INC-7, 7, or INC-x81f2c04a9be3 of
// one that was opened without the database.
func numbered(text string) (string, error) {
	rest, prefixed := strings.CutPrefix(strings.ToLower(text), strings.ToLower(incident.NumberPrefix))
	digits := strings.Trim(rest, "0123456789") == ""
	if !prefixed && !digits || !properNumber(rest) {
		return "", misused("%q is not the number of an incident, such as INC-1042", text)
	}
	return incident.NumberPrefix + rest, nil
}

// numberFlag adds a flag that holds the number of an incident.
func numberFlag(cmd *cobra.Command, number *string, name, help string) {
	cmd.Flags().Func(name, help, func(text string) (err error) {
		*number, err = numbered(text)
		return err
	})
}

// properNumber says whether the API takes it behind the prefix.
func properNumber(text string) bool {
	strange := strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyz")
	return text != "" && len(text) <= 40 && strange == ""
}

// level reads a severity as people write it: sev2, SEV2, 2, unknown.
func level(text string) catalog.Level {
	switch {
	case len(text) == 1 && strings.Contains("12345", text):
		return catalog.Level("SEV" + text)
	case strings.EqualFold(text, "unknown"):
		return "unknown"
	}
	return catalog.Level(strings.ToUpper(text))
}

// require marks flags without which a command makes no sense.
func require(cmd *cobra.Command, names ...string) *cobra.Command {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is defined a line above: cannot happen
		}
	}
	return cmd
}

// reasoned adds the flag for a reason, which is required.
func reasoned(cmd *cobra.Command, reason *string) *cobra.Command {
	cmd.Flags().StringVar(reason, "reason", "", "why")
	return require(cmd, "reason")
}
