//go:build apiserver

package apiserver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	temporal "go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/demo"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devserver"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/systems"
	"github.com/tocsinhq/tocsin/test/scene"
	"github.com/tocsinhq/tocsin/worker"
)

// envServe names the file that makes the test binary Tocsin with its Temporal, a
// process to be killed.
const envServe = "TOCSIN_APISERVER_SERVE"

// served is how it is set up.
type served struct {
	Temporal devserver.Config
	App      app.Config
}

// serve is Tocsin with its Temporal until whoever started it is gone.
func serve(ctx context.Context, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var how served
	if err := json.Unmarshal(data, &how); err != nil {
		return err
	}
	engine, err := devstack.StartEngine(ctx, how.Temporal)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, app.Options{
		Config: how.App, Temporal: temporal.Options{HostPort: engine.FrontendAddr()}, API: true, Intake: true, Queues: worker.Queues(),
	})
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// tocsin is a Tocsin in a process of its own, that acts on the API server and
// watches its rollouts. What lies around it stays with the test.
type tocsin struct {
	*scene.World
	file string
	life *exec.Cmd
}

func (w *world) tocsin(t *testing.T) *tocsin {
	t.Helper()
	dir := t.TempDir()
	around, err := devstack.Start(t.Context(), devstack.Config{Dir: dir, Apart: true, Adjust: func(c *catalog.Catalog) {
		scene.Cast(c)
		demo.Hasten(c)
		for n := range c.Services {
			if c.Services[n].ID == "payments" {
				c.Services[n].Changes = catalog.Changes{Deployments: []string{"main/shop/checkout"}}
			}
		}
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, around.Close(context.WithoutCancel(t.Context()))) })

	systems := fmt.Sprintf("kubernetes:\n  - {name: main, kubeconfig_file: %q, namespaces: [shop], rollouts: true}\n", w.kubeconfig)
	how := served{Temporal: devserver.Config{FrontendAddr: free(t), SQLiteFile: filepath.Join(dir, "temporal.db")}, App: around.AppConfig()}
	how.App.Systems = filepath.Join(dir, "systems.yaml")
	require.NoError(t, os.WriteFile(how.App.Systems, []byte(systems), 0o600))
	data, err := json.Marshal(how)
	require.NoError(t, err)
	s := &tocsin{file: filepath.Join(dir, "served.json")}
	require.NoError(t, os.WriteFile(s.file, data, 0o600))
	s.World = &scene.World{Sandbox: around.Sandbox, API: around.URL(), Tokens: around.Tokens, Patience: 2 * time.Minute, Say: t.Logf}
	s.start(t)
	t.Cleanup(func() { s.kill(t) })
	return s
}

func (s *tocsin) start(t *testing.T) {
	t.Helper()
	s.life = exec.Command(os.Args[0])
	s.life.Env = append(os.Environ(), envServe+"="+s.file)
	s.life.Stdout, s.life.Stderr = os.Stderr, os.Stderr
	_, err := s.life.StdinPipe() // it ends with this process
	require.NoError(t, err)
	require.NoError(t, s.life.Start())
}

// kill ends it with SIGKILL.
func (s *tocsin) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, s.life.Process.Kill())
	_ = s.life.Wait()
}

// free returns an address that is free now.
func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

// A bad rollout is suspected and taken back, though all of Tocsin is killed the
// moment after the approval, and again half way through the rollout.
func TestARollbackThatIsKilledHalfWayEndsRight(t *testing.T) {
	w := newWorld(t)
	w.deploy(t, "shop:1", 1)
	w.settled(t)
	s := w.tocsin(t)
	w.deploy(t, broken, 2)
	_, err := scene.Until(t.Context(), s.World, "the rollout as a change", func(ctx context.Context) (struct{}, bool) {
		c, err := s.As(scene.Primary)
		require.NoError(t, err)
		list, err := c.ListChangesWithResponse(ctx, &client.ListChangesParams{Source: kubernetes.Source})
		return struct{}{}, err == nil && list.JSON200 != nil && len(list.JSON200.Changes) > 0 && list.JSON200.Changes[0].Version == broken
	})
	require.NoError(t, err)

	i := &scene.Incident{World: s.World, Service: "payments", Summary: "1 in 3 payments fails"}
	i.Monitor = scene.Webhook{Service: "payments", Alertname: "PaymentErrors", Summary: i.Summary, Since: time.Now()}
	for _, act := range []func(context.Context) error{i.Fire, i.Acknowledge, i.Command, i.Triage} {
		require.NoError(t, act(t.Context()))
	}
	require.Contains(t, s.Sandbox.Phone.Pages("")[0].Message, "Suspect: payments shop:broken (deployment): ")
	require.NoError(t, i.TakeBack(t.Context(), true))
	_, err = i.Done(t.Context(), "kubernetes-rollback", true)
	require.NoError(t, err)
	require.Equal(t, int64(2), w.now(t).Revision, "a dry run changes nothing")

	require.NoError(t, i.TakeBack(t.Context(), false))
	asked, err := i.Asked(t.Context())
	require.NoError(t, err)
	w.busy.Store(true) // no pod gets ready: the rollout stays half way
	require.NoError(t, i.Approve(t.Context(), asked))
	s.kill(t)
	t.Logf("killed with the approval, at revision %d", w.now(t).Revision)
	s.start(t)
	w.until(t, func() bool { return w.now(t).Revision == 3 })
	s.kill(t)
	rollout, err := w.client.Rollout(t.Context(), systems.KubeAwaited{KubeRef: checkout})
	require.NoError(t, err)
	require.False(t, rollout.Over, "it is half way")
	s.start(t)
	w.busy.Store(false)

	_, err = i.Done(t.Context(), "kubernetes-rollback", false)
	require.NoError(t, err)
	w.settled(t)
	now := w.now(t)
	require.Equal(t, "3 [shop:1] [1]", fmt.Sprintf("%d %v %v", now.Revision, now.Images, now.Formerly), "it is taken back once")
}
