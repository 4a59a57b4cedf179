package docs_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/worker"
)

var (
	systemsFile = regexp.MustCompile("(?ms)^```yaml\n((?:github|http|redis|sql|ssh|unleash):\n.*?)^```$")
	secretKey   = regexp.MustCompile(`\b(\w+_file): (\S+)`)
)

// TestEverySystemsFileShownIsOne has a worker take what the documents show.
func TestEverySystemsFileShownIsOne(t *testing.T) {
	t.Parallel()
	files := secrets(t)
	shown := 0
	for _, name := range documents(t) {
		for _, block := range systemsFile.FindAllStringSubmatch(read(t, name), -1) {
			text := secretKey.ReplaceAllStringFunc(block[1], func(found string) string {
				key, _, _ := strings.Cut(found, ":")
				require.NotEmpty(t, files[key], "%s: %s", name, key)
				return key + ": " + files[key]
			})
			path := filepath.Join(t.TempDir(), "systems.yaml")
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			s, err := app.LoadSystems(path)
			require.NoError(t, err, name)
			_, err = s.Connect(&worker.Parts{})
			require.NoError(t, err, name)
			shown++
		}
	}
	require.Equal(t, 6, shown)
}

// secrets are files that can stand for those that a document names.
func secrets(t *testing.T) map[string]string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	host, err := ssh.NewPublicKey(public)
	require.NoError(t, err)
	dir, out := t.TempDir(), map[string]string{}
	for key, text := range map[string]string{
		"token_file": "token", "password_file": "password", "dsn_file": "postgres://me@db.example.org/orders",
		"key_file": string(pem.EncodeToMemory(block)), "known_hosts_file": knownhosts.Line([]string{"web1.internal.example.org"}, host),
	} {
		out[key] = filepath.Join(dir, key)
		require.NoError(t, os.WriteFile(out[key], []byte(text+"\n"), 0o600))
	}
	return out
}
