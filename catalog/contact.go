package catalog

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// ContactKind is one channel by which people can be reached.
type ContactKind struct {
	Name string
	// Check says what is wrong with an address, without repeating it.
	Check func(address string) error
}

// ContactKinds lists the channels. A new channel adds its line here.
func ContactKinds() []ContactKind {
	return []ContactKind{
		{"email", checkMail},
		{"push", checkTopic},
		{"pushover", checkUserKey},
		{"sms", checkNumber},
		{"webhook", checkURL},
		{"console", func(string) error { return nil }},
	}
}

func contactKind(name string) (ContactKind, bool) {
	kinds := ContactKinds()
	i := slices.IndexFunc(kinds, func(k ContactKind) bool { return k.Name == name })
	if i < 0 {
		return ContactKind{}, false
	}
	return kinds[i], true
}

// ContactKindNames returns the names of the kinds.
func ContactKindNames() []string {
	var out []string
	for _, kind := range ContactKinds() {
		out = append(out, kind.Name)
	}
	return out
}

// CheckKinds says which of some names is none of a kind of contact method, and
// so of no channel.
func CheckKinds(names ...string) error {
	known := ContactKindNames()
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no channel %q; there is %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

func checkMail(address string) error {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address {
		return errors.New("must be an e-mail address such as name@example.org")
	}
	return nil
}

var topic = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)

func checkTopic(address string) error {
	if !topic.MatchString(address) {
		return errors.New("must be a topic: up to 64 letters, digits, - and _")
	}
	return nil
}

var userKey = regexp.MustCompile(`^[A-Za-z0-9]{30}$`)

func checkUserKey(address string) error {
	if !userKey.MatchString(address) {
		return errors.New("must be a Pushover user key: 30 letters and digits")
	}
	return nil
}

var number = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func checkNumber(address string) error {
	if !number.MatchString(address) {
		return errors.New(`must be a number with its country, in quotes and without spaces: "+442079460000"`)
	}
	return nil
}

func checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("must be an http or https address")
	}
	return nil
}

// CheckOwnContact says, in a *WrongError, why a person cannot add a contact
// method. The address is not repeated.
func CheckOwnContact(m ContactMethod) error {
	if !idForm.MatchString(m.ID) {
		return wrong("id", "must be 1 to 63 letters, digits, dots, dashes and underscores")
	}
	kind, ok := contactKind(m.Kind)
	if !ok || m.Kind == "console" {
		own := slices.DeleteFunc(ContactKindNames(), func(name string) bool { return name == "console" })
		return wrong("kind", "must be one of %s", strings.Join(own, ", "))
	}
	if err := kind.Check(m.Address); err != nil {
		return wrong("address", "%s", err)
	}
	return nil
}
