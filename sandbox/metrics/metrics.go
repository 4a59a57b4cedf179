package metrics

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/disk"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

// The error ratios of a service by itself.
const (
	healthyRatio = 0.002
	badRatio     = 0.31
)

// Health is what the metrics want to know of one service.
type Health struct {
	Service, Revision string
	// Bad says that what is deployed makes it fail.
	Bad bool
}

// Config says how the metrics source is set up.
type Config struct {
	// Services tells the health of every service at the moment of each look;
	// nil has none.
	Services func() []Health
	// Dir keeps what was set by hand in a file of that directory; empty keeps
	// none.
	Dir string
}

// Series is one series and its current value.
type Series struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	Value  Value             `json:"value"`
	// Absent hides a series that a service would have.
	Absent bool `json:"absent,omitempty"`
	// ByHand says that the value was set and is not the service's own.
	ByHand bool `json:"by_hand,omitempty"`
}

// Value is a sample's value. In JSON it is a number, or a text for what JSON
// has no number for: "NaN", "+Inf", "-Inf".
type Value float64

// MarshalJSON writes a number, or a text where there is none.
func (v Value) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return json.Marshal(v.String())
	}
	return json.Marshal(float64(v))
}

// UnmarshalJSON reads a number, or the text of one.
func (v *Value) UnmarshalJSON(data []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil {
		return fmt.Errorf("value %s is no number, use a number, \"NaN\", \"+Inf\" or \"-Inf\"", data)
	}
	*v = Value(f)
	return nil
}

// String is the value as Prometheus writes it.
func (v Value) String() string {
	switch f := float64(v); {
	case math.IsInf(f, 1):
		return "+Inf"
	case math.IsInf(f, -1):
		return "-Inf"
	default:
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
}

var (
	namePattern  = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	labelPattern = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

func (s Series) check() error {
	if !namePattern.MatchString(s.Name) {
		return fmt.Errorf("name %q is no metric name, it has letters, digits, underscores and colons", s.Name)
	}
	for label := range s.Labels {
		if !labelPattern.MatchString(label) || strings.HasPrefix(label, "__") {
			return fmt.Errorf("label %q is no label name, it has letters, digits and underscores", label)
		}
	}
	return nil
}

// String is the series as a selector, labels in order.
func (s Series) String() string {
	if len(s.Labels) == 0 {
		return s.Name
	}
	var out strings.Builder
	out.WriteString(s.Name + "{")
	for i, label := range slices.Sorted(maps.Keys(s.Labels)) {
		if i > 0 {
			out.WriteString(",")
		}
		fmt.Fprintf(&out, "%s=\"%s\"", label, escape(s.Labels[label]))
	}
	out.WriteString("}")
	return out.String()
}

func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text)
}

// Server is the metrics source. It serves HTTP at /metrics, /metrics-page and
// below /metrics/ and /prometheus/.
type Server struct {
	// Faults makes the operations "scrape" and "query" misbehave.
	Faults *fault.Injector

	config Config
	mux    *http.ServeMux
	pages  *page.Set
	byHand *disk.Kept[map[string]Series]
}

// New returns a metrics source as configured, with what was set by hand kept
// in its directory if there is one. It fails when that cannot be read. Close
// it.
func New(config Config) (*Server, error) {
	if config.Services == nil {
		config.Services = func() []Health { return nil }
	}
	s := &Server{
		config: config, mux: http.NewServeMux(), pages: page.Must(templates), Faults: fault.New("scrape", "query"),
	}
	var err error
	if s.byHand, err = disk.Keep(config.Dir, "metrics", map[string]Series{}); err != nil {
		return nil, err
	}
	s.route()
	return s, nil
}

// Close lets held requests go.
func (s *Server) Close() { s.Faults.Clear() }

// ServeHTTP answers the paths of the metrics source.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Set gives a series a value by hand, or hides it when it is absent. It fails
// for a name or label that Prometheus would not accept.
func (s *Server) Set(series Series) error {
	if err := series.check(); err != nil {
		return err
	}
	series.ByHand = true
	return s.byHand.Change(func(set *map[string]Series) { (*set)[series.String()] = series })
}

// Reset gives a series back to its service, or with an empty name all of
// them. It fails when that cannot be kept.
func (s *Server) Reset(series Series) error {
	return s.byHand.Change(func(set *map[string]Series) {
		if series.Name == "" {
			clear(*set)
		}
		delete(*set, series.String())
	})
}

// Series returns every series as it is now, by name and labels.
func (s *Server) Series() []Series {
	all := map[string]Series{}
	for _, h := range s.config.Services() {
		for _, series := range h.series() {
			all[series.String()] = series
		}
	}
	s.byHand.Look(func(set *map[string]Series) { maps.Copy(all, *set) })
	out := slices.DeleteFunc(slices.Collect(maps.Values(all)), func(s Series) bool { return s.Absent })
	slices.SortFunc(out, func(a, b Series) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.String(), b.String()))
	})
	return out
}

func (h Health) series() []Series {
	ratio := Value(healthyRatio)
	if h.Bad {
		ratio = badRatio
	}
	labels := map[string]string{"service": h.Service}
	return []Series{
		{Name: "shop_http_error_ratio", Labels: labels, Value: ratio},
		{Name: "shop_http_requests_per_second", Labels: labels, Value: 120},
		{Name: "shop_deployment_info", Labels: map[string]string{"service": h.Service, "revision": h.Revision}, Value: 1},
	}
}
