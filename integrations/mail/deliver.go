package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	netmail "net/mail"
	"net/textproto"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// deliver hands a message over for its recipients. Those that the server
// refuses for good do not keep the mail from the others: it is sent, and the
// error is Permanent.
func (s *Sender) deliver(ctx context.Context, m *gomail.Msg, to []*netmail.Address) error {
	limited, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	err := s.transact(limited, m, to)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return incident.Errorf(incident.Unavailable, "the mail server was not waited for: %w", ctx.Err())
	case limited.Err() != nil:
		return incident.Errorf(incident.Unavailable, "the mail server did not answer within %s", catalog.FormatDuration(s.config.Timeout))
	}
	return s.judge(err)
}

func (s *Sender) transact(ctx context.Context, m *gomail.Msg, to []*netmail.Address) error {
	client, err := s.client(gomail.WithDialContextFunc(s.dial(ctx)))
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if err := session.Mail(s.from.Address); err != nil {
		return err
	}
	refused, err := name(session, to)
	if err != nil {
		return err
	}
	if err := write(session, m); err != nil {
		return err
	}
	// The server has the mail; how it says goodbye no longer matters.
	_ = session.Quit()
	if len(refused) > 0 {
		return &PartialError{refused, incident.Errorf(incident.Permanent,
			"the mail server refuses %d of %d recipients, the others have the mail", len(refused), len(to))}
	}
	return nil
}

// PartialError says that some recipients cannot have a mail that the others
// have. It wraps an *incident.Error, and its text holds no address.
type PartialError struct {
	refused []string
	err     error
}

// Error says how many they are.
func (e *PartialError) Error() string { return e.err.Error() }

// Unwrap returns the error with its kind.
func (e *PartialError) Unwrap() error { return e.err }

// Left are the recipients whom another server may still reach.
func (e *PartialError) Left() []string { return e.refused }

// dial opens connections that are closed with ctx, whatever go-mail is
// waiting for then.
func (s *Sender) dial(ctx context.Context) gomail.DialContextFunc {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		var conn net.Conn
		var err error
		if s.config.TLS == ImplicitTLS {
			conn, err = (&tls.Dialer{Config: s.tls()}).DialContext(dialing, network, address)
		} else {
			conn, err = (&net.Dialer{}).DialContext(dialing, network, address)
		}
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
}

// name names the recipients and returns those that are refused for good; it
// fails when all are, or when one may be accepted later.
func name(session *smtp.Client, to []*netmail.Address) (refused []string, err error) {
	for _, address := range to {
		rcptErr := session.Rcpt(address.Address)
		switch {
		case rcptErr == nil:
		case replyCode(rcptErr) >= 500:
			refused = append(refused, address.String())
			err = rcptErr
		default:
			return nil, rcptErr
		}
	}
	if len(refused) < len(to) {
		return refused, nil
	}
	return nil, err
}

func write(session *smtp.Client, m *gomail.Msg) error {
	data, err := session.Data()
	if err != nil {
		return err
	}
	if _, err := m.WriteTo(data); err != nil {
		return err
	}
	return data.Close()
}

func replyCode(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

// judge turns what went wrong into an error that may be shown.
func (s *Sender) judge(err error) error {
	if incident.KindOf(err) != "" {
		return err
	}
	switch code := replyCode(err); {
	case code == 530 || code == 534 || code == 535 || code == 538:
		return incident.Errorf(incident.Permanent,
			"the mail server answered %[1]d: check %[2]s_USERNAME, %[2]s_PASSWORD and %[2]s_TLS", code, s.config.Settings)
	case code >= 500:
		return incident.Errorf(incident.Permanent, "the mail server refuses the mail: it answered %d", code)
	case code >= 400:
		return incident.Errorf(incident.Unavailable, "the mail server answered %d", code)
	}
	if _, isNet := errors.AsType[net.Error](err); isNet || rest.Reason(err) != rest.Reason(nil) {
		return incident.Errorf(incident.Unavailable, "the mail server cannot be reached: %s", rest.Reason(err))
	}
	return incident.Errorf(incident.Unavailable, "the mail server cannot be used as configured: "+
		"check %[1]s_ADDR, %[1]s_TLS, %[1]s_USERNAME and %[1]s_PASSWORD", s.config.Settings)
}
