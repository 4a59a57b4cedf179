package devserver

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"go.temporal.io/server/common/primitives"
)

// addresses are where the parts of one server listen.
type addresses struct {
	frontend *net.TCPAddr
	http     *net.TCPAddr // the frontend's HTTP interface, without which it warns at each start
	ui       *net.TCPAddr // nil without a UI
	inner    map[primitives.ServiceName]*net.TCPAddr
}

// reserve chooses the addresses of a server, and finds out before anything has
// started whether one that was asked for is taken.
func reserve(cfg Config) (addresses, error) {
	a := addresses{inner: map[primitives.ServiceName]*net.TCPAddr{}}
	var err error
	if a.frontend, err = listenable(cfg.FrontendAddr); err != nil {
		return addresses{}, err
	}
	if cfg.UIAddr != "" {
		if a.ui, err = listenable(cfg.UIAddr); err != nil {
			return addresses{}, fmt.Errorf("the web UI: %w", err)
		}
	}
	if a.http, err = freePort(a.frontend.IP); err != nil {
		return addresses{}, err
	}
	for _, name := range []primitives.ServiceName{
		primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
	} {
		if a.inner[name], err = freePort(loopback()); err != nil {
			return addresses{}, err
		}
	}
	return a, nil
}

func loopback() net.IP { return net.IPv4(127, 0, 0, 1) }

// listenable resolves a host:port to an address that can be listened on, and
// checks that it is free: the server itself would end the process if not.
// Without a host it means the loopback interface.
func listenable(hostPort string) (*net.TCPAddr, error) {
	addr, err := net.ResolveTCPAddr("tcp", hostPort)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", hostPort, err)
	}
	if addr.IP == nil {
		addr.IP = loopback()
	}
	if addr.Port == 0 {
		return freePort(addr.IP)
	}
	listener, err := net.ListenTCP("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s: stop it, or choose another address: %w", addr, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return addr, listener.Close()
}

// freePort returns a port of ip that nothing uses, and that the system gives to
// nobody else for a while: a connection closed from the listener's side keeps
// the port waiting, which an explicit listen may ignore.
func freePort(ip net.IP) (*net.TCPAddr, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip})
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	chosen := &net.TCPAddr{IP: ip, Port: listener.Addr().(*net.TCPAddr).Port}

	dialled, err := net.DialTCP("tcp", nil, dialable(chosen))
	if err != nil {
		return nil, fmt.Errorf("hold port %d: %w", chosen.Port, err)
	}
	defer dialled.Close()
	accepted, err := listener.Accept()
	if err != nil {
		return nil, fmt.Errorf("hold port %d: %w", chosen.Port, err)
	}
	return chosen, accepted.Close()
}

// dialable returns the address that reaches a listener from this machine: one
// that listens on all interfaces is reached through the loopback one.
func dialable(addr *net.TCPAddr) *net.TCPAddr {
	if !addr.IP.IsUnspecified() {
		return addr
	}
	return &net.TCPAddr{IP: loopback(), Port: addr.Port}
}
