package rest_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/integrations/rest"
)

// wire lies between a client and a server, and can lose what goes over the
// connections that are open without closing them, as a network does that
// forgot them.
type wire struct {
	target string
	opened chan *atomic.Bool
}

func (w *wire) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.target)
		if err != nil {
			return
		}
		lost := &atomic.Bool{}
		w.opened <- lost
		for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
			go func() { _, _ = io.Copy(way[1], through{way[0], lost}) }()
		}
	}
}

// through reads, and once it is lost, nothing.
type through struct {
	io.Reader
	lost *atomic.Bool
}

func (t through) Read(p []byte) (int, error) {
	for {
		n, err := t.Reader.Read(p)
		if !t.lost.Load() || err != nil {
			return n, err
		}
	}
}

// TestAConnectionThatDiedSilentlyIsGivenUp tries again and again, as a page is:
// not for ever over the same dead connection.
func TestAConnectionThatDiedSilentlyIsGivenUp(t *testing.T) {
	server := httptest.NewUnstartedServer(answer(200, "application/json", "{}"))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	w := &wire{server.Listener.Addr().String(), make(chan *atomic.Bool, 10)}
	go w.serve(l)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client := rest.New(rest.Config{Name: "the shop", Timeout: 500 * time.Millisecond, TLS: &tls.Config{RootCAs: roots}})
	try := func() error {
		return client.JSON(t.Context(), rest.Call{Method: http.MethodPost, URL: "https://" + l.Addr().String(), Body: 1}, nil)
	}
	require.NoError(t, try())
	(<-w.opened).Store(true)
	require.Error(t, try())
	require.Eventually(t, func() bool { return try() == nil }, 20*time.Second, 10*time.Millisecond)
}
