package rehearsal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

const (
	// answerAfter is how long people take over what is no alert: a role, a
	// call for help, "still on it?".
	answerAfter = time.Minute
	// moment lets what is due at the time of an answer go first, so that a
	// rehearsal always reads the same: while an activity runs, time goes on as
	// on the wall. No transcript shows it.
	moment = time.Second / 2
	// alertAfter is how long whoever is the first to be reached takes, when
	// the time to acknowledge has come already.
	alertAfter = time.Second
)

// cast are the people of a rehearsal: what they do, and when.
type cast struct {
	stage *stage

	mu     sync.Mutex
	scenes []*scene
	// seen are the pages that reached somebody who looks at them.
	seen []seen
	// waits says that the time to acknowledge has come, and nobody was reached
	// yet; taken that somebody acknowledged the alert.
	waits, taken bool
	// answers holds the summonses that somebody is about to answer.
	answers map[string]bool
}

// scene is what happens at a time.
type scene struct {
	at     time.Time
	act    func()
	played bool
}

type seen struct {
	at  time.Time
	key pageKey
}

func newCast(s *stage) *cast {
	c := &cast{stage: s, answers: map[string]bool{}}
	if !s.plan.NobodyAcks {
		c.scenes = append(c.scenes, &scene{at: s.plan.From.Add(s.plan.Ack.After + moment), act: c.acknowledge})
	}
	return c
}

// enter has everything happen that has not yet, in the run that begins.
func (c *cast) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.scenes {
		if !s.played {
			c.arrange(s)
		}
	}
}

// arrange has a scene played by the run under way. The caller holds the lock.
func (c *cast) arrange(s *scene) {
	env := c.stage.present.Load()
	env.RegisterDelayedCallback(func() {
		if !s.played {
			s.played = true
			s.act()
		}
	}, max(s.at.Sub(env.Now()), 0))
}

func (c *cast) later(after time.Duration, act func()) {
	s := &scene{at: shown(c.stage.clock()).Add(after + moment), act: act}
	c.scenes = append(c.scenes, s)
	c.arrange(s)
}

// reached has a person see a page, and act on it.
func (c *cast) reached(m incident.Message) {
	key, ok := readKey(m.Key)
	if !ok || m.AckURL == "" || slices.Contains(c.stage.plan.Unreachable, key.person) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, seen{shown(c.stage.clock()), key})
	switch {
	case c.stage.plan.NobodyAcks || c.answers[key.summons]:
	case c.waits:
		c.waits = false
		c.later(alertAfter, c.acknowledge)
	case c.taken:
		c.answers[key.summons] = true
		c.later(answerAfter, func() { c.answer(key.person, key.text) })
	}
}

// acknowledge has somebody take the incident, now or as soon as somebody was
// reached.
func (c *cast) acknowledge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	person, page := c.stage.plan.Ack.By, ""
	if person == "" {
		if len(c.seen) == 0 {
			c.waits = true
			return
		}
		first := slices.MinFunc(c.seen, func(a, b seen) int {
			return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.key.text, b.key.text))
		})
		person, page = first.key.person, first.key.text
	}
	c.taken = true
	c.answer(person, page)
}

// answer gives the command that the link of a page gives.
func (c *cast) answer(person, page string) {
	env := c.stage.present.Load()
	id := fmt.Sprintf("%s %s %s", person, page, env.Now())
	env.UpdateWorkflow(incident.AcknowledgeCommand, id, unheard(), workflows.Command[incident.Acknowledge]{
		Header: incident.Header{ID: id, By: incident.Person(person), At: env.Now().UTC(), Via: "link"},
		Args:   incident.Acknowledge{Page: page},
	})
}

// unheard is what a person makes of the answer to a command: the transcript
// shows what came of it.
func unheard() *testsuite.TestUpdateCallback {
	return &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: func(error) {}, OnComplete: func(any, error) {}}
}

// pageKey is what the key of a page says.
type pageKey struct {
	text, summons string
	round, level  int
	person        string
	contact       string
	// nth counts the uses of one contact method by one person's rules.
	nth int
}

// readKey reads "INC-1/alert-1/r0/l0/alice/phone", and a number behind it.
func readKey(text string) (pageKey, bool) {
	parts := strings.Split(text, "/")
	if len(parts) < 6 {
		return pageKey{}, false
	}
	k := pageKey{text: text, summons: parts[1], person: parts[4], contact: parts[5], nth: 1}
	_, err := fmt.Sscanf(parts[2]+" "+parts[3], "r%d l%d", &k.round, &k.level)
	if len(parts) > 6 && err == nil {
		_, err = fmt.Sscan(parts[6], &k.nth)
	}
	return k, err == nil
}
