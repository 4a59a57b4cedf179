package app

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/tocsinhq/tocsin/cmd/tocsin/settings"
)

// Config is how one process of Tocsin is set up. Temporal's own settings come
// from its usual environment variables and profiles (TEMPORAL_ADDRESS, ...).
type Config struct {
	// Database is "sqlite:PATH" or "postgres://...".
	Database string
	// Listen is the address of the API.
	Listen string
	// PublicURL is how people and receivers reach the API.
	PublicURL string
	// LinkKey signs acknowledge links; at least 32 bytes.
	LinkKey string
	// Console serves contact methods of kind console on standard output.
	Console bool

	SMTPAddr, SMTPTLS, SMTPUsername, SMTPPassword, SMTPFrom string
	NtfyURL, NtfyToken                                      string
	PushoverURL, PushoverToken                              string

	TwilioURL, TwilioAccountSID, TwilioAuthToken, TwilioFrom string
	// TwilioReplies says that what people reply to an SMS arrives.
	TwilioReplies bool

	// The second provider of a kind takes over when the first fails.
	SMTPSecondAddr, SMTPSecondTLS, SMTPSecondUsername, SMTPSecondPassword            string
	NtfySecondURL, NtfySecondToken                                                   string
	TwilioSecondURL, TwilioSecondAccountSID, TwilioSecondAuthToken, TwilioSecondFrom string

	WebhookSecret string
	// WatchdogURL is fed by beats; it holds a secret.
	WatchdogURL                                      string
	JiraURL, JiraEmail, JiraToken, JiraWebhookSecret string
	JiraResolution, JiraDoneTransition               string
	GitHubWebhookSecret                              string
	DeployerURL, DeployerToken                       string
	PrometheusURL, PrometheusToken                   string
	// Systems names the file of the systems that runbooks act on.
	Systems string
	// RunbooksVersion is that of the workers of runbooks in this process.
	RunbooksVersion string
}

// Setting is one thing that can be configured.
type Setting = settings.Setting[Config]

