package apitest

import (
	"context"
	"net/url"
	"sync"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/incident"
)

// Texts reads webhooks whose signature is the address that was called: a test
// proves that the API hands over the right one.
type Texts struct{}

func (Texts) open(w api.Webhook) (url.Values, error) {
	if w.Signature != w.URL {
		return nil, incident.Errorf(incident.Forbidden, "the signature does not fit")
	}
	return url.ParseQuery(string(w.Body))
}

// Text reads an SMS.
func (t Texts) Text(w api.Webhook) (api.Text, error) {
	form, err := t.open(w)
	return api.Text{ID: form.Get("MessageSid"), From: form.Get("From"), Body: form.Get("Body")}, err
}

// Receipt reads a receipt.
func (t Texts) Receipt(w api.Webhook) (api.Receipt, error) {
	form, err := t.open(w)
	state := form.Get("MessageStatus")
	return api.Receipt{
		Reference: form.Get("MessageSid"), State: state, Delivered: state == "delivered", Failed: state == "undelivered",
		Reason: "the phone is off", Page: form.Get("page"),
	}, err
}

// Failed is a page that will never arrive.
type Failed struct{ Number, Key, Reason string }

// Failures remembers what it hears.
type Failures struct {
	mu   sync.Mutex
	list []Failed
	err  error
}

// Fail makes every call fail; nil mends it.
func (f *Failures) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// PageFailed remembers a page.
func (f *Failures) PageFailed(_ context.Context, number, key, reason string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, Failed{number, key, reason})
	return f.err
}

// Heard returns the pages so far.
func (f *Failures) Heard() []Failed {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Failed(nil), f.list...)
}
