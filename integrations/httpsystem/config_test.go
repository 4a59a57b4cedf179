package httpsystem_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/httpsystem"
	"github.com/tocsinhq/tocsin/systems"
)

func TestBadConfigurations(t *testing.T) {
	t.Parallel()
	one := func(c httpsystem.Call) func(*httpsystem.Config) {
		return func(all *httpsystem.Config) { all.Calls = []httpsystem.Call{c} }
	}
	for want, change := range map[string]func(c *httpsystem.Config){
		"correct url: the address must start with":           func(c *httpsystem.Config) { c.URL = "cache" },
		"correct url: the address must not hold a user name": func(c *httpsystem.Config) { c.URL = "https://a:b@cache" },
		"correct timeout": func(c *httpsystem.Config) { c.Timeout = time.Hour },
		"token_file names a file that cannot be read": func(c *httpsystem.Config) { c.TokenFile = "/nowhere" },
		"list its calls":                                  func(c *httpsystem.Config) { c.Calls = nil },
		"its method is none of GET":                       one(httpsystem.Call{Path: "/a"}),
		"its path must begin with /":                      one(httpsystem.Call{Method: "GET", Path: "a"}),
		"its path must not have empty parts":              one(httpsystem.Call{Method: "GET", Path: "/a//b"}),
		"its path has braces that are not a whole part":   one(httpsystem.Call{Method: "GET", Path: "/a{b}"}),
		"its path has {b}, which means something already": one(httpsystem.Call{Method: "GET", Path: "/{b}/{b}"}),
		"its path has {incident}":                         one(httpsystem.Call{Method: "GET", Path: "/{incident}"}),
		"where says what {c} is, and its path has none":   one(httpsystem.Call{Method: "GET", Path: "/{b}", Where: map[string]string{"c": "x"}}),
		"where says of {b} what is no regular expression": one(httpsystem.Call{Method: "GET", Path: "/{b}", Where: map[string]string{"b": "("}}),
		"it has a body and takes one":                     one(httpsystem.Call{Method: "PUT", Path: "/a", Body: "x", TakesBody: true}),
		"it only reads":                                   one(httpsystem.Call{Method: "GET", Path: "/a", TakesBody: true}),
		"its verify does not say what the answer holds":   one(httpsystem.Call{Method: "PUT", Path: "/a", Verify: &httpsystem.Verify{Path: "/a"}}),
		"its undo's method is none of POST":               one(httpsystem.Call{Method: "PUT", Path: "/a", Undo: &httpsystem.Undo{Method: "GET", Path: "/a"}}),
		"it expects what is no status from 200 to 299":    one(httpsystem.Call{Method: "PUT", Path: "/a", Expect: []int{500}}),
		"{b} is not in its path":                          one(httpsystem.Call{Method: "PUT", Path: "/a", Body: map[string]any{"x": []any{"{b}"}}}),
		"{c} is not in its path":                          one(httpsystem.Call{Method: "PUT", Path: "/a", Verify: &httpsystem.Verify{Path: "/{c}", Holds: "x"}}),
		"{d} is not in its path":                          one(httpsystem.Call{Method: "PUT", Path: "/a", Undo: &httpsystem.Undo{Method: "PUT", Path: "/{d}"}}),
	} {
		config := httpsystem.Config{Name: "cache", URL: "https://cache.example.org", Calls: calls()}
		change(&config)
		_, err := httpsystem.New(config)
		require.Equal(t, incident.Invalid, incident.KindOf(err), want)
		require.ErrorContains(t, err, want)
	}
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/v1/caches/users", "/v1/caches/../x", "//x", "/%2e", "/v1/flags/a b", "/v1/flags/\x00", "/v1/flags/ü{flag}"} {
		f.Add(seed)
	}
	s, err := httpsystem.New(httpsystem.Config{Name: "cache", URL: "https://cache.example.org/admin", Calls: calls()})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, path string) {
		for _, method := range []string{"GET", "PUT"} {
			plan, err := s.Plan(request(method, path))
			if err != nil {
				require.Contains(t, []incident.Kind{incident.Invalid, incident.Forbidden}, incident.KindOf(err))
				continue
			}
			require.Regexp(t, `^(GET /v1/caches|PUT /v1/flags)/[^/?#\s\\]+$`, plan.Line)
		}
	})
}

func request(method, path string) systems.HTTPRequest {
	r := systems.HTTPRequest{Method: method, Path: path}
	if method == "PUT" {
		r.Body = "{}"
	}
	return r
}
