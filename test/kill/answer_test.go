package kill_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/sandbox/pushover"
	"github.com/tocsinhq/tocsin/sandbox/twilio"
	"github.com/tocsinhq/tocsin/test/scene"
)

// answer is a way in which a person can acknowledge what reached them.
type answer struct {
	kind string
	// at is when what is answered arrived.
	at   time.Time
	give func(ctx context.Context) error
}

// answers lists the ways in which the person can answer now.
func (k *climb) answers() []answer {
	box := k.stack.world.Sandbox
	var out []answer
	for _, p := range box.Phone.Pages(k.person) {
		if k.asks(p.Key) {
			out = append(out, answer{"push", p.Received, func(ctx context.Context) error {
				tap, err := box.Phone.Tap(ctx, p.ID, 0)
				if err == nil && tap.Error == "" {
					err = taken(tap.Status)
				}
				return errors.Join(err, said(tap.Error))
			}})
		}
	}
	for _, h := range box.Phone.Hooks(k.person) {
		var body struct {
			Action string `json:"ack_action"`
		}
		if k.asks(h.Key) && json.Unmarshal(h.Body, &body) == nil {
			out = append(out, answer{"webhook", h.Received, func(ctx context.Context) error { return post(ctx, body.Action) }})
		}
	}
	for _, m := range k.mails(k.person) {
		_, link, found := strings.Cut(m.Text, "Acknowledge: ")
		if link, _, _ = strings.Cut(link, "\n"); found {
			out = append(out, answer{"email", m.Received, func(ctx context.Context) error { return post(ctx, strings.TrimSpace(link)) }})
		}
	}
	for _, m := range k.texts(k.person) {
		out = append(out, answer{"sms", m.At, func(ctx context.Context) error { return k.reply(ctx, m.To) }})
	}
	for _, m := range k.bells(k.person) {
		out = append(out, answer{"pushover", m.Received, func(ctx context.Context) error { return box.Pushover.Acknowledge(ctx, m.ID) }})
	}
	return out
}

func (k *climb) asks(key string) bool { return strings.HasPrefix(key, k.number+"/alert-") }

// mails lists those to a person about the incident.
func (k *climb) mails(person string) []inbox.Message {
	var out []inbox.Message
	for _, m := range k.stack.world.Sandbox.Inbox.Messages(inbox.Query{To: person + "@example.org"}) {
		if full, ok := k.stack.world.Sandbox.Inbox.Message(m.ID); ok && scene.About(full.Subject, k.number) {
			out = append(out, full)
		}
	}
	return out
}

// texts lists the SMS to a person that ask for an answer.
func (k *climb) texts(person string) []twilio.Message {
	hint := " ACK " + strings.TrimPrefix(k.number, incident.NumberPrefix) + " to acknowledge"
	number := k.address(person, "text")
	return slices.DeleteFunc(k.stack.world.Sandbox.Twilio.Messages(number), func(m twilio.Message) bool {
		return number == "" || m.To != number || !strings.Contains(m.Body, hint)
	})
}

// bells lists the pushes of Pushover to a person that ask for an answer.
func (k *climb) bells(person string) []pushover.Message {
	user := k.address(person, "bell")
	return slices.DeleteFunc(k.stack.world.Sandbox.Pushover.Messages(user), func(m pushover.Message) bool {
		return user == "" || m.Receipt == "" || !slices.Contains(m.Tags, k.number)
	})
}

// address is where a person is reached by a contact method; empty when they
// have none of that name.
func (k *climb) address(person, contact string) string {
	for _, p := range k.catalog.People {
		for _, m := range p.Contacts {
			if p.ID == person && m.ID == contact {
				return m.Address
			}
		}
	}
	return ""
}

// reply texts back until the incident is theirs, each time anew.
func (k *climb) reply(ctx context.Context, from string) error {
	texts, err := k.stack.world.Sandbox.Twilio.Reply(ctx, from, "ack "+strings.TrimPrefix(k.number, incident.NumberPrefix))
	if err != nil {
		return err
	}
	text := strings.Join(texts, " ")
	for _, yes := range []string{" is yours", " counts from now", "you hold it"} {
		if strings.Contains(text, yes) {
			return nil
		}
	}
	return fmt.Errorf("the reply was answered with %q", text)
}

// post follows an acknowledge link, and presses its button.
func post(ctx context.Context, link string) error {
	ctx, cancel := context.WithTimeout(ctx, givesUp)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, link, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return errors.Join(taken(resp.StatusCode), resp.Body.Close())
}

func taken(status int) error {
	if status >= http.StatusMultipleChoices {
		return fmt.Errorf("the acknowledgement was answered with %d", status)
	}
	return nil
}

func said(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// words lists what a person reads, on whatever channel.
func (k *climb) words(person string) []string {
	var out []string
	box := k.stack.world.Sandbox
	for _, p := range box.Phone.Pages(person) {
		out = append(out, p.Message)
	}
	for _, h := range box.Phone.Hooks(person) {
		out = append(out, string(h.Body))
	}
	for _, m := range k.mails(person) {
		out = append(out, m.Text)
	}
	if number := k.address(person, "text"); number != "" {
		for _, m := range box.Twilio.Messages(number) {
			out = append(out, m.Body)
		}
	}
	if user := k.address(person, "bell"); user != "" {
		for _, m := range box.Pushover.Messages(user) {
			out = append(out, m.Message)
		}
	}
	return out
}

// arrivals returns when a page of the ledger reached whom it is for, each
// time that it did.
func (k *climb) arrivals(p client.Page) []time.Time {
	var out []time.Time
	box := k.stack.world.Sandbox
	switch p.Kind {
	case "push":
		for _, m := range box.Phone.Pages(p.Person) {
			if m.Key == p.Key {
				out = append(out, m.Received)
			}
		}
	case "webhook":
		for _, m := range box.Phone.Hooks(p.Person) {
			if m.Key == p.Key {
				out = append(out, m.Received)
			}
		}
	case "email":
		sum := sha256.Sum256([]byte(p.Key))
		id := "<" + hex.EncodeToString(sum[:16]) + "@"
		for _, m := range box.Inbox.Messages(inbox.Query{To: p.Person + "@example.org"}) {
			if strings.HasPrefix(m.MessageID, id) {
				out = append(out, m.Received)
			}
		}
	case "sms":
		for _, m := range k.texts(p.Person) {
			out = append(out, m.At)
		}
	case "pushover":
		for _, m := range k.bells(p.Person) {
			out = append(out, m.Received)
		}
	}
	return out
}
