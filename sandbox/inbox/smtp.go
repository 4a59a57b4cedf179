package inbox

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/tocsinhq/tocsin/sandbox/fault"
)

const (
	maxMessage    = 10 << 20
	maxRecipients = 100
	smtpTimeout   = time.Minute
)

func (s *Server) newSMTP() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return s.newSession(c), nil
	}))
	server.Domain = "sandbox.localhost"
	server.MaxMessageBytes = maxMessage
	server.MaxRecipients = maxRecipients
	server.ReadTimeout, server.WriteTimeout = smtpTimeout, smtpTimeout
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = true
	server.ErrorLog = slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug)
	return server
}

// Serve accepts mail on the listener until Close. It returns an error only
// when the listener fails before that.
func (s *Server) Serve(l net.Listener) error {
	// The library forgets a Close that comes before it has begun to accept.
	stop := context.AfterFunc(s.life, func() { _ = l.Close() })
	defer stop()
	if err := s.smtp.Serve(l); err != nil && s.life.Err() == nil {
		return fmt.Errorf("serve SMTP: %w", err)
	}
	return nil
}

// session is one SMTP connection.
type session struct {
	inbox  *Server
	conn   *smtp.Conn
	authed bool
	from   string
	to     []string
}

func (s *Server) newSession(c *smtp.Conn) smtp.Session {
	plain := &session{inbox: s, conn: c}
	if s.config.Username == "" {
		return plain
	}
	return &authSession{session: plain}
}

// Mail begins a message.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.inbox.config.Username != "" && !s.authed {
		return smtp.ErrAuthRequired
	}
	s.from, s.to = from, nil
	return nil
}

// Rcpt names one recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	f := s.inbox.Faults.Take("rcpt")
	if err := s.strike(f); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the message. Its answer is what says that the mail is accepted.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	f := s.inbox.Faults.Take("data")
	if !f.After && !f.Hold {
		if err := s.strike(f); err != nil {
			return err
		}
		return s.inbox.accept(s.from, s.to, raw)
	}
	if err := s.inbox.accept(s.from, s.to, raw); err != nil {
		return err
	}
	if err := f.Wait(s.inbox.life); err != nil {
		return s.hangUp()
	}
	return s.strike(f)
}

// strike waits, hangs up or refuses as a fault says.
func (s *session) strike(f fault.Fault) error {
	if err := f.Sleep(s.inbox.life); err != nil || f.Drop {
		return s.hangUp()
	}
	if f.Status == 0 {
		return nil
	}
	message := f.Body
	if message == "" {
		message = "The sandbox was told to refuse this, try again later"
	}
	return &smtp.SMTPError{Code: f.Status, EnhancedCode: smtp.EnhancedCode{f.Status / 100, 3, 0}, Message: message}
}

func (s *session) hangUp() error {
	return errors.Join(errors.New("the connection was dropped"), s.conn.Conn().Close())
}

// Reset forgets the message in progress.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the connection.
func (s *session) Logout() error { return nil }

// authSession is a session of a server that wants to know who is sending.
type authSession struct{ *session }

// AuthMechanisms lists how one may authenticate.
func (s *authSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth begins an authentication.
func (s *authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		want := s.inbox.config
		sameUser := subtle.ConstantTimeCompare([]byte(username), []byte(want.Username))
		samePassword := subtle.ConstantTimeCompare([]byte(password), []byte(want.Password))
		if sameUser&samePassword != 1 {
			return smtp.ErrAuthFailed
		}
		s.authed = true
		return nil
	}), nil
}

// closeSMTP ends the server and every connection.
func (s *Server) closeSMTP(cancel context.CancelFunc) error {
	cancel()
	s.Faults.Clear()
	err := s.smtp.Close()
	if err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the SMTP server: %w", err)
	}
	return nil
}
