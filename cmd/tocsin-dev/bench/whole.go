package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/demo"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/store"
)

// whole counts the history of one incident from its alert to its closing, as
// the demo plays it: with an escalation, a commander, a runbook, updates and a
// follow-up.
func (b *bench) whole(ctx context.Context) (err error) {
	if !b.plan.whole {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	stack, err := devstack.Start(ctx, devstack.Config{Adjust: demo.Hasten, Log: b.config.Log})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, b.report.Counts.read(stack.App.Metrics), stack.Close(context.WithoutCancel(ctx)))
	}()
	if err := demo.Play(ctx, stack, io.Discard); err != nil {
		return err
	}
	list, _, err := stack.App.Store.Incidents(ctx, store.IncidentFilter{})
	if err != nil || len(list) != 1 {
		return fmt.Errorf("one incident was expected, there are %d: %w", len(list), err)
	}
	counts, err := events(ctx, stack.App.Client, list[0].Number)
	if err != nil {
		return err
	}
	b.report.Whole = &Whole{Events: total(counts), ByType: counts}
	b.report.aim("events of one incident", float64(total(counts)), 249)
	return nil
}
