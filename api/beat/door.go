package beat

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

const (
	// path is where beats come in, and keyHeader what lets them in: nobody but
	// this process knows the key.
	path      = "/-/beat"
	keyHeader = "X-Tocsin-Beat"
	maxBody   = 4 << 10
	// patience is longer than an intake takes at most.
	patience = 12 * time.Second
)

// door is the way in from this process to itself. Each beat takes a connection
// of its own, as an alert after a quiet hour does.
type door struct {
	url, key string
	client   *http.Client
}

func newDoor(addr, key string) *door {
	if host, port, err := net.SplitHostPort(addr); err == nil {
		if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
			addr = net.JoinHostPort("localhost", port)
		}
	}
	return &door{
		url: "http://" + addr + path, key: key,
		client: &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// knock hands a delivery in and returns nil when it was taken.
func (d *door) knock(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("hand the beat in: %w", err)
	}
	req.Header.Set(keyHeader, d.key)
	resp, err := d.client.Do(req)
	if err != nil {
		return fmt.Errorf("hand the beat in: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, maxBody)) // for the log alone
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("hand the beat in: answered %d: %s", resp.StatusCode, bytes.TrimSpace(said))
	}
	return nil
}

// Guard lets the beats of this process in, and everything else through to
// next.
func (k *Keeper) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mine := subtle.ConstantTimeCompare([]byte(r.Header.Get(keyHeader)), []byte(k.key)) == 1
		if k.config.Intake == nil || r.URL.Path != path || !mine {
			next.ServeHTTP(w, r)
			return
		}
		if err := k.take(r.Context(), http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
}

// take does what the API does with alerts in Tocsin's own format. What makes
// them a beat is said here: no request could.
func (k *Keeper) take(ctx context.Context, body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return incident.Errorf(incident.Invalid, "read the beat: %w", err)
	}
	delivery, err := alerts.ParseGeneric(data)
	if err != nil {
		return incident.Errorf(incident.Invalid, "parse the beat: %w", err)
	}
	for n := range delivery.Alerts {
		delivery.Alerts[n].Source = alerts.SourceBeat
	}
	if _, err := k.config.Intake.Take(ctx, delivery); err != nil {
		return fmt.Errorf("take the beat: %w", err)
	}
	return nil
}

type alert struct {
	Status      alerts.Status     `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"starts_at"`
	EndsAt      time.Time         `json:"ends_at,omitzero"`
}

func firing(moment time.Time) []byte {
	return encode(alert{Status: alerts.Firing, StartsAt: moment.UTC()})
}

func resolved(moment time.Time) []byte {
	return encode(alert{Status: alerts.Resolved, StartsAt: moment.UTC(), EndsAt: time.Now().UTC()})
}

func encode(a alert) []byte {
	a.Labels = map[string]string{"alertname": "TocsinBeat"}
	a.Annotations = map[string]string{"summary": "Drill: a synthetic alert that feeds the watchdog"}
	data, err := json.Marshal(a)
	if err != nil {
		panic(fmt.Sprintf("beat: encode the alert: %v", err)) // plain data: cannot happen
	}
	return data
}
