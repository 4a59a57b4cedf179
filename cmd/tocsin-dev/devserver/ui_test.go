package devserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkUI looks at the page, and at the server through it.
func checkUI(t *testing.T, addr string) {
	t.Helper()
	require.Contains(t, get(t, "http://"+addr+"/"), "<html")
	var namespaces struct {
		Namespaces []struct{ NamespaceInfo struct{ Name string } }
	}
	require.NoError(t, json.Unmarshal([]byte(get(t, "http://"+addr+"/api/v1/namespaces")), &namespaces))
	var names []string
	for _, n := range namespaces.Namespaces {
		names = append(names, n.NamespaceInfo.Name)
	}
	require.Contains(t, names, "default")
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}
