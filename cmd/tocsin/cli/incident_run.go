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
	pairs  []string
	dryRun bool
}

func (p *parameters) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&p.pairs, "param", nil, "NAME=VALUE; repeat it for more")
	cmd.Flags().BoolVar(&p.dryRun, "dry-run", false, "change nothing, and say what would be done")
}

// start returns the body that starts a run of a runbook.
func (p *parameters) start(name string) (client.StartRun, error) {
	out := client.StartRun{Name: name, DryRun: p.dryRun}
	for _, pair := range p.pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return out, misused("--param: %q is not NAME=VALUE", pair)
		}
		if out.Params == nil {
			out.Params = map[string]string{}
		}
		out.Params[key] = value
	}
	return out, nil
}

func runCommand(s *session) *cobra.Command {
	var p parameters
	cmd := s.command(lines{"run", "Run a runbook", "run INC-7 rollback --param target=checkout --dry-run"},
		func(ctx context.Context, a aim) (*http.Response, error) {
			body, err := p.start(a.args[0])
			if err != nil {
				return nil, err
			}
			return a.StartRun(ctx, a.number, &client.StartRunParams{IdempotencyKey: a.key()}, body)
		}, "RUNBOOK")
	p.addFlags(cmd)
	return cmd
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
