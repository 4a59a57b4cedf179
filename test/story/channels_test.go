package story_test

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/phone"
	"github.com/tocsinhq/tocsin/sandbox/pushover"
	"github.com/tocsinhq/tocsin/sandbox/twilio"
	"github.com/tocsinhq/tocsin/test/scene"
)

const (
	aliceNumber = "+12025550143"
	aliceKey    = "uAliceAliceAliceAliceAliceAlic"
)

// everyChannel lets the primary be paged by every channel at once.
func everyChannel(c *catalog.Catalog) {
	scene.Cast(c)
	scene.Steady(c)
	for n := range c.Escalations {
		c.Escalations[n].Levels[0].Timeout = 20 * time.Minute
	}
	p := n(c.People, func(p catalog.Person) bool { return p.ID == scene.Primary })
	p.Contacts = append(p.Contacts, catalog.ContactMethod{ID: "bell", Kind: "pushover", Address: aliceKey, Verified: true})
	p.Rules.Urgent = nil
	for _, m := range p.Contacts {
		p.Rules.Urgent = append(p.Rules.Urgent, catalog.Rule{Contact: m.ID})
	}
}

// n returns the element that fits, to be changed.
func n[T any](list []T, fits func(T) bool) *T { return &list[slices.IndexFunc(list, fits)] }

// TestEveryChannelBothWays pages one person by every channel, and acknowledges
// an incident from each of them, over real sockets.
func TestEveryChannelBothWays(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: everyChannel})
	for channel, acknowledge := range map[string]func(*testing.T, *scene.World, string){
		"push": byPush, "pushover": byPushover, "sms": bySMS, "mail": byMail, "webhook": byWebhook,
	} {
		number := fire(t, w, "payments", "Errors_"+channel)
		acknowledge(t, w, number)
		_, err := w.Incident(t.Context(), number, "the ack by "+channel, func(i *client.Incident) bool { return i.Holder == scene.Primary })
		require.NoError(t, err)
	}
	_, err := scene.Until(t.Context(), w, "silence", func(context.Context) (struct{}, bool) {
		return struct{}{}, !slices.ContainsFunc(s.Sandbox.Pushover.Messages(aliceKey), func(m pushover.Message) bool { return m.Rings(time.Now()) })
	})
	require.NoError(t, err, "nothing rings any more, whichever way it was answered")
}

func byPush(t *testing.T, w *scene.World, number string) {
	t.Helper()
	p, err := w.Push(t.Context(), scene.Primary, number, "Errors")
	require.NoError(t, err)
	require.Equal(t, "Acknowledge", p.Actions[0].Label)
	tap, err := w.Sandbox.Phone.Tap(t.Context(), p.ID, 0)
	require.NoError(t, err)
	require.Less(t, tap.Status, 300)
}

func byPushover(t *testing.T, w *scene.World, number string) {
	t.Helper()
	m, err := scene.Until(t.Context(), w, "an emergency about "+number, func(context.Context) (pushover.Message, bool) {
		return first(w.Sandbox.Pushover.Messages(aliceKey), func(m pushover.Message) bool {
			return scene.About(m.Title, number) && m.Rings(time.Now())
		})
	})
	require.NoError(t, err)
	require.NoError(t, w.Sandbox.Pushover.Acknowledge(t.Context(), m.ID), "the app calls back")
}

// text waits for an SMS about an incident.
func text(t *testing.T, w *scene.World, to, number string) twilio.Message {
	t.Helper()
	m, err := scene.Until(t.Context(), w, "an SMS about "+number, func(context.Context) (twilio.Message, bool) {
		return first(w.Sandbox.Twilio.Messages(to), func(m twilio.Message) bool { return !m.Reply && scene.About(m.Body, number) })
	})
	require.NoError(t, err)
	return m
}

func bySMS(t *testing.T, w *scene.World, number string) {
	t.Helper()
	code := text(t, w, aliceNumber, number).Body
	code = regexp.MustCompile(`Reply (ACK \S+) to`).FindStringSubmatch(code)[1]
	answers, err := w.Sandbox.Twilio.Reply(t.Context(), aliceNumber, code)
	require.NoError(t, err)
	require.Equal(t, []string{number + " is yours."}, answers)
	answers, err = w.Sandbox.Twilio.Reply(t.Context(), aliceNumber, "Hm?")
	require.NoError(t, err)
	require.Equal(t, []string{"Not understood, nothing was done. You have no open page."}, answers)
}

