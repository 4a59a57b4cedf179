package api

import (
	"context"
	"encoding/xml"
	"strings"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// PostTwilioText hears what somebody texted, and answers in plain words.
func (s *server) PostTwilioText(ctx context.Context, r gen.PostTwilioTextRequestObject) (gen.PostTwilioTextResponseObject, error) {
	if err := s.hearsTexts(); err != nil {
		return nil, err
	}
	text, err := s.Texts.Text(s.webhook(ctx, r.Params.XTwilioSignature))
	if err != nil {
		return nil, err
	}
	return twiml(s.answerText(ctx, text))
}

// PostTwilioStatus hears what became of an SMS. It never acknowledges: that a
// phone has it says nothing of its owner.
func (s *server) PostTwilioStatus(ctx context.Context, r gen.PostTwilioStatusRequestObject) (gen.PostTwilioStatusResponseObject, error) {
	if err := s.hearsTexts(); err != nil {
		return nil, err
	}
	receipt, err := s.Texts.Receipt(s.webhook(ctx, r.Params.XTwilioSignature))
	if err != nil {
		return nil, err
	}
	if receipt.Delivered || receipt.Failed {
		err = s.receipt(ctx, receipt)
	}
	if err != nil {
		return nil, err
	}
	return gen.PostTwilioStatus204Response{}, nil
}

func (s *server) hearsTexts() error {
	if s.Texts == nil || s.Failures == nil || s.PublicURL == "" {
		return incident.Errorf(incident.NotFound, "this process hears no webhooks of Twilio: set TOCSIN_TWILIO_ACCOUNT_SID")
	}
	return nil
}

// webhook is the request as whoever signed it saw it.
func (s *server) webhook(ctx context.Context, signature string) Webhook {
	who := callerOf(ctx)
	return Webhook{URL: s.PublicURL + who.target, Signature: signature, Body: who.body}
}

// receipt stamps the ledger, and tells the incident of a page that will never
// arrive. It needs no database to tell: the page stands in the address that the
// provider was given.
func (s *server) receipt(ctx context.Context, r Receipt) error {
	attempts, err := s.stamp(ctx, r)
	unknown := incident.KindOf(err) == incident.NotFound
	if r.Failed {
		pages := bounced(attempts)
		if err != nil {
			pages = []string{r.Page}
		}
		told, err := s.pagesFailed(ctx, pages, r.Reason)
		if told || err != nil {
			return err
		}
	}
	if unknown { // a code or a test page: nobody waits to hear of it
		return nil
	}
	return err
}

// stamp notes a receipt in the ledger. Providers do not come again: one that
// is faster than the note of its hand-over is waited for. Its error is of kind
// NotFound when the message is none that the ledger is told of.
func (s *server) stamp(ctx context.Context, r Receipt) (attempts []activities.Attempt, err error) {
	note := store.Receipt{Reference: r.Reference, State: r.State, At: s.Now().UTC()}
	if r.Delivered {
		note.State = store.Delivered
	}
	s.catchUp(ctx, func() bool {
		ctx, cancel := context.WithTimeout(ctx, s.Lag)
		defer cancel()
		attempts, err = s.Store.Receipt(ctx, note)
		return incident.KindOf(err) != incident.NotFound
	})
	return attempts, err
}

// bounced are the keys of the pages that have not arrived by this message.
func bounced(attempts []activities.Attempt) []string {
	var keys []string
	for _, a := range attempts {
		if a.Receipt != store.Delivered {
			keys = append(keys, a.Key)
		}
	}
	return keys
}

// pagesFailed tells the incidents of some pages, and whether there was one to
// tell: a test page, and several pages in one, have none.
func (s *server) pagesFailed(ctx context.Context, pages []string, reason string) (told bool, err error) {
	for _, page := range pages {
		number, _, _ := strings.Cut(page, "/")
		if !strings.HasPrefix(number, incident.NumberPrefix) {
			continue
		}
		told = true
		if err := s.pageFailed(ctx, number, page, reason); err != nil {
			return told, err
		}
	}
	return told, nil
}

// pageFailed tells an incident, unless it has ended.
func (s *server) pageFailed(ctx context.Context, number, page, reason string) error {
	s.Log.Warn("a page was taken, and will not arrive", "incident", number, "why", reason)
	err := s.Failures.PageFailed(ctx, number, page, reason)
	if incident.KindOf(err) == incident.NotFound {
		return nil
	}
	return err
}

// twiml says something to whoever texted, or nothing.
func twiml(answer string) (gen.PostTwilioText200TextxmlResponse, error) {
	body := struct {
		XMLName xml.Name `xml:"Response"`
		Message string   `xml:",omitempty"`
	}{Message: answer}
	data, err := xml.Marshal(body)
	if err != nil {
		return gen.PostTwilioText200TextxmlResponse{}, err
	}
	return gen.PostTwilioText200TextxmlResponse{
		Body: strings.NewReader(xml.Header + string(data)), ContentLength: int64(len(xml.Header) + len(data)),
	}, nil
}
