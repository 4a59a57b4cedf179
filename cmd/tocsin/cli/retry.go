package cli

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

const (
	// tries is how often one request is sent at most.
	tries = 3
	// longestWait bounds what a server may make one wait between two tries.
	longestWait = 30 * time.Second
	// answerWithin is how long a server may take to begin its answer.
	answerWithin = 30 * time.Second
)

// patient returns a client that repeats what a server asks to repeat, and
// says so.
func patient(log io.Writer) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = answerWithin
	return &http.Client{Transport: retrier{t, log}}
}

// retrier sends a request again after a 503 that says when. It is the same
// request, with the same Idempotency-Key.
type retrier struct {
	next http.RoundTripper
	log  io.Writer
}

// RoundTrip sends a request.
func (r retrier) RoundTrip(request *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		response, err := r.next.RoundTrip(request)
		if err != nil || try == tries || !repeatable(request) {
			return response, err
		}
		wait, asked := retryAfter(response)
		if !asked {
			return response, nil
		}
		again, err := rewound(request)
		if err != nil {
			return response, nil //nolint:nilerr // it cannot be sent again: the answer stands
		}
		_ = response.Body.Close()
		_, _ = fmt.Fprintf(r.log, "tocsin: the server is not ready; trying again in %s (%d of %d)\n", catalog.FormatDuration(wait), try+1, tries)
		if err := sleep(request, wait); err != nil {
			return nil, err
		}
		request = again
	}
}

// repeatable says whether sending a request twice does no more than once.
func repeatable(r *http.Request) bool {
	return r.Method != http.MethodPost || r.Header.Get("Idempotency-Key") != ""
}

func retryAfter(r *http.Response) (time.Duration, bool) {
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if r.StatusCode != http.StatusServiceUnavailable || err != nil || seconds < 0 {
		return 0, false
	}
	return min(time.Duration(seconds)*time.Second, longestWait), true
}

// rewound returns the request with its body at the start.
func rewound(r *http.Request) (*http.Request, error) {
	again := r.Clone(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return again, nil
	}
	if r.GetBody == nil {
		return nil, fmt.Errorf("%s %s has a body that is gone", r.Method, r.URL.Path)
	}
	body, err := r.GetBody()
	again.Body = body
	return again, err
}

func sleep(r *http.Request, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return r.Context().Err()
	case <-timer.C:
		return nil
	}
}