func byMail(t *testing.T, w *scene.World, number string) {
	t.Helper()
	m, err := w.Mail(t.Context(), "alice@example.org", number, "Errors")
	require.NoError(t, err)
	link := regexp.MustCompile(`Acknowledge: (\S+)`).FindStringSubmatch(m.Text)[1]
	press(t, link)
}

func byWebhook(t *testing.T, w *scene.World, number string) {
	t.Helper()
	h, err := scene.Until(t.Context(), w, "a webhook about "+number, func(context.Context) (phone.Hook, bool) {
		return first(w.Sandbox.Phone.Hooks(scene.Primary), func(h phone.Hook) bool { return scene.About(string(h.Body), number) })
	})
	require.NoError(t, err)
	press(t, regexp.MustCompile(`"ack_action":\s*"([^"]+)"`).FindStringSubmatch(string(h.Body))[1])
}

// TestAReceiptOfFailureBringsTheNextRuleForward pages by SMS a phone that is
// off: the provider takes the page, and says later that it did not arrive.
func TestAReceiptOfFailureBringsTheNextRuleForward(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: func(c *catalog.Catalog) {
		everyChannel(c)
		p := n(c.People, func(p catalog.Person) bool { return p.ID == scene.Primary })
		p.Rules.Urgent = []catalog.Rule{{Contact: "text"}, {Contact: "phone", After: 15 * time.Minute}}
	}})
	require.NoError(t, s.Sandbox.Twilio.Switch(aliceNumber, false))
	number := fire(t, w, "payments", "Errors")
	began := time.Now()
	_, err := w.Push(t.Context(), scene.Primary, number, "Errors")
	require.NoError(t, err)
	require.Less(t, time.Since(began), 2*time.Minute, "not after its quarter of an hour")
	require.Equal(t, "undelivered", text(t, w, aliceNumber, number).Status)
	i, err := w.Incident(t.Context(), number, "the present state", func(*client.Incident) bool { return true })
	require.NoError(t, err)
	require.Empty(t, i.Holder, "a receipt never acknowledges")
}

// TestSMSWhileTheProviderFails lets the provider of SMS fail for a while: the
// page arrives when it is back, and is stamped as delivered.
func TestSMSWhileTheProviderFails(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: everyChannel})
	require.NoError(t, s.Sandbox.Twilio.Faults.Add("send", fault.Status(503).Repeat(3)))
	number := fire(t, w, "payments", "Errors")
	text(t, w, aliceNumber, number)
	_, err := scene.Until(t.Context(), w, "the receipt", func(context.Context) (struct{}, bool) {
		return struct{}{}, slices.ContainsFunc(s.Sandbox.Twilio.Messages(aliceNumber), func(m twilio.Message) bool {
			return slices.Equal(m.Receipts, []int{204, 204})
		})
	})
	require.NoError(t, err, "the receipts were taken")
}

// TestASlowProviderIsNotTakenForADeadWorker lets a provider think for longer
// than the death of a worker takes to be noticed: nobody asks it once more.
func TestASlowProviderIsNotTakenForADeadWorker(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: everyChannel})
	firstTask := 1 // it is cut short, so that the incident goes on
	require.NoError(t, s.Sandbox.Phone.Faults.Add("push", fault.Delay(6*time.Second).Repeat(firstTask+1)))
	number := fire(t, w, "payments", "Errors")
	page, err := w.Push(t.Context(), scene.Primary, number, "Errors")
	require.NoError(t, err)
	_, err = scene.Until(t.Context(), w, "the record of "+page.Key, func(ctx context.Context) (struct{}, bool) {
		pages, err := w.Pages(ctx, number)
		return struct{}{}, err == nil && slices.ContainsFunc(pages, func(p client.Page) bool {
			return p.Key == page.Key && p.State == client.PageStateSent
		})
	})
	require.NoError(t, err)
	for _, e := range historyOf(t, s.App.Client, number) {
		require.LessOrEqual(t, e.GetActivityTaskStartedEventAttributes().GetAttempt(), int32(1), "event %d", e.GetEventId())
	}
}

// press posts to an address, as a button does.
func press(t *testing.T, address string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Less(t, resp.StatusCode, 300)
}
