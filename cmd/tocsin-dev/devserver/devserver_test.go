package devserver_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devserver"
)

const (
	taskQueue = "rehearsals"
	namespace = "theatre" // of the servers that have a file
)

// Rehearsal is a workflow that waits to be told its part and repeats it.
func Rehearsal(ctx workflow.Context) (string, error) {
	var part string
	workflow.GetSignalChannel(ctx, "part").Receive(ctx, &part)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	var said string
	err := workflow.ExecuteActivity(ctx, Say, part).Get(ctx, &said)
	return said, err
}

// Say is an activity that says what it is told.
func Say(_ context.Context, part string) (string, error) { return "I say: " + part, nil }

func start(t *testing.T, cfg devserver.Config) *devserver.Server {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet(t)
	}
	server, err := devserver.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
}

func dial(t *testing.T, addr, namespace string) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: addr, Namespace: namespace, Logger: quiet(t),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func work(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflow(Rehearsal)
	w.RegisterActivity(Say)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func begin(t *testing.T, c client.Client, options client.StartWorkflowOptions) client.WorkflowRun {
	t.Helper()
	options.ID = cmp.Or(options.ID, uuid.NewString())
	options.TaskQueue = taskQueue
	run, err := c.ExecuteWorkflow(t.Context(), options, Rehearsal)
	require.NoError(t, err)
	return run
}

// finish tells the run its part and returns its answer.
func finish(t *testing.T, c client.Client, run client.WorkflowRun) string {
	t.Helper()
	require.NoError(t, c.SignalWorkflow(t.Context(), run.GetID(), "", "part", "the bell"))
	var said string
	require.NoError(t, run.Get(t.Context(), &said))
	return said
}

func TestInMemory(t *testing.T) {
	phase := temporal.NewSearchAttributeKeyKeyword("TocsinPhase")
	var complaints safeBuffer
	server := start(t, devserver.Config{
		UIAddr:           "127.0.0.1:0",
		Retention:        36 * time.Hour,
		SearchAttributes: map[string]enumspb.IndexedValueType{"TocsinPhase": enumspb.INDEXED_VALUE_TYPE_KEYWORD},
		Logger:           slog.New(slog.NewTextHandler(&complaints, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	c := dial(t, server.FrontendAddr(), "")
	work(t, c)

	t.Run("listens on the loopback interface only", func(t *testing.T) {
		for _, addr := range []string{server.FrontendAddr(), server.UIAddr()} {
			host, port, err := net.SplitHostPort(addr)
			require.NoError(t, err)
			require.Equal(t, "127.0.0.1", host)
			require.NotEqual(t, "0", port)
		}
	})
	t.Run("runs a workflow", func(t *testing.T) {
		require.Equal(t, "I say: the bell", finish(t, c, begin(t, c, client.StartWorkflowOptions{})))
	})
	t.Run("knows the search attribute at once", func(t *testing.T) {
		run := begin(t, c, client.StartWorkflowOptions{
			TypedSearchAttributes: temporal.NewSearchAttributes(phase.ValueSet("triage")),
		})
		require.Eventually(t, func() bool {
			return len(list(t, c, "TocsinPhase = 'triage'")) == 1
		}, 10*time.Second, 20*time.Millisecond)
		require.Equal(t, []string{run.GetID()}, list(t, c, "TocsinPhase = 'triage'"))
	})
	t.Run("keeps closed runs as long as asked", func(t *testing.T) {
		answer, err := c.WorkflowService().DescribeNamespace(t.Context(),
			&workflowservice.DescribeNamespaceRequest{Namespace: "default"})
		require.NoError(t, err)
		require.Equal(t, 36*time.Hour, answer.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
	})
	t.Run("serves the UI", func(t *testing.T) { checkUI(t, server.UIAddr()) })
	t.Run("says which address is taken", func(t *testing.T) {
		for _, cfg := range []devserver.Config{
			{FrontendAddr: server.FrontendAddr()},
			{UIAddr: server.UIAddr()},
		} {
			cfg.Logger = quiet(t)
			_, err := devserver.Start(t.Context(), cfg)
			require.ErrorIs(t, err, syscall.EADDRINUSE)
			require.ErrorContains(t, err, "stop it, or choose another address")
		}
	})
	t.Run("closes cleanly, and once", func(t *testing.T) {
		require.NoError(t, server.Close())
		require.NoError(t, server.Close())
		for _, addr := range []string{server.FrontendAddr(), server.UIAddr()} {
			listener, err := net.Listen("tcp", addr)
			require.NoError(t, err, "the address is free again")
			require.NoError(t, listener.Close())
		}
	})
	require.Empty(t, complaints.String(), "neither start nor end is a reason to complain")
}

func TestFileSurvivesKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a dir & 100%")
	require.NoError(t, os.Mkdir(dir, 0o755))
	file := filepath.Join(dir, "temporal.db")

	killed := startProcess(t, file)
	before := dial(t, killed.addr, namespace)
	open := begin(t, before, client.StartWorkflowOptions{ID: "INC-1"})
	killed.kill(t)

	server := start(t, devserver.Config{
		FrontendAddr:     killed.addr,
		SQLiteFile:       file,
		Namespace:        namespace,
		SearchAttributes: map[string]enumspb.IndexedValueType{"TocsinTeam": enumspb.INDEXED_VALUE_TYPE_KEYWORD},
	})
	after := dial(t, server.FrontendAddr(), namespace)
	work(t, after)
	require.Equal(t, "I say: the bell", finish(t, after, after.GetWorkflow(t.Context(), open.GetID(), "")))
	begin(t, after, client.StartWorkflowOptions{TypedSearchAttributes: temporal.NewSearchAttributes(
		temporal.NewSearchAttributeKeyKeyword("TocsinTeam").ValueSet("payments"),
		temporal.NewSearchAttributeKeyKeyword("TocsinPhase").ValueSet("triage"),
	)})
	require.NoError(t, server.Close())

	t.Run("an attribute keeps its type", func(t *testing.T) {
		_, err := devserver.Start(t.Context(), devserver.Config{
			SQLiteFile:       file,
			Namespace:        namespace,
			SearchAttributes: map[string]enumspb.IndexedValueType{"TocsinTeam": enumspb.INDEXED_VALUE_TYPE_INT},
			Logger:           quiet(t),
		})
		require.ErrorContains(t, err, "TocsinTeam is Keyword, and cannot become Int")
	})
	t.Run("one whole database is left, written ahead", func(t *testing.T) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		var names []string
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		require.ElementsMatch(t, []string{"temporal.db", "temporal.db-wal", "temporal.db-shm"}, names)
	})
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	tooMany := map[string]enumspb.IndexedValueType{}
	for i := range 11 {
		tooMany[fmt.Sprintf("Tocsin%d", i)] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	for name, test := range map[string]struct {
		cfg  devserver.Config
		says string
	}{
		"no port":            {devserver.Config{FrontendAddr: "127.0.0.1"}, "missing port"},
		"missing directory":  {devserver.Config{SQLiteFile: filepath.Join(t.TempDir(), "missing", "t.db")}, "create "},
		"too many keywords":  {devserver.Config{SearchAttributes: tooMany}, "all columns of type Keyword are taken"},
		"not one's own host": {devserver.Config{FrontendAddr: "192.0.2.1:7233"}, "listen on 192.0.2.1:7233"},
	} {
		t.Run(name, func(t *testing.T) {
			test.cfg.Logger = quiet(t)
			_, err := devserver.Start(t.Context(), test.cfg)
			require.ErrorContains(t, err, test.says)
		})
	}
}

func list(t *testing.T, c client.Client, query string) []string {
	t.Helper()
	answer, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
	require.NoError(t, err)
	var ids []string
	for _, e := range answer.GetExecutions() {
		ids = append(ids, e.GetExecution().GetWorkflowId())
	}
	return ids
}
