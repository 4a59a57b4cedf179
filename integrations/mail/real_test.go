package mail_test

import (
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/integrations/channeltest"
)

// realServer starts Debian's aiosmtpd, a mail server that shares no code with
// ours, and returns where it listens and the folder that mails arrive in.
// Without one the test is skipped, and fails under TOCSIN_TEST_REQUIRE=all.
func realServer(t *testing.T) (addr, folder string) {
	t.Helper()
	program, err := exec.LookPath("aiosmtpd")
	if err != nil && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Skip("NOT CHECKED against a real mail server: install the package python3-aiosmtpd")
	}
	require.NoError(t, err)
	l := listen(t)
	addr = l.Addr().String()
	require.NoError(t, l.Close())
	folder = filepath.Join(t.TempDir(), "box")
	server := exec.Command(program, "--nosetuid", "--listen", addr, "--class", "aiosmtpd.handlers.Mailbox", folder)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		require.NoError(t, server.Process.Kill())
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", addr)
		return err == nil && conn.Close() == nil
	}, 20*time.Second, 50*time.Millisecond, "the mail server does not answer")
	return addr, folder
}

// arrived reads the mails of a folder.
func arrived(t *testing.T, folder string) []*mail.Message {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "new", "*"))
	require.NoError(t, err)
	var out []*mail.Message
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		m, err := mail.ReadMessage(strings.NewReader(string(data)))
		require.NoError(t, err)
		out = append(out, m)
	}
	return out
}

func TestRealServer(t *testing.T) {
	addr, folder := realServer(t)
	sender := newSender(t, addr, nil)
	page := channeltest.Message()
	require.NoError(t, sender.Send(t.Context(), "alice@example.com", page))
	require.NoError(t, sender.Send(t.Context(), "alice@example.com", page), "a repeat")
	first := update()
	first.Key = first.Thread
	require.NoError(t, sender.SendMail(t.Context(), first))

	list := arrived(t, folder)
	require.Len(t, list, 3)
	ids := map[string]int{}
	for _, m := range list {
		require.Contains(t, m.Header.Get("From"), "tocsin@example.com")
		require.NotEmpty(t, m.Header.Get("Date"))
		require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
		ids[m.Header.Get("Message-Id")]++
	}
	require.Len(t, ids, 2, "a repeat carries the same Message-ID")
}

func TestRealServerAndAnAddressThatIsNone(t *testing.T) {
	addr, _ := realServer(t)
	sender := newSender(t, addr, nil)
	err := sender.Send(t.Context(), "nobody at all", channeltest.Message())
	require.Error(t, err, "an address that is none")
	require.NotContains(t, err.Error(), "nobody at all")
}
