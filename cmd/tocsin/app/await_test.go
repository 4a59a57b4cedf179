package app_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
)

// frontend is as much of Temporal as a process without workers asks at its
// start.
type frontend struct {
	operatorservice.UnimplementedOperatorServiceServer
}

func (frontend) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{}, nil
}

// free returns an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func serveTemporal(t *testing.T, addr string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
	require.NoError(t, err)
	server := grpc.NewServer()
	operatorservice.RegisterOperatorServiceServer(server, frontend{})
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
}

// lines hands on each line that is logged.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// starting starts an API process whose Temporal is at addr, and returns what
// it logs and, when it is ready or gave up, how that ended.
func starting(ctx context.Context, t *testing.T, o app.Options) (lines, <-chan error) {
	t.Helper()
	logged, ended := make(lines, 100), make(chan error, 1)
	o.API, o.Log = true, slog.New(slog.NewTextHandler(logged, nil))
	go func() {
		a, err := app.New(ctx, o)
		if err == nil {
			err = a.Start(ctx)
			t.Cleanup(func() { _ = a.Close(context.WithoutCancel(ctx)) })
		}
		ended <- err
	}()
	return logged, ended
}

func options(t *testing.T, temporal string) app.Options {
	t.Helper()
	return app.Options{Temporal: client.Options{HostPort: temporal}, Config: app.Config{
		Database: "sqlite:" + filepath.Join(t.TempDir(), "tocsin.db"), Listen: free(t),
		PublicURL: "http://127.0.0.1", LinkKey: strings.Repeat("k", 32),
	}}
}

func TestAProcessWaitsForTemporal(t *testing.T) {
	t.Parallel()
	o := options(t, free(t))
	logged, ended := starting(t.Context(), t, o)
	require.Contains(t, <-logged, "waiting for Temporal")
	_, err := ask(t, o, "/readyz")
	require.Error(t, err, "it is not ready")

	serveTemporal(t, o.Temporal.HostPort)
	require.NoError(t, within(t, ended))
	status, err := ask(t, o, "/healthz")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
}

func TestAProcessThatWaitsForTemporalEndsWhenItIsTold(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	logged, ended := starting(ctx, t, options(t, free(t)))
	<-logged
	stop()
	require.ErrorIs(t, within(t, ended), context.Canceled)
}

func TestAProcessStartsWithoutADatabaseServer(t *testing.T) {
	t.Parallel()
	o := options(t, free(t))
	o.Config.Database = "postgres://tocsin@" + free(t) + "/tocsin?sslmode=disable"
	serveTemporal(t, o.Temporal.HostPort)
	_, ended := starting(t.Context(), t, o)
	require.NoError(t, within(t, ended))
	status, err := ask(t, o, "/healthz")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
}

func within(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(20 * time.Second):
		require.FailNow(t, "it neither starts nor ends")
		return nil
	}
}

func ask(t *testing.T, o app.Options, path string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+o.Config.Listen+path, http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}
