// Package sshtest starts the machine's own sshd for tests.
package sshtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Host is an sshd on loopback that lets in whoever runs the test, by a key.
type Host struct {
	// Addr and User are where, and as whom.
	Addr, User string
	// KeyFile holds the private key that is let in, KnownHosts the host's key.
	KeyFile, KnownHosts string
	// Dir is a folder of the test.
	Dir string
	// Public is the host's key.
	Public ssh.PublicKey
}

// privileged is a folder that sshd wants to be there when root runs it.
const privileged = "/run/sshd"

// Start starts an sshd with a configuration and keys of its own, at a port that
// the kernel chose, and ends it with the test. Without one the test is skipped,
// and fails under TOCSIN_TEST_REQUIRE=all.
func Start(t testing.TB) Host {
	t.Helper()
	const program = "/usr/sbin/sshd"
	if _, err := os.Stat(program); err != nil && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Skip("NOT CHECKED against a real sshd: install the package openssh-server")
	}
	if os.Geteuid() == 0 {
		require.NoError(t, os.MkdirAll(privileged, 0o755))
	}
	who, err := user.Current()
	require.NoError(t, err)
	h := Host{Addr: port(t), User: who.Username, Dir: t.TempDir()}
	hostKey, public := h.key(t, "host_key")
	h.Public = public
	clientKey, allowed := h.key(t, "client_key")
	h.KeyFile = clientKey
	h.KnownHosts = h.File(t, "known_hosts", knownhosts.Line([]string{h.Addr}, public)+"\n")
	keys := h.File(t, "authorized_keys", string(ssh.MarshalAuthorizedKey(allowed)))
	_, number, err := net.SplitHostPort(h.Addr)
	require.NoError(t, err)
	// The level has bash leave out the start-up file of whoever runs the tests,
	// which may say things.
	config := h.File(t, "sshd_config", fmt.Sprintf(`
ListenAddress 127.0.0.1
Port %s
HostKey %s
AuthorizedKeysFile %s
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
UseDNS no
SetEnv SHLVL=1
LogLevel ERROR
`, number, hostKey, keys))
	server := exec.Command(program, "-D", "-e", "-f", config)
	log, err := os.Create(filepath.Join(h.Dir, "log"))
	require.NoError(t, err)
	server.Stderr = log
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		require.NoError(t, server.Process.Kill())
		_ = server.Wait()
		require.NoError(t, log.Close())
	})
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", h.Addr)
		return err == nil && conn.Close() == nil
	}, 20*time.Second, 20*time.Millisecond, "sshd does not answer")
	return h
}

// File writes a file of the test and returns its path.
func (h Host) File(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(h.Dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// OtherKey makes a key that nobody knows: the file of its private part, and its
// public one.
func (h Host) OtherKey(t testing.TB) (file string, public ssh.PublicKey) {
	t.Helper()
	return h.key(t, "other_key")
}

func (h Host) key(t testing.TB, name string) (file string, public ssh.PublicKey) {
	t.Helper()
	open, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, name)
	require.NoError(t, err)
	public, err = ssh.NewPublicKey(open)
	require.NoError(t, err)
	return h.File(t, name, string(pem.EncodeToMemory(block))), public
}

// port returns an address on loopback where nobody listens.
func port(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}
