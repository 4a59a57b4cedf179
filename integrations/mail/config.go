package mail

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/tocsinhq/tocsin/incident"
)

const defaultTimeout = 20 * time.Second

// TLSMode says how the connection to the mail server is encrypted.
type TLSMode string

// The modes. STARTTLS is the zero value's.
const (
	// STARTTLS begins in plain text and refuses to go on without encryption.
	STARTTLS TLSMode = "starttls"
	// ImplicitTLS is encrypted from the first byte, usually on port 465.
	ImplicitTLS TLSMode = "tls"
	// Plain is never encrypted; credentials are then sent to this machine only.
	Plain TLSMode = "none"
)

// Config says which server takes the mails and from whom they are. Addr and
// From are required.
type Config struct {
	// Addr is the server's host:port.
	Addr string
	TLS  TLSMode
	// Username and Password authenticate; an empty Username does not.
	Username, Password string
	// From is the sender, such as "Tocsin <tocsin@example.com>".
	From string
	// Domain is the right side of Message-IDs; empty is the sender's.
	Domain string
	// Timeout bounds one delivery; zero is 20 seconds.
	Timeout time.Duration
	// Trust verifies the server as it says; nil is the system's way.
	Trust *tls.Config
	// Settings begins the names of the settings that errors say to correct;
	// empty is "TOCSIN_SMTP".
	Settings string
}

// Sender sends mails through one server. It is safe for concurrent use.
type Sender struct {
	config Config
	from   *netmail.Address
	host   string
	port   int
}

// New returns a sender. It fails with Invalid when the configuration cannot
// work.
func New(config Config) (*Sender, error) {
	config.Settings = cmp.Or(config.Settings, "TOCSIN_SMTP")
	host, portText, err := net.SplitHostPort(config.Addr)
	port, portErr := strconv.Atoi(portText)
	if err != nil || portErr != nil || host == "" {
		return nil, incident.Errorf(incident.Invalid, "correct %s_ADDR: write it as host:port", config.Settings)
	}
	config.TLS = cmp.Or(config.TLS, STARTTLS)
	if config.TLS != STARTTLS && config.TLS != ImplicitTLS && config.TLS != Plain {
		return nil, incident.Errorf(incident.Invalid, "correct %s_TLS: use %s, %s or %s", config.Settings, STARTTLS, ImplicitTLS, Plain)
	}
	from, err := netmail.ParseAddress(config.From)
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "correct TOCSIN_SMTP_FROM: write it as \"Tocsin <tocsin@example.com>\"")
	}
	if config.Domain == "" {
		_, config.Domain, _ = strings.Cut(from.Address, "@")
	}
	if strings.ContainsAny(config.Domain, " \t\r\n<>@") {
		return nil, incident.Errorf(incident.Invalid, "correct the domain of mails: it must be a host name")
	}
	config.Timeout = cmp.Or(config.Timeout, defaultTimeout)
	s := &Sender{config: config, from: from, host: host, port: port}
	if _, err := s.client(); err != nil {
		return nil, fmt.Errorf("correct %s_ADDR: %w", config.Settings, err)
	}
	return s, nil
}

// client is made for each mail, since one remembers what it learnt of a
// server without guarding it.
func (s *Sender) client(options ...gomail.Option) (*gomail.Client, error) {
	// The context of a delivery holds the time limit; go-mail's own, which
	// cannot be told apart from a network's, must not come first.
	options = append(options, gomail.WithPort(s.port), gomail.WithTimeout(2*s.config.Timeout), gomail.WithTLSConfig(s.tls()))
	switch s.config.TLS {
	case STARTTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.config.Username != "" {
		options = append(options,
			gomail.WithUsername(s.config.Username), gomail.WithPassword(s.config.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1,
				gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "the mail client cannot be set up")
	}
	return client, nil
}

func (s *Sender) tls() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.config.Trust != nil {
		config = s.config.Trust.Clone()
	}
	config.ServerName = cmp.Or(config.ServerName, s.host)
	return config
}
