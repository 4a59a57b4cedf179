package kill_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// gate lies between one process and Temporal, and stops a call where it is
// told to: before Temporal hears of it, or before the caller hears the answer.
type gate struct {
	conn *grpc.ClientConn

	mu     sync.Mutex
	trap   trap
	caught chan func()
}

// trap says which call is stopped.
type trap struct {
	method string // "StartWorkflowExecution"; empty stops nothing
	after  bool   // Temporal has answered
	about  string // what the request must hold
}

// newGate returns a gate to Temporal, and its address.
func newGate(t *testing.T, engine string) (*gate, string) {
	t.Helper()
	conn, err := grpc.NewClient(engine, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	g := &gate{conn: conn, caught: make(chan func(), 1)}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(g.pass))
	go func() { _ = server.Serve(l) }() // it reports nothing but the end we asked for
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, conn.Close())
	})
	return g, l.Addr().String()
}

// set arms the gate. What it catches comes with the function that lets it go.
func (g *gate) set(next trap) <-chan func() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trap = next
	return g.caught
}

// pass passes one call on.
func (g *gate) pass(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	var request, answer []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	g.stop(stream.Context(), method, request, false)
	md, _ := metadata.FromIncomingContext(stream.Context())
	ctx := metadata.NewOutgoingContext(stream.Context(), md)
	if err := g.conn.Invoke(ctx, method, &request, &answer, grpc.ForceCodec(raw{})); err != nil {
		return err
	}
	g.stop(stream.Context(), method, request, true)
	return stream.SendMsg(&answer)
}

// stop holds a call that falls into the trap until it is let go or the caller
// is gone.
func (g *gate) stop(ctx context.Context, method string, request []byte, after bool) {
	g.mu.Lock()
	hit := g.trap.method != "" && strings.HasSuffix(method, "/"+g.trap.method) && g.trap.after == after &&
		bytes.Contains(request, []byte(g.trap.about))
	if hit {
		g.trap = trap{}
	}
	g.mu.Unlock()
	if !hit {
		return
	}
	free := make(chan struct{})
	g.caught <- sync.OnceFunc(func() { close(free) })
	select {
	case <-free:
	case <-ctx.Done():
	}
}

// raw is a codec that leaves messages as they are.
type raw struct{}

// Marshal returns the bytes.
func (raw) Marshal(v any) ([]byte, error) {
	bytes, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("%T is no message", v)
	}
	return *bytes, nil
}

// Unmarshal keeps the bytes.
func (raw) Unmarshal(data []byte, v any) error {
	bytes, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is no message", v)
	}
	*bytes = append([]byte(nil), data...)
	return nil
}

// Name names the codec as gRPC's own, which is what is inside.
func (raw) Name() string { return "proto" }
