package kubernetes_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tocsinhq/tocsin/integrations/kubernetes/kubernetestest"
	"github.com/tocsinhq/tocsin/systems"
)

// TestTheDocumentsListTheRightsThatAreNeeded does all that a cluster can be asked
// for, and compares what it was asked with the roles in the documents.
func TestTheDocumentsListTheRightsThatAreNeeded(t *testing.T) {
	used := map[string]bool{}
	note := func(api *kubernetestest.Cluster, since int) {
		for _, a := range api.Actions()[since:] {
			resource := a.GetResource().Resource
			if a.GetSubresource() != "" {
				resource += "/" + a.GetSubresource()
			}
			used[a.GetResource().Group+" "+resource+" "+a.GetVerb()] = true
		}
	}
	c, api := world(t, "shop:1", "shop:2")
	since := len(api.Actions())
	_, err := c.Deployment(t.Context(), checkout)
	require.NoError(t, err)
	_, err = c.Rollout(t.Context(), systems.KubeAwaited{KubeRef: checkout})
	require.NoError(t, err)
	require.NoError(t, c.Scale(t.Context(), systems.KubeScale{KubeRef: checkout, From: 3, To: 4}))
	require.NoError(t, c.RollBack(t.Context(), back))
	watching(t, api, time.Time{}, &told{})
	note(api, since)

	c, api = nodes(pod("a", "ReplicaSet"))
	_, err = c.Node(t.Context(), systems.KubeDrain{Node: "node-1"})
	require.NoError(t, err)
	_, err = drained(t, c, time.Minute)
	require.NoError(t, err)
	note(api, 0)
	require.Equal(t, allowedRights(t), used)
}

// allowedRights are those of the roles in the documents: group, resource, verb.
func allowedRights(t *testing.T) map[string]bool {
	t.Helper()
	page, err := os.ReadFile("../../docs/runbooks/kubernetes.md")
	require.NoError(t, err)
	out := map[string]bool{}
	for n, block := range strings.Split(string(page), "```") {
		if n%2 == 0 || !strings.Contains(block, "rbac.authorization.k8s.io") {
			continue
		}
		var role struct {
			Rules []struct {
				APIGroups []string `yaml:"apiGroups"`
				Resources []string `yaml:"resources"`
				Verbs     []string `yaml:"verbs"`
			} `yaml:"rules"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(strings.TrimPrefix(block, "yaml")), &role))
		for _, r := range role.Rules {
			require.Len(t, slices.Concat(r.APIGroups, r.Resources), 2)
			for _, verb := range r.Verbs {
				out[r.APIGroups[0]+" "+r.Resources[0]+" "+verb] = true
			}
		}
	}
	return out
}
