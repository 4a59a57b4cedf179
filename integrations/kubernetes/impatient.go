package kubernetes

import "net/http"

// impatient takes the time out of an answer that asks for another try later:
// the library would wait for that long, ten seconds for a PodDisruptionBudget
// that is being looked at, and the request be over before it says why. Who tries
// again here is the caller.
type impatient struct{ http.RoundTripper }

// RoundTrip makes one request.
func (i impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := i.RoundTripper.RoundTrip(r)
	if answer != nil {
		answer.Header.Del("Retry-After")
	}
	return answer, err
}
