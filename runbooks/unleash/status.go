package unleash

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
)

// Status reads how a feature flag stands.
func Status() runbook.Runbook {
	return runbook.New(status, runbook.Spec{
		Name:  "flag-status",
		About: "Says whether a feature flag of Unleash is on, and who gets it.",
		Fits:  "What misbehaves is behind a flag.",
	})
}

// StatusParams are the parameters of flag-status.
type StatusParams struct {
	System runbook.Name `about:"the Unleash, as the systems file names it"`
	Flag   runbook.Name `about:"the flag, of those that the systems file allows"`
}

func status(ctx workflow.Context, p StatusParams) error {
	flag := &Flag{System: string(p.System), Name: string(p.Flag)}
	is, err := runbook.Look(ctx, flag)
	if err != nil {
		return err
	}
	runbook.Note(ctx, "%s is %s in %s at %s", flag.Name, is, flag.Got.Environment, flag.System)
	return runbook.Output(ctx, "flag "+flag.Name+" of "+flag.System, flag.describe())
}

// describe is all that is known of a flag, a line each.
func (f *Flag) describe() string {
	got := f.Got
	lines := []string{fmt.Sprintf("%s in %s of the project %s", side(got.On), got.Environment, got.Project)}
	kind := "kind: " + got.Kind
	if got.Stale {
		kind += ", stale"
	}
	lines = append(lines, kind)
	for _, rule := range got.Rules {
		lines = append(lines, "strategy: "+rule)
	}
	if got.Digest == "" {
		lines = append(lines, "no strategy is in force")
	}
	if !got.Seen.IsZero() {
		lines = append(lines, "last asked for: "+got.Seen.Format(time.RFC3339))
	}
	return strings.Join(lines, "\n")
}
