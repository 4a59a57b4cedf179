package deployer_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/deployer"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
)

type target struct {
	*deployer.Server
	url, token string
}

func newTarget(t *testing.T, config deployer.Config) *target {
	t.Helper()
	config.Token = "dk_1"
	if config.Services == nil {
		config.Services = []string{"payments"}
	}
	server, err := deployer.New(config)
	require.NoError(t, err)
	return &target{Server: server, url: wiretest.Serve(t, server), token: config.Token}
}

func (s *target) try(t *testing.T, method, path, body string) (int, string, error) {
	t.Helper()
	options := []wiretest.Option{wiretest.Headers("Authorization", "Bearer "+s.token)}
	if strings.Contains(path, "/press/") {
		options = append(options, wiretest.Form)
	}
	return wiretest.Try(t, method, s.url+path, body, options...)
}

func (s *target) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	status, answer, err := s.try(t, method, path, body)
	require.NoError(t, err)
	return status, answer
}

func (s *target) current(t *testing.T) string {
	t.Helper()
	status, body := s.call(t, http.MethodGet, "/deploy/services/payments", "")
	require.Equal(t, http.StatusOK, status)
	var service struct{ Revision string }
	require.NoError(t, json.Unmarshal([]byte(body), &service))
	return service.Revision
}

func rollback(to, expected, key string) string {
	return fmt.Sprintf(`{"to_revision":%q,"expected_revision":%q,"idempotency_key":%q,"reason":"INC-1"}`, to, expected, key)
}

func operation(t *testing.T, body string) deployer.Operation {
	t.Helper()
	var op deployer.Operation
	require.NoError(t, json.Unmarshal([]byte(body), &op), body)
	return op
}

func TestAServiceTellsWhatIsDeployed(t *testing.T) {
	s := newTarget(t, deployer.Config{})
	status, body := s.call(t, http.MethodPost, "/deploy/services/payments/deploy", `{"version":"2.0.0","deployed_by":"ana","bad":true}`)
	require.Equal(t, http.StatusCreated, status, body)

	_, body = s.call(t, http.MethodGet, "/deploy/services/payments", "")
	var service struct {
		Service, Revision, Version string
		DeployedBy                 string    `json:"deployed_by"`
		DeployedAt                 time.Time `json:"deployed_at"`
		Previous                   []struct{ Revision, Version string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &service))
	require.Equal(t, "payments", service.Service)
	require.Equal(t, "r43", service.Revision)
	require.Equal(t, "2.0.0", service.Version)
	require.Equal(t, "ana", service.DeployedBy)
	require.WithinDuration(t, time.Now(), service.DeployedAt, time.Minute)
	require.Equal(t, "r42", service.Previous[0].Revision)
	require.Equal(t, "r41", service.Previous[1].Revision)
	require.NotContains(t, body, "bad", "a deploy target does not know that it is bad")

	status, _ = s.call(t, http.MethodGet, "/deploy/services/nothing", "")
	require.Equal(t, http.StatusNotFound, status)
}

func TestRollbackTakesItsTime(t *testing.T) {
	s := newTarget(t, deployer.Config{RollbackTakes: time.Hour})
	status, body := s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r41", "r42", "k1"))
	require.Equal(t, http.StatusOK, status, body)
	op := operation(t, body)
	require.Equal(t, deployer.Running, op.State)
	require.Equal(t, "r41", op.Revision)
	require.Equal(t, "r42", s.current(t), "the service keeps its revision until the operation is done")

	status, body = s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r41", "r42", "k2"))
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "urn:sandbox:operation-running")
	status, _ = s.call(t, http.MethodPost, "/deploy/services/payments/deploy", `{}`)
	require.Equal(t, http.StatusConflict, status)
	status, body = s.call(t, http.MethodGet, "/deploy/operations/"+op.ID, "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, deployer.Running, operation(t, body).State)
}

func TestRollbackIsDoneOncePerKey(t *testing.T) {
	s := newTarget(t, deployer.Config{})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if status, body := s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r41", "r42", "k1")); status != 200 {
				t.Errorf("answered %d %s", status, body)
			}
		})
	}
	wg.Wait()
	require.Len(t, s.Operations(), 1)
	require.Equal(t, deployer.Done, s.Operations()[0].State)
	require.Equal(t, "r41", s.current(t))

	service, _ := s.Service("payments")
	require.Equal(t, "r42", service.Deployments[1].Revision, "what was current is now the newest previous one")
	require.Len(t, service.Deployments, 2)

	status, body := s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r42", "r41", "k1"))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "urn:sandbox:key-reused")
}

