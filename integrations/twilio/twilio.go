package twilio

import (
	"context"
	"encoding/json"
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
	if config.URL == "" {
		config.URL = DefaultURL
	}
	base, err := rest.ParseBase(config.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("correct TOCSIN_TWILIO_URL: %w", err)
	case !accountSID.MatchString(config.AccountSID):
		return nil, incident.Errorf(incident.Invalid, "correct TOCSIN_TWILIO_ACCOUNT_SID: it is AC and 32 hexadecimal digits")
	case config.AuthToken == "":
		return nil, incident.Errorf(incident.Invalid, "set TOCSIN_TWILIO_AUTH_TOKEN: it signs in, and verifies what comes back")
	case !number.MatchString(config.From) && !serviceSID.MatchString(config.From):
		return nil, incident.Errorf(incident.Invalid,
			"correct TOCSIN_TWILIO_FROM: it is a number such as +442079460000, or the SID of a messaging service")
	}
	return &Channel{
		config: config, account: strings.TrimRight(base.String(), "/") + "/2010-04-01/Accounts/" + config.AccountSID,
		client: rest.New(rest.Config{
			Name: "the SMS provider", Timeout: config.Timeout, Explain: explain,
			Credentials: "TOCSIN_TWILIO_ACCOUNT_SID and TOCSIN_TWILIO_AUTH_TOKEN", Secrets: []string{config.AuthToken},
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
		form.Set("StatusCallback", c.config.StatusURL+"?"+url.Values{"page": {m.Key}}.Encode())
	}
	var answer struct {
		SID string `json:"sid"`
	}
	if err := c.call(ctx, http.MethodPost, c.account+"/Messages.json", form, &answer); err != nil {
		return incident.HandOver{}, err
	}
	if answer.SID == "" {
		return incident.HandOver{}, incident.Errorf(incident.Unavailable, "the SMS provider confirmed no message, check TOCSIN_TWILIO_URL")
	}
	return incident.HandOver{Provider: "twilio", Reference: answer.SID}, nil
}

// Probe says whether the account can be used: nil, or why not.
func (c *Channel) Probe(ctx context.Context) error {
	var answer struct {
		Status string `json:"status"`
	}
	if err := c.call(ctx, http.MethodGet, c.account+".json", nil, &answer); err != nil {
		return err
	}
	if answer.Status != "active" {
		return incident.Errorf(incident.Unavailable, "the account of the SMS provider is not active")
	}
	return nil
}

func (c *Channel) call(ctx context.Context, method, address string, form url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return incident.Errorf(incident.Invalid, "the address of the SMS provider is not a URL")
	}
	req.SetBasicAuth(c.config.AccountSID, c.config.AuthToken)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return judge(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return incident.Errorf(incident.Unavailable, "the SMS provider answered JSON that cannot be understood")
	}
	return nil
}
