package fallback

import (
	"context"

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

// SendMail hands a mail over. Its errors are those of Channel.Deliver.
func (m *Mailer) SendMail(ctx context.Context, mail incident.Mail) error {
	return firstOf(ctx, m.names, func(ctx context.Context, n int) error { return m.senders[n].SendMail(ctx, mail) })
}
