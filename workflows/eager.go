package workflows

import (
	"context"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

type eagerKey struct{}

// watchEager returns a context by which ReportEager says whether a start was
// answered with its first task.
func watchEager(ctx context.Context, eager *bool) context.Context {
	return context.WithValue(ctx, eagerKey{}, eager)
}

// ReportEager is a gRPC interceptor for the client's connection. The SDK does
// not say whether a start was eager, and silently falls back to a slower way
// when it was not.
func ReportEager(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoke(ctx, method, req, reply, cc, opts...)
	if started, ok := reply.(*workflowservice.StartWorkflowExecutionResponse); ok && err == nil {
		if eager, ok := ctx.Value(eagerKey{}).(*bool); ok {
			*eager = started.GetEagerWorkflowTask() != nil
		}
	}
	return err
}
