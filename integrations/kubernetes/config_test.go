package kubernetes_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/systems"
)

// kubeconfig writes the file of an account at a server.
func kubeconfig(t *testing.T, server, ca string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`
apiVersion: v1
kind: Config
current-context: prod
contexts: [{name: prod, context: {cluster: prod, user: tocsin}}]
clusters: [{name: prod, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: tocsin, user: {token: hunter2}}]
`, server, ca)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// server is an API server that answers everything the same.
func server(t *testing.T, status int, body string) (address, ca string, seen *[]string) {
	t.Helper()
	seen = &[]string{}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*seen = append(*seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	require.NoError(t, os.WriteFile(ca, data, 0o600))
	return s.URL, ca, seen
}

func TestAClusterIsSpokenToAsItsKubeconfigSays(t *testing.T) {
	address, ca, seen := server(t, http.StatusForbidden,
		`{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"deployments.apps \"checkout\" is forbidden: tocsin cannot get it"}`)
	c, err := kubernetes.New(kubernetes.Config{KubeconfigFile: kubeconfig(t, address, ca), Context: "prod", Namespaces: []string{"shop"}})
	require.NoError(t, err)
	_, err = c.Deployment(t.Context(), checkout)
	require.Equal(t, incident.Forbidden, incident.KindOf(err))
	require.EqualError(t, err, `read the Deployment shop/checkout: deployments.apps "checkout" is forbidden: tocsin cannot get it`)
	require.Equal(t, []string{"GET /apis/apps/v1/namespaces/shop/deployments/checkout Bearer hunter2"}, *seen)
}

func TestAClusterIsIdentifiedByItsAddress(t *testing.T) {
	address, ca, _ := server(t, http.StatusOK, "{}")
	at := func(address string) string {
		c, err := kubernetes.New(kubernetes.Config{KubeconfigFile: kubeconfig(t, address, ca), Namespaces: []string{"shop"}})
		require.NoError(t, err)
		return c.Covers()
	}
	first := at(address)
	require.Regexp(t, "^[0-9a-f]{24}$", first)
	require.Equal(t, first, at(address))
	require.NotEqual(t, first, at("https://other.example.org"))
}

func TestNobodyWaitsForTheClusterButWhoAsked(t *testing.T) {
	address, ca, seen := server(t, http.StatusTooManyRequests,
		`{"kind":"Status","apiVersion":"v1","status":"Failure","code":429,"reason":"TooManyRequests","message":"later","details":{"retryAfterSeconds":10}}`)
	c, err := kubernetes.New(kubernetes.Config{KubeconfigFile: kubeconfig(t, address, ca), Namespaces: []string{"shop"}})
	require.NoError(t, err)
	_, err = c.Deployment(t.Context(), checkout)
	failed, ok := errors.AsType[*incident.Error](err)
	require.True(t, ok)
	require.Equal(t, incident.Unavailable, failed.Kind)
	require.Equal(t, 10*time.Second, failed.RetryAfter)
	require.Len(t, *seen, 1)
}

func TestNoErrorHoldsTheAddressOrTheToken(t *testing.T) {
	address, ca, _ := server(t, http.StatusBadGateway, "<html>hunter2 at 127.0.0.1</html>")
	strange, _, _ := server(t, http.StatusOK, "{}")
	for name, at := range map[string]string{"a proxy": address, "nobody": "https://127.0.0.1:1", "another certificate": strange, "no TLS": "http://127.0.0.1:1"} {
		t.Run(name, func(t *testing.T) {
			authority := ca
			if name == "another certificate" {
				authority = other(t)
			}
			c, err := kubernetes.New(kubernetes.Config{KubeconfigFile: kubeconfig(t, at, authority), Namespaces: []string{"shop"}, Timeout: 500 * time.Millisecond})
			if err == nil {
				_, err = c.Deployment(t.Context(), checkout)
				require.Equal(t, incident.Unavailable, incident.KindOf(err))
			}
			require.Error(t, err)
			require.NotContains(t, err.Error(), "127.0.0.1")
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// other is the certificate of an authority that signs nothing here.
func other(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "other.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return file
}

func TestAConfigurationSaysWhatToCorrect(t *testing.T) {
	file := kubeconfig(t, "https://127.0.0.1:1", "")
	for want, config := range map[string]kubernetes.Config{
		"namespaces: list those":            {KubeconfigFile: file},
		"is no namespace":                   {KubeconfigFile: file, Namespaces: []string{"Shop!"}},
		"max_replicas":                      {KubeconfigFile: file, Nodes: true, MaxReplicas: -1},
		"timeout":                           {KubeconfigFile: file, Nodes: true, Timeout: -1},
		"it names one of kubeconfig_file":   {Nodes: true, Context: "prod"},
		"kubeconfig_file: name one":         {Nodes: true},
		"kubeconfig_file: it cannot":        {Nodes: true, KubeconfigFile: file + ".missing"},
		"with the context \"elsewhere\"":    {Nodes: true, KubeconfigFile: file, Context: "elsewhere"},
		"is none of those that the systems": {},
	} {
		_, err := kubernetes.New(config)
		if config.KubeconfigFile == "" && !config.Nodes {
			_, err = kubernetes.With(nil, kubernetes.Config{Namespaces: []string{"shop"}}).Deployment(t.Context(), systems.KubeRef{Namespace: "x", Name: "y"})
		}
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "127.0.0.1")
	}
}