// Settings lists everything that can be configured, in the order of the
// documentation.
func Settings() []Setting {
	return []Setting{
		text("database", "sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME", true, func(c *Config) *string { return &c.Database }),
		text("listen", "address of the API (127.0.0.1:8080)", false, func(c *Config) *string { return &c.Listen }),
		text("public_url", "how people and receivers reach the API; required in production", false, func(c *Config) *string { return &c.PublicURL }),
		text("link_key", "signs acknowledge links; at least 32 random characters, the same in every process", true, func(c *Config) *string { return &c.LinkKey }),
		{Name: "console", Help: "true prints pages of kind console (development)", Set: func(c *Config, v string) (err error) {
			c.Console, err = strconv.ParseBool(v)
			return err
		}},
		text("smtp_addr", "HOST:PORT of the mail server", false, func(c *Config) *string { return &c.SMTPAddr }),
		text("smtp_tls", "starttls (default), tls or none", false, func(c *Config) *string { return &c.SMTPTLS }),
		text("smtp_username", "", false, func(c *Config) *string { return &c.SMTPUsername }),
		text("smtp_password", "", true, func(c *Config) *string { return &c.SMTPPassword }),
		text("smtp_from", "sender of all mail, such as Tocsin <tocsin@example.org>", false, func(c *Config) *string { return &c.SMTPFrom }),
		text("smtp_second_addr", "HOST:PORT of a mail server that takes over when the first fails", false, func(c *Config) *string { return &c.SMTPSecondAddr }),
		text("smtp_second_tls", "starttls (default), tls or none", false, func(c *Config) *string { return &c.SMTPSecondTLS }),
		text("smtp_second_username", "", false, func(c *Config) *string { return &c.SMTPSecondUsername }),
		text("smtp_second_password", "", true, func(c *Config) *string { return &c.SMTPSecondPassword }),
		text("ntfy_url", "server for contact methods of kind push", false, func(c *Config) *string { return &c.NtfyURL }),
		text("ntfy_token", "", true, func(c *Config) *string { return &c.NtfyToken }),
		text("ntfy_second_url", "server that takes over when the first fails", false, func(c *Config) *string { return &c.NtfySecondURL }),
		text("ntfy_second_token", "", true, func(c *Config) *string { return &c.NtfySecondToken }),
		text("pushover_token", "application token for contact methods of kind pushover", true, func(c *Config) *string { return &c.PushoverToken }),
		text("pushover_url", "another address of Pushover's API, for tests", false, func(c *Config) *string { return &c.PushoverURL }),
		text("twilio_account_sid", "account for contact methods of kind sms", false, func(c *Config) *string { return &c.TwilioAccountSID }),
		text("twilio_auth_token", "signs in, and verifies replies and receipts", true, func(c *Config) *string { return &c.TwilioAuthToken }),
		text("twilio_from", "number or messaging service (MG...) that SMS come from", false, func(c *Config) *string { return &c.TwilioFrom }),
		text("twilio_url", "another address of Twilio's API, or of a provider that speaks it", false, func(c *Config) *string { return &c.TwilioURL }),
		{Name: "twilio_replies", Help: "true once incoming SMS are posted to us: pages then say how to reply, instead of carrying a link", Set: func(c *Config, v string) (err error) {
			c.TwilioReplies, err = strconv.ParseBool(v)
			return err
		}},
		text("twilio_second_account_sid", "account that takes over when the first fails", false, func(c *Config) *string { return &c.TwilioSecondAccountSID }),
		text("twilio_second_auth_token", "", true, func(c *Config) *string { return &c.TwilioSecondAuthToken }),
		text("twilio_second_from", "", false, func(c *Config) *string { return &c.TwilioSecondFrom }),
		text("twilio_second_url", "", false, func(c *Config) *string { return &c.TwilioSecondURL }),
		text("webhook_secret", "signs contact methods of kind webhook", true, func(c *Config) *string { return &c.WebhookSecret }),
		text("watchdog_url", "address that a beat calls every minute, of the watchdog outside; the same in every process", true, func(c *Config) *string { return &c.WatchdogURL }),
		text("jira_url", "JIRA Cloud site, such as https://example.atlassian.net", false, func(c *Config) *string { return &c.JiraURL }),
		text("jira_email", "account of the API token", false, func(c *Config) *string { return &c.JiraEmail }),
		text("jira_token", "", true, func(c *Config) *string { return &c.JiraToken }),
		text("jira_webhook_secret", "verifies webhooks from JIRA", true, func(c *Config) *string { return &c.JiraWebhookSecret }),
		text("github_webhook_secret", "verifies webhooks from GitHub, which report deployments and pushes", true, func(c *Config) *string { return &c.GitHubWebhookSecret }),
		text("jira_resolution", "set when a ticket is finished; the first one that is allowed when empty", false, func(c *Config) *string { return &c.JiraResolution }),
		text("jira_done_transition", "finishes a ticket, where several ways lead to done", false, func(c *Config) *string { return &c.JiraDoneTransition }),
		text("deployer_url", "HTTP deployer that runbooks roll back with", false, func(c *Config) *string { return &c.DeployerURL }),
		text("deployer_token", "", true, func(c *Config) *string { return &c.DeployerToken }),
		text("prometheus_url", "metrics that runbooks check", false, func(c *Config) *string { return &c.PrometheusURL }),
		text("prometheus_token", "", true, func(c *Config) *string { return &c.PrometheusToken }),
		text("systems", "YAML file of the systems that runbooks may act on, see docs/systems.md; read by workers of the queue `runbooks` only", false, func(c *Config) *string { return &c.Systems }),
		text("runbooks_version", "version of this build's workers of the queue `runbooks`, such as its release: what it has begun, it finishes, see docs/operating.md", false, func(c *Config) *string { return &c.RunbooksVersion }),
	}
}

func text(name, help string, secret bool, field func(c *Config) *string) Setting {
	return settings.Text(name, help, secret, field)
}

// LoadConfig reads the settings: environment over the YAML file, which may be
// "". An unknown key in the file is an error that lists the keys there are.
func LoadConfig(file string, env func(string) string) (Config, error) {
	c := Config{Listen: "127.0.0.1:8080"}
	if err := settings.Load(&c, Settings(), file, env); err != nil {
		return Config{}, err
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	return c, nil
}

// Validate says everything that keeps a process from starting with c.
func (c Config) Validate() error {
	var problems []error
	if c.Database == "" {
		problems = append(problems, errors.New("set TOCSIN_DATABASE to sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME"))
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, errors.New("set TOCSIN_PUBLIC_URL to the address by which people reach the API, such as https://tocsin.example.org"))
	}
	if len(c.LinkKey) < 32 {
		problems = append(problems, errors.New("set TOCSIN_LINK_KEY to at least 32 random characters, the same for every process"))
	}
	return errors.Join(problems...)
}
