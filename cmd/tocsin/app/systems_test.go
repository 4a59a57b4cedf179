package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/systems"
	"github.com/tocsinhq/tocsin/worker"
)

func connect(t *testing.T, text string) (worker.Parts, error) {
	t.Helper()
	var p worker.Parts
	s, err := app.LoadSystems(file(t, text))
	if err == nil {
		_, err = s.Connect(&p)
	}
	return p, err
}

const cache = "name: cache, url: 'https://cache.example.org', calls: [{method: GET, path: /a}]"

func TestSystemsAreThereByName(t *testing.T) {
	t.Parallel()
	p, err := connect(t, "http: [{"+cache+"}]\n")
	require.NoError(t, err)
	_, err = p.HTTP.PlanHTTP(t.Context(), activities.HTTPOrder{System: "cache", Request: systems.HTTPRequest{Method: "GET", Path: "/a"}})
	require.NoError(t, err)
	_, err = p.HTTP.PlanHTTP(t.Context(), activities.HTTPOrder{System: "cash"})
	require.ErrorContains(t, err, `there is no http system "cash": there are cache`)
}

func TestWithoutAFileNothingIsConfigured(t *testing.T) {
	t.Parallel()
	s, err := app.LoadSystems("")
	require.NoError(t, err)
	var p worker.Parts
	_, err = s.Connect(&p)
	require.NoError(t, err)
	_, err = p.HTTP.PlanHTTP(t.Context(), activities.HTTPOrder{System: "cache"})
	require.ErrorContains(t, err, "no http system is configured: list one under http in the file that TOCSIN_SYSTEMS names")
}

func TestBadSystemsSayWhatToCorrect(t *testing.T) {
	t.Parallel()
	secret := file(t, "  \n")
	for name, test := range map[string]struct{ file, want string }{
		"unknown product":      {"htp: []\n", `line 1: unknown key "htp"; the keys are github, http, kubernetes`},
		"unknown key":          {"http: [{nam: x}]\n", `unknown key "nam"; the keys are ca_file, calls, honours_keys`},
		"no name":              {"http: [{url: 'https://x', calls: [{method: GET, path: /a}]}]\n", "http[0]: give it a name"},
		"a name that is none":  {"http: [{" + cache + "}, {name: '../x', url: 'https://x', calls: [{method: GET, path: /a}]}]\n", "http[1]: give it a name"},
		"twice":                {"http: [{" + cache + "}, {" + cache + "}]\n", "http[1]: there is a cache before it"},
		"no address":           {"http: [{name: x}]\n", "http x: correct url: the address must start with"},
		"no such secret":       {"http: [{token_file: /nowhere, " + cache + "}]\n", "http cache: token_file names a file that cannot be read"},
		"an empty secret":      {"http: [{token_file: " + secret + ", " + cache + "}]\n", "http cache: token_file names a file that holds nothing"},
		"all that is wrong":    {"http: [{name: x}, {name: y}]\n", "http y: correct url"},
		"nothing is asked of":  {"http: [{name: x, url: 'https://x'}]\n", "http x: list its calls"},
		"no namespaces":        {"kubernetes: [{name: prod, kubeconfig_file: /nowhere}]\n", "kubernetes prod: namespaces: list those"},
		"no kubeconfig":        {"kubernetes: [{name: prod, kubeconfig_file: /nowhere, nodes: true}]\n", "kubernetes prod: kubeconfig_file: it cannot be read"},
		"no key of a cluster":  {"kubernetes: [{name: prod, poll: 1s}]\n", `unknown key "poll"; the keys are context, kubeconfig_file, max_replicas, name, namespaces, nodes, rollouts, timeout`},
		"what is wrong, where": {"http: [{name: x, url: 'https://x', calls: [{method: GET, path: a}]}]\n", "http x: correct calls[0]: its path must begin with /"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := connect(t, test.file)
			require.ErrorContains(t, err, "correct the file that TOCSIN_SYSTEMS names: ")
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err := app.LoadSystems("/nowhere/systems.yaml")
	require.ErrorContains(t, err, "correct the file that TOCSIN_SYSTEMS names")
}
