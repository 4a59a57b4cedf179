package twilio

import (
	"encoding/json"
	"errors"
	"fmt"

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

// explain words an error by its code; settings begins the names of those that
// may be wrong.
func explain(code int, settings string) string {
	words := meaning(code, settings)
	switch {
	case code == 0:
		return ""
	case words == "":
		return fmt.Sprintf("error %d", code)
	}
	return fmt.Sprintf("%s (error %d)", words, code)
}

// meaning says in words what Twilio's most frequent errors come from, of the
// request and of the delivery.
func meaning(code int, settings string) string {
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
		return "the account may not send from that number: correct " + settings + "_FROM"
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

// noCallback is Twilio's error for an address of receipts that it cannot call.
const noCallback = 21609

// codeIn is the code that an error was answered with; 0 when there is none.
func codeIn(err error) int {
	status, ok := errors.AsType[*rest.StatusError](err)
	if !ok {
		return 0
	}
	return codeOf(status.Body)
}

// judge says of what was refused whether it is tried again: the sender and the
// account may be repaired meanwhile.
func judge(err error) error {
	switch codeIn(err) {
	case 21212, 21408, 21603, 21606, 21611, 21659, 21660:
		known, _ := errors.AsType[*incident.Error](err)
		known.Kind = incident.Unavailable
	}
	return err
}
