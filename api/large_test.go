package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/changes"
)

// A push lists all its commits. Whoever sends it is not known before it was read.
func TestLargeWebhooksAreTakenAFewAtOnce(t *testing.T) {
	const path, large = "/v1/webhooks/github", 25 << 20
	held, release := make(chan int), make(chan struct{})
	w := newWorld(t, func(config *api.Config) {
		config.Catalogs = apitest.Catalogs{Store: apitest.NewStore(example(t))}
		config.ReadGitHub = func(_ http.Header, body []byte) (changes.InRepository, error) {
			if len(body) > 1<<20 {
				held <- len(body)
				<-release
			}
			return changes.InRepository{}, nil
		}
	})
	full := strings.Repeat(" ", large)
	w.do("", "POST", path, full+" ").problem(413, "too-large")
	answers := make(chan int)
	for range 3 {
		go func() { answers <- w.do("", "POST", path, full).status }()
	}
	require.Equal(t, large, <-held)
	require.Equal(t, large, <-held)
	w.do("", "POST", path, "{}").want(202)
	select {
	case <-held:
		require.Fail(t, "a third one is held")
	default:
	}
	release <- struct{}{}
	require.Equal(t, large, <-held, "the third one has waited")
	close(release)
	for range 3 {
		require.Equal(t, 202, <-answers)
	}
}
