package app

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/integrations/console"
	"github.com/tocsinhq/tocsin/integrations/deployer"
	"github.com/tocsinhq/tocsin/integrations/heartbeat"
	"github.com/tocsinhq/tocsin/integrations/jira"
	"github.com/tocsinhq/tocsin/integrations/prometheus"
	"github.com/tocsinhq/tocsin/integrations/webhook"
)

// outside is what a process speaks to beyond Temporal and the database. Every
// integration is optional: what is not configured is nil.
type outside struct {
	channels map[string]activities.Channel
	mailer   activities.Mailer
	sms      []smsProvider
	watchdog *heartbeat.Channel
	tracker  *jira.Tracker
	deployer activities.Deployer
	metrics  activities.Metrics
}

// connect makes the integrations that are configured.
func connect(c Config, links activities.Links, log *slog.Logger) (*outside, error) {
	o := &outside{channels: map[string]activities.Channel{}, mailer: noMail{}}
	for _, step := range []func() error{
		func() error { return o.addMail(c) },
		func() error { return o.addPush(c) },
		func() error { return o.addPushover(c) },
		func() error { return o.addSMS(c) },
		func() error { return o.addWebhook(c) },
		func() error { return o.addWatchdog(c) },
		func() error { return o.addTracker(c, links, log) },
		func() error { return o.addRunbookTargets(c, log) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if c.Console {
		o.channels["console"] = console.New(os.Stdout)
	}
	return o, nil
}

func (o *outside) addWebhook(c Config) error {
	if c.WebhookSecret == "" {
		return nil
	}
	hook, err := webhook.New(webhook.Config{Secret: c.WebhookSecret})
	if err != nil {
		return fmt.Errorf("set up webhooks: %w", err)
	}
	o.channels["webhook"] = hook
	return nil
}

func (o *outside) addTracker(c Config, links activities.Links, log *slog.Logger) error {
	if c.JiraURL == "" {
		return nil
	}
	tracker, err := jira.New(jira.Config{
		URL: c.JiraURL, Email: c.JiraEmail, Token: c.JiraToken,
		Resolution: c.JiraResolution, DoneTransition: c.JiraDoneTransition, Backlink: backlink(links), Log: log,
	})
	if err != nil {
		return fmt.Errorf("set up JIRA: %w", err)
	}
	o.tracker = tracker
	return nil
}

func (o *outside) addRunbookTargets(c Config, log *slog.Logger) error {
	if c.DeployerURL != "" {
		target, err := deployer.New(deployer.Config{URL: c.DeployerURL, Token: c.DeployerToken})
		if err != nil {
			return fmt.Errorf("set up the deploy target: %w", err)
		}
		o.deployer = target
	}
	if c.PrometheusURL != "" {
		metrics, err := prometheus.New(prometheus.Config{URL: c.PrometheusURL, Token: c.PrometheusToken, Log: log})
		if err != nil {
			return fmt.Errorf("set up metrics: %w", err)
		}
		o.metrics = metrics
	}
	return nil
}
