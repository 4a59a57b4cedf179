package watchdog

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/cmd/tocsin/settings"
)

// Config is how a watchdog is set up.
type Config struct {
	// Listen is where beats, health and metrics are served.
	Listen string
	// Secret ends the address that beats call.
	Secret string
	// After is for how long a beat may be missing, Again the time between two
	// pages of an alarm.
	After, Again time.Duration
	// State is the file that remembers an alarm over restarts.
	State string
	// Name is what is watched, in words.
	Name string

	NtfyURL, NtfyToken, Topics                              string
	SMTPAddr, SMTPTLS, SMTPUsername, SMTPPassword, SMTPFrom string
	MailTo                                                  string
	WebhookSecret, Webhooks                                 string
}

// Setting is one thing of a watchdog that can be configured.
type Setting = settings.Setting[Config]

// Settings lists everything that can be configured, in the order of the
// documentation. What Tocsin has too is named as it is there.
func Settings() []Setting {
	return []Setting{
		text("watchdog_secret", "ends the address that beats call: at least 20 letters, digits, - and _", true, func(c *Config) *string { return &c.Secret }),
		text("watchdog_listen", "address of beats, health and metrics (127.0.0.1:8095)", false, func(c *Config) *string { return &c.Listen }),
		span("watchdog_after", "how long beats may be missing before the last resort is paged (3m)", func(c *Config) *time.Duration { return &c.After }),
		span("watchdog_again", "time between two pages of one alarm (10m)", func(c *Config) *time.Duration { return &c.Again }),
		text("watchdog_state", "file that remembers an alarm over restarts (tocsin-watchdog.json)", false, func(c *Config) *string { return &c.State }),
		text("watchdog_name", "what is watched, as pages call it (Tocsin)", false, func(c *Config) *string { return &c.Name }),
		text("watchdog_topics", "push topics to page, separated by commas; needs ntfy_url", false, func(c *Config) *string { return &c.Topics }),
		text("ntfy_url", "push server", false, func(c *Config) *string { return &c.NtfyURL }),
		text("ntfy_token", "", true, func(c *Config) *string { return &c.NtfyToken }),
		text("watchdog_mail_to", "mail addresses to page, separated by commas; needs smtp_addr and smtp_from", false, func(c *Config) *string { return &c.MailTo }),
		text("smtp_addr", "HOST:PORT of the mail server", false, func(c *Config) *string { return &c.SMTPAddr }),
		text("smtp_tls", "starttls (default), tls or none", false, func(c *Config) *string { return &c.SMTPTLS }),
		text("smtp_username", "", false, func(c *Config) *string { return &c.SMTPUsername }),
		text("smtp_password", "", true, func(c *Config) *string { return &c.SMTPPassword }),
		text("smtp_from", "sender of the mails", false, func(c *Config) *string { return &c.SMTPFrom }),
		text("watchdog_webhooks", "addresses to post a signed page to, separated by commas; needs webhook_secret", true, func(c *Config) *string { return &c.Webhooks }),
		text("webhook_secret", "signs the pages to webhooks", true, func(c *Config) *string { return &c.WebhookSecret }),
	}
}

func text(name, help string, secret bool, field func(c *Config) *string) Setting {
	return settings.Text(name, help, secret, field)
}

func span(name, help string, field func(c *Config) *time.Duration) Setting {
	return Setting{Name: name, Help: help, Set: func(c *Config, v string) (err error) {
		if *field(c), err = time.ParseDuration(v); err != nil {
			return errors.New("write a duration such as 3m or 90s")
		}
		return nil
	}}
}

// LoadConfig reads the settings: environment over the YAML file, which may be
// "". An unknown key in the file is an error that lists the keys there are.
func LoadConfig(file string, env func(string) string) (Config, error) {
	c := Config{
		Listen: "127.0.0.1:8095", After: 3 * time.Minute, Again: 10 * time.Minute,
		State: "tocsin-watchdog.json", Name: "Tocsin",
	}
	return c, settings.Load(&c, Settings(), file, env)
}

var secretForm = regexp.MustCompile(`^[-_A-Za-z0-9]{20,}$`)

// Validate says everything that keeps a watchdog from starting with c, and
// how to correct it; that there is a route is Routes' to say.
func (c Config) Validate() error {
	var problems []error
	if !secretForm.MatchString(c.Secret) {
		problems = append(problems, errors.New("set TOCSIN_WATCHDOG_SECRET to at least 20 random letters, digits, - and _"))
	}
	for name, d := range map[string]time.Duration{"after": c.After, "again": c.Again} {
		if d < time.Second {
			problems = append(problems, fmt.Errorf("set TOCSIN_WATCHDOG_%s to at least 1s, better minutes", strings.ToUpper(name)))
		}
	}
	if c.State == "" {
		problems = append(problems, errors.New("set TOCSIN_WATCHDOG_STATE to a file that this process may write"))
	}
	return errors.Join(problems...)
}
