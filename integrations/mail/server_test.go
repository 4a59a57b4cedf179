package mail_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/integrations/mail"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
)

var (
	_ activities.Mailer  = (*mail.Sender)(nil)
	_ activities.Channel = (*mail.Sender)(nil)
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

// newInbox serves a stand-in on a real socket, encrypted when there is a
// config for it, and returns where.
func newInbox(t *testing.T, config inbox.Config, encryption *tls.Config) (*inbox.Server, string) {
	t.Helper()
	s, err := inbox.New(config)
	require.NoError(t, err)
	l := listen(t)
	address := l.Addr().String()
	if encryption != nil {
		l = tls.NewListener(l, encryption)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.NoError(t, <-served)
	})
	return s, address
}

func newSender(t *testing.T, addr string, change func(*mail.Config)) *mail.Sender {
	t.Helper()
	config := mail.Config{Addr: addr, TLS: mail.Plain, From: "Tocsin <tocsin@example.com>", Timeout: 5 * time.Second}
	if change != nil {
		change(&config)
	}
	s, err := mail.New(config)
	require.NoError(t, err)
	return s
}

// certificate is a server's and what trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

// starter is an SMTP server that offers STARTTLS and keeps what it got.
type starter struct {
	encryption *tls.Config
	got        chan string
}

func (s *starter) NewSession(c *smtp.Conn) (smtp.Session, error) { return &starterSession{s, c}, nil }

type starterSession struct {
	server *starter
	conn   *smtp.Conn
}

func (s *starterSession) Mail(string, *smtp.MailOptions) error {
	if _, encrypted := s.conn.TLSConnectionState(); !encrypted {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *starterSession) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (s *starterSession) Data(r io.Reader) error {
	var b bytes.Buffer
	_, err := b.ReadFrom(r)
	s.server.got <- b.String()
	return err
}

func (s *starterSession) Reset()        {}
func (s *starterSession) Logout() error { return nil }

// serve offers STARTTLS on a real socket and returns where.
func (s *starter) serve(t *testing.T) string {
	t.Helper()
	server := smtp.NewServer(s)
	server.TLSConfig = s.encryption
	server.ErrorLog = log.New(io.Discard, "", 0)
	l := listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.NoError(t, <-served)
	})
	return l.Addr().String()
}
