// Package prometheus asks a Prometheus server, or one that speaks its HTTP
// interface, how a metric stands now.
package prometheus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

const defaultTimeout = 10 * time.Second

// Config says which server is asked.
type Config struct {
	// URL is the server's address with the path below which its interface
	// lives, such as "https://prometheus.example.com".
	URL string
	// Token is sent as a bearer token; empty sends none.
	Token string
	// Timeout bounds one query, here and at the server; zero is 10 seconds.
	Timeout time.Duration
	// Log receives the warnings that come with an answer; nil discards them.
	Log *slog.Logger
}

// Metrics answers instant queries. It is safe for concurrent use.
type Metrics struct {
	api     v1.API
	timeout time.Duration
	log     *slog.Logger
}

// New returns the metrics of the configured server. It fails with Invalid
// when its address is none.
func New(config Config) (*Metrics, error) {
	base, err := rest.ParseBase(config.URL)
	if err != nil {
		return nil, fmt.Errorf("correct TOCSIN_PROMETHEUS_URL: %w", err)
	}
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	config.Log = cmp.Or(config.Log, slog.New(slog.DiscardHandler))
	client := &transport{base: base, token: config.Token, client: rest.New(rest.Config{
		Name: "the metrics server", Timeout: config.Timeout, Credentials: "TOCSIN_PROMETHEUS_TOKEN",
		Explain: explain, Secrets: []string{config.Token, base.Host},
	})}
	return &Metrics{api: v1.NewAPI(client), timeout: config.Timeout, log: config.Log}, nil
}

// Query evaluates an expression at the server's present. The expression must
// give one series: several are Invalid, as is an expression that the server
// does not understand. No series, NaN and the infinities are a measurement
// that was not found. A server that does not answer is Unavailable.
func (m *Metrics) Query(ctx context.Context, expr string) (incident.Measurement, error) {
	value, warnings, err := m.ask(ctx, expr)
	if err != nil {
		return incident.Measurement{}, err
	}
	if len(warnings) > 0 {
		m.log.WarnContext(ctx, "the metrics server warned about a query", "query", expr, "warnings", warnings)
	}
	return measure(value)
}

func (m *Metrics) ask(ctx context.Context, expr string) (model.Value, v1.Warnings, error) {
	value, warnings, _, err := m.api.Query(ctx, expr, time.Time{}, v1.WithTimeout(m.timeout))
	if err == nil {
		return value, warnings, nil
	}
	status, isStatus := errors.AsType[*rest.StatusError](err)
	if isStatus && (status.Code == http.StatusBadRequest || status.Code == http.StatusUnprocessableEntity) {
		if reason := explain(status.Body); reason != "" {
			return nil, nil, incident.Errorf(incident.Invalid, "correct the query: %s", reason)
		}
	}
	if incident.KindOf(err) == "" {
		return nil, nil, incident.Errorf(incident.Unavailable, "the metrics server answered JSON that cannot be understood")
	}
	return nil, nil, err
}

// explain is what the server itself says of an error.
func explain(body []byte) string {
	var answer struct {
		Type string `json:"errorType"`
		Text string `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Type == "" {
		return ""
	}
	return answer.Text
}

func measure(value model.Value) (incident.Measurement, error) {
	switch v := value.(type) {
	case model.Vector:
		if len(v) > 1 {
			return incident.Measurement{}, incident.Errorf(incident.Invalid,
				"the query gives %d series and must give one: aggregate it, for example with sum()", len(v))
		}
		if len(v) == 1 {
			return sample(v[0].Value, v[0].Timestamp), nil
		}
		return incident.Measurement{}, nil
	case *model.Scalar:
		return sample(v.Value, v.Timestamp), nil
	default:
		return incident.Measurement{}, incident.Errorf(incident.Invalid,
			"the query gives a %s and must give an instant vector of one series", value.Type())
	}
}

// sample takes what is no number for no data: NaN is 0/0, and an infinity is
// a division by zero as well.
func sample(value model.SampleValue, at model.Time) incident.Measurement {
	v := float64(value)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return incident.Measurement{}
	}
	return incident.Measurement{Value: v, At: at.Time().UTC(), Found: true}
}
