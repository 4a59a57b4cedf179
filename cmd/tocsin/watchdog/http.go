package watchdog

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler answers beats at /beat/SECRET, by GET or POST; at /healthz with 503
// while no route takes a page; and at /metrics.
func (w *Watchdog) Handler(registry prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /beat/{secret}", w.hear)
	mux.HandleFunc("POST /beat/{secret}", w.hear)
	mux.HandleFunc("GET /healthz", w.health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

// hear takes a beat in, and does not say what was wrong with another call.
func (w *Watchdog) hear(out http.ResponseWriter, r *http.Request) {
	got, want := sha256.Sum256([]byte(r.PathValue("secret"))), sha256.Sum256([]byte(w.config.Secret))
	if r.Method == http.MethodHead || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		w.metrics.beats.WithLabelValues("refused").Inc()
		http.NotFound(out, r)
		return
	}
	w.Beat()
	out.Header().Set("Cache-Control", "no-store")
	_, _ = out.Write([]byte("OK\n")) // whoever hung up has beaten all the same
}

func (w *Watchdog) health(out http.ResponseWriter, _ *http.Request) {
	if err := w.Speaks(); err != nil {
		http.Error(out, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = out.Write([]byte("ok\n")) // nobody is left to tell
}

// NewServer returns a server for the handler that nobody can keep busy: what
// it answers is short, and bodies are not read.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
}
