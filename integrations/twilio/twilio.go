package twilio

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// DefaultURL is where Twilio itself is.
const DefaultURL = "https://api.twilio.com"

// defaultSettings begins the names of the settings of the first provider.
const defaultSettings = "TOCSIN_TWILIO"

// Config says whose account sends, and as whom.
type Config struct {
	// URL is where the API is; empty is DefaultURL.
	URL string
	// AccountSID and AuthToken are the account's.
	AccountSID, AuthToken string
	// From is a number of the account in E.164, or the SID of a messaging
	// service ("MG..."), which chooses one.
	From string
	// StatusURL is where receipts are to be sent; empty asks for none.
	StatusURL string
	// Replies says that what people reply arrives: pages then say how to
	// acknowledge. Otherwise they carry the link, which is long.
	Replies bool
	// Timeout bounds one delivery; zero is 10 seconds.
	Timeout time.Duration
	// Settings begins the names of the settings that errors say to correct;
	// empty is "TOCSIN_TWILIO".
	Settings string
}

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	serviceSID = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
	number     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

// Channel sends SMS. It is safe for concurrent use.
type Channel struct {
	config  Config
	account string
	client  *rest.Client
}

// New returns a channel that sends as config says. It fails with Invalid when
// something of it cannot be right.
func New(config Config) (*Channel, error) {
	config.URL = cmp.Or(config.URL, DefaultURL)
	config.Settings = cmp.Or(config.Settings, defaultSettings)
	base, err := rest.ParseBase(config.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("correct %s_URL: %w", config.Settings, err)
	case !accountSID.MatchString(config.AccountSID):
		return nil, incident.Errorf(incident.Invalid, "correct %s_ACCOUNT_SID: it is AC and 32 hexadecimal digits", config.Settings)
	case config.AuthToken == "":
		return nil, incident.Errorf(incident.Invalid, "set %s_AUTH_TOKEN: it signs in, and verifies what comes back", config.Settings)
	case !number.MatchString(config.From) && !serviceSID.MatchString(config.From):
		return nil, incident.Errorf(incident.Invalid,
			"correct %s_FROM: it is a number such as +442079460000, or the SID of a messaging service", config.Settings)
	}
	return &Channel{
		config: config, account: strings.TrimRight(base.String(), "/") + "/2010-04-01/Accounts/" + config.AccountSID,
		client: rest.New(rest.Config{
			Name: "the SMS provider", Timeout: config.Timeout,
			Explain:     func(body []byte) string { return explain(codeOf(body), config.Settings) },
			Credentials: config.Settings + "_ACCOUNT_SID and " + config.Settings + "_AUTH_TOKEN",
			Repairable:  true, Secrets: []string{config.AuthToken},
		}),
	}, nil
}

// Send sends a message as Deliver does.
func (c *Channel) Send(ctx context.Context, address string, m incident.Message) error {
	_, err := c.Deliver(ctx, address, m)
	return err
}

// Deliver sends a message to a number in E.164 and returns its SID, which
// receipts name. Twilio honours no key: a repeat is one more SMS. Its errors
// are of kind Permanent for a number that gets no SMS, and Unavailable for what
// may go well later, a refused sign-in among it: somebody may repair that while
// the page is tried again. They name no number.
func (c *Channel) Deliver(ctx context.Context, address string, m incident.Message) (incident.HandOver, error) {
	if !number.MatchString(address) {
		return incident.HandOver{}, incident.Errorf(incident.Permanent,
			"correct the number in the catalog: write it as in +442079460000")
	}
	form := url.Values{"To": {address}, "Body": {c.text(m)}}
	if serviceSID.MatchString(c.config.From) {
		form.Set("MessagingServiceSid", c.config.From)
	} else {
		form.Set("From", c.config.From)
	}
	if c.config.StatusURL != "" {
		form.Set("StatusCallback", c.config.StatusURL+"?page="+writeKey(m.Key))
	}
	sid, err := c.create(ctx, form)
	if codeIn(err) == noCallback { // the page matters more than its receipt
		form.Del("StatusCallback")
		sid, err = c.create(ctx, form)
	}
	if err != nil {
		return incident.HandOver{}, err
	}
	return incident.HandOver{Provider: "twilio", Reference: sid}, nil
}

// create has a message sent, and returns its SID.
func (c *Channel) create(ctx context.Context, form url.Values) (string, error) {
	var answer struct {
		SID string `json:"sid"`
	}
	err := c.call(ctx, rest.Call{Method: http.MethodPost, URL: c.account + "/Messages.json", Body: form}, &answer)
	if err == nil && answer.SID == "" {
		err = incident.Errorf(incident.Unavailable, "the SMS provider confirmed no message, check %s_URL", c.config.Settings)
	}
	return answer.SID, err
}

// Probe says whether the account can be used: nil, or why not.
func (c *Channel) Probe(ctx context.Context) error {
	var answer struct {
		Status string `json:"status"`
	}
	if err := c.call(ctx, rest.Call{Method: http.MethodGet, URL: c.account + ".json"}, &answer); err != nil {
		return err
	}
	if answer.Status != "active" {
		return incident.Errorf(incident.Unavailable, "the account of the SMS provider is not active")
	}
	return nil
}

func (c *Channel) call(ctx context.Context, call rest.Call, out any) error {
	signIn := base64.StdEncoding.EncodeToString([]byte(c.config.AccountSID + ":" + c.config.AuthToken))
	call.Header = http.Header{"Authorization": {"Basic " + signIn}}
	return judge(c.client.JSON(ctx, call, out))
}
