package app

import (
	"fmt"

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
		From: c.SMTPFrom,
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
	spare, err := ntfy.New(ntfy.Config{URL: c.NtfySecondURL, Token: c.NtfySecondToken})
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

func (o *outside) addSMS(c Config) error {
	for _, p := range []struct {
		name                      string
		url, account, token, from string
	}{
		{"twilio", c.TwilioURL, c.TwilioAccountSID, c.TwilioAuthToken, c.TwilioFrom},
		{"twilio-second", c.TwilioSecondURL, c.TwilioSecondAccountSID, c.TwilioSecondAuthToken, c.TwilioSecondFrom},
	} {
		if p.account == "" {
			continue
		}
		channel, err := twilio.New(twilio.Config{
			URL: p.url, AccountSID: p.account, AuthToken: p.token, From: p.from, Replies: c.TwilioReplies,
			StatusURL: c.PublicURL + "/v1/webhooks/twilio/status",
		})
		if err != nil {
			return fmt.Errorf("set up SMS by %s: %w", p.name, err)
		}
		o.sms = append(o.sms, smsProvider{p.name, channel})
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
		out = append(out, api.Check{Name: p.name, Probe: p.channel.Probe})
	}
	return out
}

// texts reads the webhooks of the accounts that send SMS.
type texts struct{ accounts twilio.Accounts }

// textsOf returns what reads webhooks, or nil when no account has any.
func textsOf(c Config) api.Texts {
	accounts := twilio.Accounts{}
	for account, token := range map[string]string{
		c.TwilioAccountSID: c.TwilioAuthToken, c.TwilioSecondAccountSID: c.TwilioSecondAuthToken,
	} {
		if account != "" {
			accounts[account] = token
		}
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
