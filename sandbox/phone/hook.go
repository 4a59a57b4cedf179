package phone

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

// SignatureHeader carries the signature of a webhook.
const SignatureHeader = "X-Tocsin-Signature"

// signatureAge is how old a signature may be, either way, before it counts as
// a replay.
const signatureAge = 5 * time.Minute

// Sign is the value of SignatureHeader for a body sent at a moment.
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + digest(secret, t, body)
}

func digest(secret, t string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// verify returns what is wrong with a signature, or nil.
func verify(secret, signature string, now time.Time, body []byte) error {
	if signature == "" {
		return errors.New("the header " + SignatureHeader + " is missing")
	}
	var t, v1 string
	for part := range strings.SplitSeq(signature, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			t = value
		case "v1":
			v1 = value
		}
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil || v1 == "" {
		return errors.New("write " + SignatureHeader + " as t=<unix seconds>,v1=<hex>")
	}
	if !hmac.Equal([]byte(v1), []byte(digest(secret, t, body))) {
		return errors.New("the signature does not match the body, check the secret")
	}
	if age := now.Sub(time.Unix(seconds, 0)).Abs(); age > signatureAge {
		return fmt.Errorf("the signature is %s away from now, at most %s is accepted", age.Round(time.Second), signatureAge)
	}
	return nil
}

func (s *Server) receiveHook(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	secret := cmp.Or(s.config.HookSecrets[name], s.config.HookSecret)
	if secret == "" {
		wire.Refuse(w, http.StatusNotFound, "unknown-hook", "no webhook of that name is configured")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		wire.Refuse(w, http.StatusRequestEntityTooLarge, "body-too-large", fmt.Sprintf("send at most %d bytes", maxBody))
		return
	}
	if err := verify(secret, r.Header.Get(SignatureHeader), time.Now(), body); err != nil {
		wire.Refuse(w, http.StatusUnauthorized, "bad-signature", err.Error())
		return
	}
	if !json.Valid(body) {
		wire.Refuse(w, http.StatusBadRequest, "bad-json", "send a JSON body")
		return
	}
	hook, err := s.keepHook(Hook{Name: name, Key: r.Header.Get("Idempotency-Key"), Body: body})
	if err != nil {
		wire.Refuse(w, http.StatusInternalServerError, "not-kept", err.Error())
		return
	}
	wire.Write(w, http.StatusOK, map[string]string{"id": hook.ID})
}
