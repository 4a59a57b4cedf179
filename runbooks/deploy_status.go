package runbooks

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
)

func deployStatus() runbook.Runbook {
	return runbook.New(DeployStatus, runbook.Spec{
		Name:  "deploy-status",
		About: "Says what runs at a deploy target, since when, what ran before, and what a metric is now.",
		Fits:  "Anything that may come from a deployment; it changes nothing.",
	})
}

// DeployStatusParams are the parameters of DeployStatus.
type DeployStatusParams struct {
	Target runbook.Name `about:"the deploy target" from:"service"`
	Check  string       `about:"an instant query whose value is said too" optional:"true"`
}

// DeployStatus keeps what runs at a deploy target.
func DeployStatus(ctx workflow.Context, p DeployStatusParams) error {
	now, err := runbook.Deployed(ctx, string(p.Target))
	if err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("%s runs %s", now.Target, deployed(now.Revision, now.Version, now.At, now.By))}
	for _, before := range now.Previous {
		lines = append(lines, "before: "+deployed(before.Revision, before.Version, before.At, ""))
	}
	if p.Check != "" {
		value, err := runbook.Look(ctx, runbook.ValueOf(p.Check))
		if err != nil {
			value = err.Error()
		}
		lines = append(lines, p.Check+": "+value)
	}
	return runbook.Output(ctx, "What runs at "+now.Target, strings.Join(lines, "\n"))
}

// deployed says which revision was deployed, when and by whom.
func deployed(revision, version string, at time.Time, by string) string {
	text := revision
	if version != "" {
		text += " (" + version + ")"
	}
	if !at.IsZero() {
		text += ", deployed " + at.UTC().Format("2006-01-02 15:04:05 MST")
	}
	if by != "" {
		text += " by " + by
	}
	return text
}
