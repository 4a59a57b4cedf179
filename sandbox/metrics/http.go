package metrics

import (
	"embed"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/internal/page"
	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

//go:embed templates
var templates embed.FS

// maxPoints is how many steps a range query may have, as in Prometheus.
const maxPoints = 11_000

func (s *Server) route() {
	s.mux.Handle("GET /metrics", s.Faults.Wrap("scrape", http.HandlerFunc(s.exposition)))
	for _, method := range []string{"GET", "POST"} {
		s.mux.Handle(method+" /prometheus/api/v1/query", s.Faults.Wrap("query", http.HandlerFunc(s.query)))
		s.mux.Handle(method+" /prometheus/api/v1/query_range", s.Faults.Wrap("query", http.HandlerFunc(s.queryRange)))
	}
	s.mux.HandleFunc("GET /metrics/api/series", func(w http.ResponseWriter, _ *http.Request) {
		wire.Write(w, http.StatusOK, map[string]any{"series": append([]Series{}, s.Series()...)})
	})
	s.mux.HandleFunc("POST /metrics/api/series", s.edit(s.Set))
	s.mux.HandleFunc("DELETE /metrics/api/series", s.edit(s.Reset))
	s.mux.Handle("/metrics/_faults", s.Faults.Handler())
	s.mux.HandleFunc("GET /metrics-page", s.metricsPage)
	s.mux.HandleFunc("POST /metrics-page", s.setAtPage)
}

func (s *Server) exposition(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	last := ""
	for _, series := range s.Series() {
		if series.Name != last {
			_, _ = fmt.Fprintf(w, "# TYPE %s gauge\n", series.Name)
			last = series.Name
		}
		_, _ = fmt.Fprintf(w, "%s %s\n", series, series.Value)
	}
}

func (s *Server) edit(do func(Series) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in Series
		if !wire.Read(w, r, &in) {
			return
		}
		if err := do(in); err != nil {
			wire.Refuse(w, http.StatusBadRequest, "bad-series", err.Error())
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// result is one series of a query's answer, in Prometheus' form.
type result struct {
	Metric map[string]string `json:"metric"`
	Value  *[2]any           `json:"value,omitempty"`
	Values [][2]any          `json:"values,omitempty"`
}

func sample(at time.Time, v Value) [2]any {
	return [2]any{float64(at.UnixMilli()) / 1000, v.String()}
}

func (s *Server) find(selector string) ([]Series, error) {
	matchers, err := parseSelector(selector)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(s.Series(), func(series Series) bool {
		return slices.ContainsFunc(matchers, func(m matcher) bool { return !m.matches(series) })
	}), nil
}

func metric(s Series) map[string]string {
	labels := map[string]string{"__name__": s.Name}
	maps.Copy(labels, s.Labels)
	return labels
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxBody)
	at := time.Now()
	if text := r.FormValue("time"); text != "" {
		var err error
		if at, err = parseTime(text); err != nil {
			badData(w, err)
			return
		}
	}
	s.answer(w, r, "vector", func(series Series) result {
		value := sample(at, series.Value)
		return result{Metric: metric(series), Value: &value}
	})
}

func (s *Server) queryRange(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxBody)
	times, err := steps(r.FormValue("start"), r.FormValue("end"), r.FormValue("step"))
	if err != nil {
		badData(w, err)
		return
	}
	s.answer(w, r, "matrix", func(series Series) result {
		one := result{Metric: metric(series)}
		for _, at := range times {
			one.Values = append(one.Values, sample(at, series.Value))
		}
		return one
	})
}

// answer finds what a query asks for.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, kind string, render func(Series) result) {
	found, err := s.find(r.FormValue("query"))
	if err != nil {
		badData(w, err)
		return
	}
	results := []result{}
	for _, series := range found {
		results = append(results, render(series))
	}
	wire.Write(w, http.StatusOK, map[string]any{
		"status": "success", "data": map[string]any{"resultType": kind, "result": results},
	})
}

func badData(w http.ResponseWriter, err error) {
	wire.Write(w, http.StatusBadRequest, map[string]string{"status": "error", "errorType": "bad_data", "error": err.Error()})
}

// parseTime reads seconds since 1970 or RFC 3339.
func parseTime(text string) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(seconds) < 1e11 {
		return time.UnixMilli(int64(seconds * 1000)), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", text)
	}
	return at, nil
}

func steps(from, to, every string) ([]time.Time, error) {
	start, err := parseTime(from)
	if err != nil {
		return nil, fmt.Errorf("invalid parameter \"start\": %w", err)
	}
	end, err := parseTime(to)
	if err != nil {
		return nil, fmt.Errorf("invalid parameter \"end\": %w", err)
	}
	step, err := time.ParseDuration(every)
	if seconds, number := strconv.ParseFloat(every, 64); number == nil {
		step, err = time.Duration(seconds*float64(time.Second)), nil
	}
	switch {
	case err != nil || step <= 0:
		return nil, fmt.Errorf("invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer")
	case end.Before(start):
		return nil, fmt.Errorf("invalid parameter \"end\": end timestamp must not be before start time")
	case end.Sub(start)/step > maxPoints:
		return nil, fmt.Errorf("exceeded maximum resolution of %d points per timeseries. Try increasing the value of the step parameter", maxPoints)
	}
	var out []time.Time
	for at := start; !at.After(end); at = at.Add(step) {
		out = append(out, at)
	}
	return out, nil
}

func (s *Server) metricsPage(w http.ResponseWriter, _ *http.Request) {
	s.pages.Write(w, "metrics.html", http.StatusOK, page.View{Title: "Metrics", Part: "metrics", Data: s.Series()})
}

// setAtPage sets one of the series that are shown, or gives it back.
func (s *Server) setAtPage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxBody)
	shown := s.Series()
	i := slices.IndexFunc(shown, func(series Series) bool { return series.String() == r.PostFormValue("series") })
	if i < 0 {
		http.Error(w, "There is no such series; go back to /metrics-page.", http.StatusNotFound)
		return
	}
	do := s.Reset
	if text := r.PostFormValue("value"); text != "" {
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			http.Error(w, "Give a number, for example 0.3.", http.StatusBadRequest)
			return
		}
		shown[i].Value = Value(value)
		do = s.Set
	}
	if err := do(shown[i]); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/metrics-page", http.StatusSeeOther)
}
