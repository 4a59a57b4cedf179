package serve_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/serve"
)

type noParams struct{}

func nothing(workflow.Context, noParams) error { return nil }

func called(names ...string) []runbook.Runbook {
	var out []runbook.Runbook
	for _, name := range names {
		out = append(out, runbook.New(nothing, runbook.Spec{Name: name, About: "Does nothing.", Fits: "Never."}))
	}
	return out
}

// lazy is a connection to a Temporal that is nowhere.
func lazy(t *testing.T) client.Client {
	t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestWhatIsWrongIsSaidAtOnce(t *testing.T) {
	literal := runbook.New(func(workflow.Context, noParams) error { return nil }, runbook.Spec{Name: "Shout", About: "x", Fits: "x"})
	for want, c := range map[string]serve.Config{
		"no connection to Temporal":                      {Queue: "acme", Runbooks: called("drain")},
		"there is no runbook to serve":                   {Queue: "acme"},
		`runbook "Shout": its name is not`:               {Queue: "acme", Runbooks: []runbook.Runbook{literal}},
		"it is not a named function":                     {Queue: "acme", Runbooks: []runbook.Runbook{literal}},
		"the task queue runbooks is one of Tocsin's own": {Queue: runbook.TaskQueue, Runbooks: called("drain")},
		"a task queue has a name":                        {Runbooks: called("drain")},
		`two runbooks are called "drain"`:                {Queue: "acme", Runbooks: called("drain", "drain")},
		"register what the worker runs":                  {Queue: "acme", Runbooks: called("drain"), Activities: []any{"no activity"}, Temporal: lazy(t)},
		"a version is at most 100 printable":             {Queue: "acme", Runbooks: called("drain"), Version: "one two"},
		"neither a dot nor a colon":                      {Queue: "acme.one", Runbooks: called("drain"), Version: "1"},
		"start the worker of acme":                       {Queue: "acme", Runbooks: called("drain"), Temporal: lazy(t)},
	} {
		t.Run(want, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			require.ErrorContains(t, serve.Run(ctx, c), want)
		})
	}
}

// tocsin answers announcements, one after the other, and the last for ever.
type tocsin struct {
	answers []any // a runbook.Announced or an error
	told    []runbook.Announcement
	options client.StartWorkflowOptions
	enough  context.CancelFunc
	until   int
}

type answer struct {
	client.WorkflowRun
	what any
}

func (t *tocsin) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	t.options, t.told = o, append(t.told, args[0].(runbook.Announcement))
	now := t.answers[0]
	t.answers = t.answers[min(1, len(t.answers)-1):]
	if len(t.told) >= t.until {
		t.enough()
	}
	if err, failed := now.(error); failed {
		return nil, err
	}
	return answer{what: now}, nil
}

func (a answer) Get(_ context.Context, into any) error {
	*into.(*runbook.Announced) = a.what.(runbook.Announced)
	return nil
}

func TestWhatIsServedIsToldAgainAndAgainAndRefusalsAreSaidOnce(t *testing.T) {
	ctx, enough := context.WithCancel(t.Context())
	refused := runbook.Announced{Offered: []string{"drain"}, Refused: []runbook.Unoffered{{Name: "rollback", Why: "a runbook of this name comes with Tocsin"}}}
	away := errors.New("nobody is there")
	other := serviceerror.NewWorkflowExecutionAlreadyStarted("another worker is at it", "", "")
	on := &tocsin{answers: []any{other, away, away, refused, other, refused, away, refused}, enough: enough, until: 10}
	var log bytes.Buffer
	serve.Announce(ctx, on, serve.Config{Queue: "acme", Runbooks: called("drain", "rollback")}, slog.New(slog.NewTextHandler(&log, nil)))
	require.Len(t, on.told, 10)
	require.Equal(t, "acme", on.told[0].Queue)
	require.Equal(t, []string{"drain", "rollback"}, []string{on.told[0].Runbooks[0].Name, on.told[0].Runbooks[1].Name})
	require.Equal(t, "announce-runbooks/acme", on.options.ID)
	require.Equal(t, "incidents", on.options.TaskQueue)
	require.Equal(t, 1, strings.Count(log.String(), "comes with Tocsin"), log.String())
	require.Equal(t, 1, strings.Count(log.String(), "Tocsin offers runbooks"), log.String())
	require.Equal(t, 2, strings.Count(log.String(), "nobody is there"), "once each time that it begins:\n%s", log.String())
	require.NotContains(t, log.String(), "another worker")
}
