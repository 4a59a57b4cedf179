package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
)

// stateDir keeps everything over restarts, below the folder it is started in.
const stateDir = ".tocsin"

// run starts everything, says where it is, and waits to be told to stop.
func run(ctx context.Context, out io.Writer) error {
	config, err := environment()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "Starting Temporal, the sandbox and Tocsin ...")
	stack, err := devstack.Start(ctx, config)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return err
	}
	banner(out, stack, config)
	<-ctx.Done()
	_, _ = fmt.Fprintln(out, "\nStopping ...")
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return stack.Close(stopping)
}

// environment reads the ports and whether anything is kept.
func environment() (devstack.Config, error) {
	on := func(variable, port string) string { return "127.0.0.1:" + cmp.Or(os.Getenv(variable), port) }
	c := devstack.Config{
		API: on("TOCSIN_API_PORT", "8080"), Sandbox: on("TOCSIN_SANDBOX_PORT", "8090"), SMTP: on("TOCSIN_SMTP_PORT", "8025"),
		Temporal: on("TOCSIN_TEMPORAL_PORT", "7233"), UI: on("TOCSIN_TEMPORAL_UI_PORT", "8233"),
	}
	if os.Getenv("EPHEMERAL") != "" {
		return c, nil
	}
	dir, err := filepath.Abs(stateDir)
	if err != nil {
		return c, fmt.Errorf("find the folder for the state: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return c, fmt.Errorf("make the folder for the state: %w", err)
	}
	c.Dir = dir
	return c, nil
}

// banner says where everything is and how to fire the first alert.
func banner(out io.Writer, s *devstack.Stack, c devstack.Config) {
	kept, also := "in memory, gone when you stop", ""
	if c.Dir != "" {
		kept = "under ./" + stateDir + ", kept over restarts (EPHEMERAL=1 for memory)"
		also = "; also in ./" + stateDir + "/tokens"
	}
	_, _ = fmt.Fprintf(out, `
Tocsin is running.

  API           %s/v1      (contract: api/openapi.yaml)
  Incidents     %s      as Temporal runs them
  Temporal      %s      (TEMPORAL_ADDRESS of a worker of your own)
  Sandbox       %s      a JIRA, a mail inbox, phones for push, SMS and Pushover, a deploy target, metrics, a heartbeat
  State         %s

Tokens (one for each person and machine%s):
`, s.URL(), incidentsAt(s.Engine.UIAddr()), s.Engine.FrontendAddr(), s.Sandbox.URL(), kept, also)
	for _, name := range s.Tokens.Names() {
		_, _ = fmt.Fprintf(out, "  %-20s %s\n", name, s.Tokens[name])
	}
	_, _ = fmt.Fprintf(out, `
Fire an alert:

  curl -sS %s/v1/alerts/generic -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"alerts":[{"status":"firing","labels":{"alertname":"PaymentErrors","service":"payments","severity":"critical"},"annotations":{"summary":"1 in 5 payments fails"}}]}'

and look at the phones: %s/phone/    Ctrl-C stops everything.
`, s.URL(), s.Tokens["monitoring-scripts"], s.Sandbox.URL())
}

// incidentsAt is the page of the Temporal UI that shows incidents only, without
// beats and what runs by the clock.
func incidentsAt(ui string) string {
	return "http://" + ui + "/namespaces/default/workflows?query=" + url.QueryEscape(`WorkflowId STARTS_WITH "INC-"`)
}
