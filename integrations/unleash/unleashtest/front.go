package unleashtest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Fate is what befalls one request that turns a flag.
type Fate int

// The fates. Arrives is none.
const (
	Arrives Fate = iota
	// AnswerLost: Unleash does it, and nobody hears of it.
	AnswerLost
	// CallLost: it never arrives.
	CallLost
	// Fails: what stands in front answers 502 after Unleash did it.
	Fails
	// Lies: what stands in front answers that all is well, and passes nothing on.
	Lies
	// Busy: it is one request too many.
	Busy
)

// Front stands between an Unleash and whoever asks it.
type Front struct {
	// Fates befall the requests that turn a flag, one after the other.
	Fates []Fate
	// Say is told of each that arrives.
	Say func(format string, args ...any)

	mu sync.Mutex
}

// Start stands in front of a server, and returns the address to ask at.
func (f *Front) Start(t testing.TB, s *Server) string {
	t.Helper()
	to, err := url.Parse(s.URL)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			proxy.ServeHTTP(w, r)
			return
		}
		f.turn(w, r, proxy)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func (f *Front) turn(w http.ResponseWriter, r *http.Request, unleash http.Handler) {
	fate := f.next()
	if fate != CallLost && fate != Lies && fate != Busy {
		f.say(r)
	}
	switch fate {
	case Arrives:
		unleash.ServeHTTP(w, r)
	case AnswerLost:
		unleash.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case CallLost:
		panic(http.ErrAbortHandler)
	case Fails:
		unleash.ServeHTTP(httptest.NewRecorder(), r)
		http.Error(w, "<html>bad gateway</html>", http.StatusBadGateway)
	case Lies:
		w.WriteHeader(http.StatusOK)
	case Busy:
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

func (f *Front) next() Fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.Fates) == 0 {
		return Arrives
	}
	fate := f.Fates[0]
	f.Fates = f.Fates[1:]
	return fate
}

func (f *Front) say(r *http.Request) {
	if f.Say == nil {
		return
	}
	parts := strings.Split(r.URL.Path, "/")
	f.Say("turns %s %s", parts[len(parts)-4], parts[len(parts)-1])
}
