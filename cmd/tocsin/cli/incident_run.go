package cli

import (
	"context"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

// parameters are the flags of a run.
type parameters struct {
	pairs      []string
	dryRun     bool
	breakGlass string
	wait       bool
}

func (p *parameters) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&p.pairs, "param", nil, "NAME=VALUE; repeat it for more")
	cmd.Flags().StringVar(&p.breakGlass, "break-glass", "", "change a target that another run changes too, for this `REASON`")
	cmd.Flags().BoolVar(&p.dryRun, "dry-run", false, "change nothing, and say what would be done")
	cmd.Flags().BoolVar(&p.wait, "wait", false, "show what the run says and asks until it ends, and fail when it does")
}

// start returns the body that starts a run of a runbook.
func (p *parameters) start(name string) (client.StartRun, error) {
	params, err := p.params("--param")
	return client.StartRun{Name: name, DryRun: p.dryRun, BreakGlass: p.breakGlass, Params: params}, err
}

// params reads the pairs of a flag.
func (p *parameters) params(flag string) (map[string]string, error) {
	var out map[string]string
	for _, pair := range p.pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, misused("%s: %q is not NAME=VALUE", flag, pair)
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	return out, nil
}

func runCommand(s *session) *cobra.Command {
	var p parameters
	cmd := &cobra.Command{
		Use:     "run INCIDENT RUNBOOK",
		Short:   "Run a runbook",
		Example: "  tocsin incident run INC-7 rollback --param target=checkout --dry-run --wait",
		Args:    between(2, 2),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			number, err := numbered(args[0])
			if err != nil {
				return err
			}
			return p.run(ctx, c, number, args[1])
		}),
	}
	s.keyFlag(cmd)
	p.addFlags(cmd)
	return cmd
}

// run starts a run of a runbook.
func (p *parameters) run(ctx context.Context, c *call, number, runbook string) error {
	body, err := p.start(runbook)
	if err != nil {
		return err
	}
	return p.started(ctx, c, number)(content(c.StartRun(ctx, number, &client.StartRunParams{IdempotencyKey: c.key()}, body)))
}

func answerCommand(s *session) *cobra.Command {
	var body client.AnswerBody
	cmd := s.command(lines{"answer", "Answer a question or an approval of a runbook", "answer INC-7 q-1 --choice approve --reason 'the release is the only change'"},
		func(ctx context.Context, a aim) (*http.Response, error) {
			return a.AnswerQuestion(ctx, a.number, a.args[0], &client.AnswerQuestionParams{IdempotencyKey: a.key()}, body)
		}, "QUESTION")
	cmd.Flags().StringVar(&body.Choice, "choice", "", "one of the choices that \"incident show\" lists")
	cmd.Flags().StringVar(&body.Reason, "reason", "", "why")
	return require(cmd, "choice")
}

func controlCommand(s *session) *cobra.Command {
	var reason string
	cmd := s.command(lines{"control", "Pause, resume or abort a run, or skip what it waits for", "control INC-7 rollback-1 abort --reason 'it is the wrong host'"},
		func(ctx context.Context, a aim) (*http.Response, error) {
			body := client.ControlBody{Do: a.args[1], Reason: reason}
			return a.ControlRun(ctx, a.number, a.args[0], &client.ControlRunParams{IdempotencyKey: a.key()}, body)
		}, "RUN", "pause|resume|skip|abort")
	cmd.Flags().StringVar(&reason, "reason", "", "why; needed to skip and to abort")
	return cmd
}
