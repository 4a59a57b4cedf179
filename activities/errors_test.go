package activities_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

func TestFailTranslatesKinds(t *testing.T) {
	tests := map[incident.Kind]bool{
		incident.Permanent:       true,
		incident.Invalid:         true,
		incident.Conflict:        true,
		incident.Refused:         true,
		incident.NotFound:        true,
		incident.Forbidden:       true,
		incident.Unavailable:     false,
		incident.Unauthenticated: false,
	}
	for kind, final := range tests {
		t.Run(string(kind), func(t *testing.T) {
			err := activities.Fail(fmt.Errorf("doing it: %w", incident.Errorf(kind, "it would not")))
			var failed *temporal.ApplicationError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, string(kind), failed.Type())
			require.Equal(t, "it would not", failed.Message())
			require.Equal(t, final, failed.NonRetryable())

			back := activities.Known(err)
			require.Equal(t, kind, incident.KindOf(back))
			require.EqualError(t, back, "it would not")
		})
	}
}

func TestFailKeepsWhatIsMissingAndTheWait(t *testing.T) {
	err := activities.Fail(&incident.Error{
		Kind: incident.Refused, Message: "not yet", Missing: []string{"a fix"}, RetryAfter: time.Minute,
	})
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, time.Minute, failed.NextRetryDelay())
	var back *incident.Error
	require.ErrorAs(t, activities.Known(err), &back)
	require.Equal(t, []string{"a fix"}, back.Missing)
}

func TestFailKeepsAddressesOutOfHistory(t *testing.T) {
	inner := &url.Error{Op: "Post", URL: "https://deploy.example.net/token", Err: errors.New("no route to deploy.example.net")}
	err := activities.Fail(fmt.Errorf("calling https://deploy.example.net: %w", inner))
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.NotContains(t, fmt.Sprintf("%+v", err), "example.net")
	require.False(t, failed.NonRetryable())
	require.Empty(t, failed.Type())
	require.Equal(t, incident.Kind(""), incident.KindOf(activities.Known(err)))
}

func TestFailLeavesAlone(t *testing.T) {
	for _, err := range []error{nil, context.Canceled, fmt.Errorf("waiting: %w", context.DeadlineExceeded)} {
		require.Equal(t, err, activities.Fail(err))
	}
}

func TestKnownLeavesAlone(t *testing.T) {
	for _, err := range []error{nil, temporal.NewCanceledError(), errors.New("another")} {
		require.Equal(t, err, activities.Known(err))
	}
}

func TestKnownSaysOfATimeOutThatTheOutsideIsAway(t *testing.T) {
	err := activities.Known(temporal.NewTimeoutError(0, nil))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}
