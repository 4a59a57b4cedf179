package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
)

// sender posts alerts as Alertmanager does: what was not accepted is sent
// again.
type sender struct {
	http  *http.Client
	url   string
	token string

	refused atomic.Int64
	mu      sync.Mutex
	answers []time.Duration
	last    error
}

func newSender(s *devstack.Stack) *sender {
	return &sender{
		http: &http.Client{Transport: transport(), Timeout: 15 * time.Second},
		url:  s.URL() + "/v1/alerts/alertmanager", token: s.Tokens["alertmanager"],
	}
}

// alert is one firing alert.
type alert struct {
	// name tells incidents of one service apart, instance alerts of one
	// incident.
	name, service, instance, summary string
}

// bodyOf is one delivery of some alerts.
func bodyOf(list []alert, now time.Time) ([]byte, error) {
	since := now.UTC().Format(time.RFC3339Nano)
	firing := make([]any, len(list))
	for n, a := range list {
		firing[n] = map[string]any{
			"status": "firing", "startsAt": since, "endsAt": "0001-01-01T00:00:00Z",
			"labels": map[string]string{
				"alertname": a.name, "service": a.service, "severity": "critical", "instance": a.instance, "job": "shop", "region": "eu-1",
			},
			"annotations":  map[string]string{"summary": a.summary, "description": "The ratio of failing requests is above 5% for 5 minutes."},
			"generatorURL": "http://prometheus.example.org/graph?g0.expr=shop_http_error_ratio",
		}
	}
	return json.Marshal(map[string]any{
		"version": "4", "status": "firing", "receiver": "tocsin", "groupLabels": map[string]string{"alertname": list[0].name},
		"alerts": firing,
	})
}

// tries is how often one alert is sent.
const tries = 5

// send posts alerts together until they are accepted, and notes how long the
// answer to that took.
func (s *sender) send(ctx context.Context, list ...alert) {
	body, err := bodyOf(list, time.Now())
	for range tries {
		begun := time.Now()
		if err == nil {
			err = s.post(ctx, body)
		}
		if err == nil {
			s.note(time.Since(begun), nil)
			return
		}
		s.refused.Add(1)
		s.note(0, err)
		if !pause(ctx, time.Second) {
			return
		}
		err = nil
	}
}

func (s *sender) note(took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.last = err
		return
	}
	s.answers = append(s.answers, took)
}

func (s *sender) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the intake answered %s: %s", resp.Status, answer)
	}
	return nil
}
