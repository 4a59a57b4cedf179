package deployer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// reportTries bounds how often a report is sent, a second apart.
	reportTries = 60
	// reportWait is how long a deployment waits for its report, as the last step
	// of a pipeline does.
	reportWait = 2 * time.Second
)

// reporter tells somebody of each deployment, as pipelines do with their last
// step: what was deployed, by whom, and how it is taken back.
type reporter struct {
	client *http.Client
	life   context.Context //nolint:containedctx // it ends with the server
	end    context.CancelFunc
	busy   sync.WaitGroup

	mu         sync.Mutex
	url, token string
}

func newReporter() *reporter {
	life, end := context.WithCancel(context.Background())
	return &reporter{client: &http.Client{Timeout: 5 * time.Second}, life: life, end: end}
}

// ReportTo has the deployments from now on reported to an address that takes
// change events, with a token.
func (s *Server) ReportTo(url, token string) {
	s.reporter.mu.Lock()
	defer s.reporter.mu.Unlock()
	s.reporter.url, s.reporter.token = url, token
}

// report tells of a deployment of a service; before is the version that it
// replaced. It is sent again, behind the scenes, until somebody takes or refuses
// it.
func (r *reporter) report(service, before string, d Deployment) {
	r.mu.Lock()
	url, token := r.url, r.token
	r.mu.Unlock()
	if url == "" {
		return
	}
	body, _ := json.Marshal(map[string]any{ // texts and a time: it cannot fail
		"id": service + "-" + d.Revision, "service": service, "kind": "deployment",
		"version": d.Version, "before": before, "author": d.DeployedBy, "at": d.DeployedAt.UTC(),
		"undo": map[string]any{"runbook": "rollback", "params": map[string]string{"target": service}},
	})
	sent := make(chan struct{})
	r.busy.Go(func() {
		defer close(sent)
		for range reportTries {
			if r.send(url, token, body) == nil {
				return
			}
			select {
			case <-time.After(time.Second):
			case <-r.life.Done():
				return
			}
		}
	})
	select {
	case <-sent:
	case <-time.After(reportWait):
	}
}

// send returns nil when there is no use in sending it again.
func (r *reporter) send(url, token string, body []byte) error {
	req, err := http.NewRequestWithContext(r.life, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil //nolint:nilerr // no address will do
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("report a deployment: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("report a deployment: status %d", resp.StatusCode)
	}
	return nil
}

func (r *reporter) close() {
	r.end()
	r.busy.Wait()
}
