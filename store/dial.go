package store

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

var _ pq.DialerContext = dialer{}

// dialer makes connections that do not wait for an answer for ever.
type dialer struct{}

// Dial implements pq.Dialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout implements pq.Dialer.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext implements pq.DialerContext.
func (dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &mindful{Conn: conn}, nil
}

// mindful ends a read that takes too long. The driver reads only while it
// waits for an answer.
type mindful struct {
	net.Conn
	// set says that the driver has set a deadline of its own.
	set atomic.Bool
}

// SetDeadline leaves the time to whoever calls it, until it is zero again.
func (m *mindful) SetDeadline(t time.Time) error {
	m.set.Store(!t.IsZero())
	return m.Conn.SetDeadline(t)
}

// Read reads within the time that an answer may take.
func (m *mindful) Read(p []byte) (int, error) {
	if !m.set.Load() {
		if err := m.SetReadDeadline(time.Now().Add(answering)); err != nil {
			return 0, err
		}
	}
	return m.Conn.Read(p)
}
