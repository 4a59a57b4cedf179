package app

import (
	"fmt"
	"slices"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/integrations/fallback"
	"github.com/tocsinhq/tocsin/integrations/mail"
	"github.com/tocsinhq/tocsin/integrations/ntfy"
	"github.com/tocsinhq/tocsin/integrations/pushover"
	"github.com/tocsinhq/tocsin/integrations/twilio"
)

// The kinds of contact method that two providers may serve: the second takes
// over when the first one fails, or does not answer in half the time.

func (o *outside) addMail(c Config) error {
	first := mail.Config{
		Addr: c.SMTPAddr, TLS: mail.TLSMode(c.SMTPTLS), Username: c.SMTPUsername, Password: c.SMTPPassword, From: c.SMTPFrom,
	}
	second := mail.Config{
		Addr: c.SMTPSecondAddr, TLS: mail.TLSMode(c.SMTPSecondTLS), Username: c.SMTPSecondUsername, Password: c.SMTPSecondPassword,
		From: c.SMTPFrom, Settings: "TOCSIN_SMTP_SECOND",
	}
	if first.Addr == "" {
		return nil
	}
	sender, err := mail.New(first)
	if err != nil {
		return fmt.Errorf("set up e-mail: %w", err)
	}
	o.mailer, o.channels["email"] = sender, sender
	if second.Addr == "" {
		return nil
	}
	spare, err := mail.New(second)
	if err != nil {
		return fmt.Errorf("set up the second mail server: %w", err)
	}
	o.mailer = fallback.NewMailer(sender, spare)
	o.channels["email"] = fallback.New(fallback.Provider{Name: "smtp", Channel: sender}, fallback.Provider{Name: "smtp-second", Channel: spare})
	return nil
}

func (o *outside) addPush(c Config) error {
	if c.NtfyURL == "" {
		return nil
	}
	push, err := ntfy.New(ntfy.Config{URL: c.NtfyURL, Token: c.NtfyToken})
	if err != nil {
		return fmt.Errorf("set up push: %w", err)
	}
	o.channels["push"] = push
	if c.NtfySecondURL == "" {
		return nil
	}
	spare, err := ntfy.New(ntfy.Config{URL: c.NtfySecondURL, Token: c.NtfySecondToken, Settings: "TOCSIN_NTFY_SECOND"})
	if err != nil {
		return fmt.Errorf("set up the second push server: %w", err)
	}
	o.channels["push"] = fallback.New(fallback.Provider{Name: "ntfy", Channel: push}, fallback.Provider{Name: "ntfy-second", Channel: spare})
	return nil
}

func (o *outside) addPushover(c Config) error {
	if c.PushoverToken == "" {
		return nil
	}
	channel, err := pushover.New(pushover.Config{URL: c.PushoverURL, Token: c.PushoverToken})
	if err != nil {
		return fmt.Errorf("set up Pushover: %w", err)
	}
	o.channels["pushover"] = channel
	return nil
}

// smsProvider is one of those that send SMS, and the name of its check.
type smsProvider struct {
	name    string
	channel *twilio.Channel
}

// smsAccount is an account that sends SMS.
type smsAccount struct {
	name string
	twilio.Config
}

// smsAccounts are those that are configured, the preferred one first.
func smsAccounts(c Config) []smsAccount {
	list := []smsAccount{
		{"twilio", twilio.Config{
			URL: c.TwilioURL, AccountSID: c.TwilioAccountSID, AuthToken: c.TwilioAuthToken, From: c.TwilioFrom,
		}},
		{"twilio-second", twilio.Config{
			URL: c.TwilioSecondURL, AccountSID: c.TwilioSecondAccountSID, AuthToken: c.TwilioSecondAuthToken,
			From: c.TwilioSecondFrom, Settings: "TOCSIN_TWILIO_SECOND",
		}},
	}
	for n := range list {
		list[n].Replies, list[n].StatusURL = c.TwilioReplies, c.PublicURL+"/v1/webhooks/twilio/status"
	}
	return slices.DeleteFunc(list, func(a smsAccount) bool { return a.AccountSID == "" })
}

func (o *outside) addSMS(c Config) error {
	for _, account := range smsAccounts(c) {
		channel, err := twilio.New(account.Config)
		if err != nil {
			return fmt.Errorf("set up SMS by %s: %w", account.name, err)
		}
		o.sms = append(o.sms, smsProvider{account.name, channel})
	}
	switch len(o.sms) {
	case 1:
		o.channels["sms"] = o.sms[0].channel
	case 2:
		o.channels["sms"] = fallback.New(
			fallback.Provider{Name: o.sms[0].name, Channel: o.sms[0].channel}, fallback.Provider{Name: o.sms[1].name, Channel: o.sms[1].channel})
	}
	return nil
}

// smsChecks ask whether the accounts can be used.
func (o *outside) smsChecks() []api.Check {
	var out []api.Check
	for _, p := range o.sms {
		out = append(out, api.Check{Name: p.name, Probe: seldom(p.channel.Probe)})
	}
	return out
}

// texts reads the webhooks of the accounts that send SMS.
type texts struct{ accounts twilio.Accounts }

// textsOf returns what reads webhooks, or nil when no account has any.
func textsOf(c Config) api.Texts {
	accounts := twilio.Accounts{}
	for _, p := range smsAccounts(c) {
		accounts[p.AccountSID] = append(accounts[p.AccountSID], p.AuthToken)
	}
	if len(accounts) == 0 {
		return nil
	}
	return texts{accounts}
}

// Text reads an SMS that came in.
func (t texts) Text(w api.Webhook) (api.Text, error) {
	text, err := t.accounts.Text(twilio.Webhook(w))
	return api.Text(text), err
}

// Receipt reads what became of an SMS.
func (t texts) Receipt(w api.Webhook) (api.Receipt, error) {
	s, err := t.accounts.Status(twilio.Webhook(w))
	return api.Receipt{
		Reference: s.Reference, State: s.State, Delivered: s.Over() && !s.Failed(), Failed: s.Failed(), Reason: s.Reason, Page: s.Page,
	}, err
}
