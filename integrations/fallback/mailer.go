package fallback

import (
	"context"
	"errors"

	"github.com/tocsinhq/tocsin/incident"
)

// MailSender is what every mailer does; see activities.Mailer.
type MailSender interface {
	SendMail(ctx context.Context, m incident.Mail) error
}

// Mailer sends mail by the first server that takes it.
type Mailer struct {
	names   []string
	senders []MailSender
}

// NewMailer returns a mailer of two servers, the preferred one first.
func NewMailer(first, second MailSender) *Mailer {
	return &Mailer{[]string{"smtp", "smtp-second"}, []MailSender{first, second}}
}

// partial is an error of a mail that most recipients have; see
// mail.PartialError.
type partial interface {
	error
	// Left are the recipients whom another server may still reach.
	Left() []string
}

// SendMail hands a mail over. Whom one server refuses while it takes the mail
// for the others is left to the next. Its errors are those of Channel.Deliver,
// and Permanent once somebody has the mail: nobody is to get it again.
func (m *Mailer) SendMail(ctx context.Context, mail incident.Mail) error {
	taken := false
	err := firstOf(ctx, m.names, func(ctx context.Context, n int) error {
		err := m.senders[n].SendMail(ctx, mail)
		if p, ok := errors.AsType[partial](err); ok {
			taken, mail.To = true, p.Left()
			if len(mail.To) == 0 {
				return settled{err}
			}
		}
		return err
	})
	if err != nil && taken {
		return incident.Errorf(incident.Permanent, "%s", err.Error())
	}
	return err
}
