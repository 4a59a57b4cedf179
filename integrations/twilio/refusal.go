package twilio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// codeOf reads the number by which Twilio documents an error. Its words are
// left out: they repeat the number that was written to.
func codeOf(body []byte) int {
	var refusal struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(body, &refusal) != nil {
		return 0
	}
	return refusal.Code
}

func explain(body []byte) string {
	code := codeOf(body)
	switch {
	case code == 0:
		return ""
	case meaning(code) == "":
		return fmt.Sprintf("error %d", code)
	}
	return fmt.Sprintf("%s (error %d)", meaning(code), code)
}

// meaning says in words what Twilio's most frequent errors come from, of the
// request and of the delivery.
func meaning(code int) string {
	switch code {
	case 21211, 21214, 21217, 21401:
		return "the number is none: correct it in the catalog"
	case 21610:
		return "the person replied STOP: they must text START to the number that pages come from"
	case 21614, 30006:
		return "the number gets no SMS"
	case 21408:
		return "the account may not write to that country: allow it in the provider's console"
	case 21212, 21603, 21606, 21659, 21660:
		return "the account may not send from that number: correct TOCSIN_TWILIO_FROM"
	case 21611:
		return "too many messages wait at the provider"
	case 30003, 30005:
		return "the phone is off, out of reach or does not exist"
	case 30004, 30007:
		return "the network blocked it"
	case 30008:
		return "the network does not say why"
	}
	return ""
}

// judge gives what was refused the kind that it deserves for a page: sign-in
// and sender may be repaired while it is tried again.
func judge(err error) error {
	status, ok := errors.AsType[*rest.StatusError](err)
	if !ok {
		return err
	}
	known, _ := errors.AsType[*incident.Error](err)
	switch codeOf(status.Body) {
	case 21212, 21408, 21603, 21606, 21611, 21659, 21660:
		known.Kind = incident.Unavailable
	}
	if status.Code == http.StatusUnauthorized || status.Code == http.StatusForbidden {
		known.Kind = incident.Unavailable
	}
	return err
}
