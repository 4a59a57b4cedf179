package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
)

const unknown = "unknown"

func classifyCommand(s *session) *cobra.Command {
	var body client.Classify
	var severity, scope string
	var ask bool
	cmd := s.command(lines{"classify", "Say what triage found", "classify INC-7\n  tocsin incident classify INC-7 --what 'card payments fail' --severity SEV2 --scope external --who-fixes payments"},
		func(ctx context.Context, a aim) (*http.Response, error) {
			body.Severity, body.Impact.Scope = level(severity), scopeOf(scope)
			if err := a.completeClassification(ctx, &body, ask); err != nil {
				return nil, err
			}
			return a.Classify(ctx, a.number, &client.ClassifyParams{IdempotencyKey: a.key()}, body)
		})
	cmd.Long = `Say what triage found. On a terminal, what no flag answers is asked for, one
question after the other; each answer may be "unknown".`
	f := cmd.Flags()
	f.StringVar(&body.What, "what", "", "what happens")
	f.StringVar(&severity, "severity", "", "SEV1 (worst) to SEV5, or unknown")
	f.StringVar(&body.WhoFixes, "who-fixes", "", "who can fix it")
	f.StringVar(&body.Reason, "reason", "", "why, to lower a confirmed severity")
	f.BoolVar(&ask, "ask", false, "ask for what no flag answers, also when the input is not a terminal")
	impactFlags(cmd, &body.Impact, &scope)
	return cmd
}

func impactFlags(cmd *cobra.Command, i *client.Impact, scope *string) {
	cmd.Flags().StringVar(scope, "scope", "", "who is affected: external, internal, nobody or unknown")
	cmd.Flags().StringVar(&i.Users, "users", "", "how many are affected, in words")
	cmd.Flags().StringVar(&i.Cannot, "cannot", "", "what they cannot do")
}

func scopeOf(text string) catalog.Scope { return catalog.Scope(strings.ToLower(text)) }

// completeClassification asks for what is missing, or says that it is.
func (a aim) completeClassification(ctx context.Context, body *client.Classify, ask bool) error {
	var missing []string
	for _, field := range []struct{ name, value string }{
		{"--what", body.What}, {"--scope", string(body.Impact.Scope)}, {"--severity", string(body.Severity)}, {"--who-fixes", body.WhoFixes},
	} {
		if field.value == "" {
			missing = append(missing, field.name)
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case ask || terminal(a.cmd.InOrStdin()):
		return a.askClassification(ctx, body)
	}
	return misused("give %s; each may be unknown", strings.Join(missing, ", "))
}

// askClassification asks the questions of triage, with the criteria of the
// catalog at hand.
func (a aim) askClassification(ctx context.Context, body *client.Classify) error {
	now, _, err := read[client.Incident](content(a.GetIncident(ctx, a.number)))
	if err != nil {
		return err
	}
	severities, _, err := read[client.Catalog](content(a.GetCatalog(ctx)))
	if err != nil {
		return err
	}
	q := &questions{call: a.call, in: bufio.NewScanner(a.cmd.InOrStdin())}
	a.tell("%s: %s. Enter alone says \"unknown\".", now.Number, now.Title)
	q.ask(&body.What, "What happens?")
	q.choose((*string)(&body.Impact.Scope), "Who is affected: external, internal or nobody?", []string{"external", "internal", "nobody", unknown})
	if body.Impact.Scope != catalog.Nobody {
		q.ask(&body.Impact.Users, "How many are affected?")
		q.ask(&body.Impact.Cannot, "What can they not do?")
	}
	if body.Severity == "" {
		a.tellCriteria(severities.Severities)
	}
	q.severity(&body.Severity)
	q.ask(&body.WhoFixes, "Who can fix it?")
	if lowers(now, body.Severity) {
		q.ask(&body.Reason, "Why is it no longer "+string(now.Severity)+"?")
	}
	return q.err
}

func (a aim) tellCriteria(list []client.SeverityView) {
	for _, s := range list {
		a.tell("  %s  %s", s.Level, strings.Join(s.Criteria, "; "))
	}
}

// lowers says whether a severity is milder than one that a person confirmed.
func lowers(now client.Incident, to catalog.Level) bool {
	return !now.Provisional && now.Severity != "" && slices.Index(catalog.Levels(), to) > slices.Index(catalog.Levels(), now.Severity)
}

// questions asks one after the other. After the first that gets no answer it
// asks no more: see err.
type questions struct {
	*call
	in  *bufio.Scanner
	err error
}

// ask asks for what has no answer yet.
func (q *questions) ask(into *string, question string) {
	if *into != "" || q.err != nil {
		return
	}
	_, _ = fmt.Fprint(q.cmd.ErrOrStderr(), question+" ")
	if !q.in.Scan() {
		q.err = errors.New("the questions were not answered to the end; nothing was sent")
		return
	}
	*into = strings.TrimSpace(q.in.Text())
	if *into == "" {
		*into = unknown
	}
}

// choose asks until the answer is one of the choices.
func (q *questions) choose(into *string, question string, choices []string) {
	for q.err == nil && !slices.Contains(choices, *into) {
		*into = ""
		q.ask(into, question)
		*into = strings.ToLower(*into)
	}
}

// severity asks until the answer is one.
func (q *questions) severity(into *client.Severity) {
	for q.err == nil && *into != unknown && !slices.Contains(catalog.Levels(), *into) {
		var answer string
		q.ask(&answer, "Which severity: SEV1 to SEV5?")
		*into = level(answer)
	}
}
