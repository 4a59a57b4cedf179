package app

import (
	"context"

	"github.com/tocsinhq/tocsin/incident"
)

// noMail stands where no mail server is configured: status updates then live
// on the timeline alone.
type noMail struct{}

// SendMail refuses for good, saying what to configure.
func (noMail) SendMail(context.Context, incident.Mail) error {
	return incident.Errorf(incident.Permanent, "no mail server is configured; set TOCSIN_SMTP_ADDR and TOCSIN_SMTP_FROM")
}