func TestRollbackRefusals(t *testing.T) {
	tests := []struct {
		name, service, body string
		status              int
		says                string
	}{
		{"changed meanwhile", "payments", rollback("r41", "r40", "k"), 409, "urn:sandbox:revision-changed"},
		{"unknown revision", "payments", rollback("r7", "r42", "k"), 422, "urn:sandbox:unknown-revision"},
		{"the current revision", "payments", rollback("r42", "r42", "k"), 422, "urn:sandbox:unknown-revision"},
		{"unknown service", "nothing", rollback("r41", "r42", "k"), 404, "urn:sandbox:unknown-service"},
		{"missing fields", "payments", `{"to_revision":"r41"}`, 400, "give expected_revision, idempotency_key"},
		{"unknown field", "payments", `{"force":true}`, 400, "unknown field"},
		{"no JSON", "payments", `r41`, 400, "send a JSON object"},
	}
	s := newTarget(t, deployer.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := s.call(t, http.MethodPost, "/deploy/services/"+tt.service+"/rollback", tt.body)
			require.Equal(t, tt.status, status, body)
			require.Contains(t, body, tt.says)
			require.Empty(t, s.Operations())
		})
	}
	s.token = "no"
	status, _ := s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r41", "r42", "k"))
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestAFailedRollbackChangesNothing(t *testing.T) {
	s := newTarget(t, deployer.Config{})
	status, _ := s.call(t, http.MethodPut, "/deploy/api/settings", `{"rollback_takes":"0s","fail_rollbacks":1}`)
	require.Equal(t, http.StatusNoContent, status)
	_, body := s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r41", "r42", "k1"))
	require.Equal(t, deployer.Failed, operation(t, body).State)
	require.NotEmpty(t, operation(t, body).Error)
	require.Equal(t, "r42", s.current(t))
	_, body = s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r41", "r42", "k2"))
	require.Equal(t, deployer.Done, operation(t, body).State)

	status, _ = s.call(t, http.MethodPut, "/deploy/api/settings", `{"rollback_takes":"soon"}`)
	require.Equal(t, http.StatusBadRequest, status)
}

func TestTheAnswerOfARollbackMayBeLost(t *testing.T) {
	s := newTarget(t, deployer.Config{})
	require.NoError(t, s.Faults.Add("rollback", fault.DropAfter()))
	_, _, err := s.try(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r41", "r42", "k1"))
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, "r41", s.current(t))
	status, body := s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r41", "r42", "k1"))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "op-1", operation(t, body).ID)
	require.Len(t, s.Operations(), 1)
}

func TestCallsAreLogged(t *testing.T) {
	s := newTarget(t, deployer.Config{})
	_ = s.current(t)
	_, _ = s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r41", "r42", "k1"))
	_, body := s.call(t, http.MethodGet, "/deploy/api/calls", "")
	require.Contains(t, body, `"idempotency_key":"k1"`)
	require.Len(t, s.Calls(), 2)
	require.Equal(t, http.MethodGet, s.Calls()[0].Method)
}

func TestDeploymentsPage(t *testing.T) {
	s := newTarget(t, deployer.Config{})
	status, body := s.call(t, http.MethodPost, "/deploy/press/payments", "bad=1")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "r43")
	require.Contains(t, body, `<span class="bad">bad</span>`)
	_, _ = s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r42", "r43", "k1"))
	_, body = s.call(t, http.MethodGet, "/deploy/", "")
	require.Contains(t, body, "rollback r43 to r42")
	status, _ = s.call(t, http.MethodPost, "/deploy/press/nothing", "")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = s.call(t, http.MethodPost, "/deploy/services/Bad_Name/deploy", "{}")
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = s.call(t, http.MethodGet, "/deploy/operations/op-9", "")
	require.Equal(t, http.StatusNotFound, status)
}

func TestDeploymentsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	s := newTarget(t, deployer.Config{Dir: dir, RollbackTakes: 20 * time.Millisecond})
	_, err := s.Deploy("payments", deployer.Deployment{Bad: true})
	require.NoError(t, err)
	status, body := s.call(t, http.MethodPost, "/deploy/services/payments/rollback", rollback("r42", "r43", "k1"))
	require.Equal(t, http.StatusOK, status, body)

	again := newTarget(t, deployer.Config{Dir: dir})
	require.Eventually(t, func() bool { return again.Operations()[0].State == deployer.Done }, 5*time.Second, time.Millisecond)
	require.Equal(t, "r42", again.current(t))
}
