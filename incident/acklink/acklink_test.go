package acklink_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident/acklink"
)

var (
	now    = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	signer = acklink.Signer{Key: bytes.Repeat([]byte("k"), acklink.MinKey), TTL: time.Hour}
	claims = acklink.Claims{Incident: "INC-1042", Page: "INC-1042/alert-1/0/0/alice/phone", Person: "alice"}
)

func TestSignedClaimsComeBack(t *testing.T) {
	token := signer.Sign(claims, now)
	got, err := signer.Verify(token, now.Add(59*time.Minute))
	require.NoError(t, err)
	want := claims
	want.Expires = now.Add(time.Hour)
	require.Equal(t, want, got)
	require.Equal(t, token, signer.Sign(claims, now), "a retry of the same page carries the same link")
	require.Regexp(t, `^[A-Za-z0-9_.-]+$`, token)
}

func TestLinksExpire(t *testing.T) {
	token := signer.Sign(claims, now)
	got, err := signer.Verify(token, now.Add(time.Hour))
	require.ErrorIs(t, err, acklink.ErrExpired)
	require.Equal(t, "INC-1042", got.Incident, "the page that says so can name the incident")

	unlimited := acklink.Signer{Key: signer.Key}
	_, err = unlimited.Verify(unlimited.Sign(claims, now), now.Add(acklink.DefaultTTL-time.Second))
	require.NoError(t, err)
	_, err = unlimited.Verify(unlimited.Sign(claims, now), now.Add(acklink.DefaultTTL))
	require.ErrorIs(t, err, acklink.ErrExpired)
}

func TestForgedLinksAreRefused(t *testing.T) {
	token := signer.Sign(claims, now)
	body, mac, _ := strings.Cut(token, ".")
	other := acklink.Signer{Key: bytes.Repeat([]byte("x"), acklink.MinKey)}
	otherBody, _, _ := strings.Cut(signer.Sign(acklink.Claims{Incident: "INC-1042", Person: "mallory"}, now), ".")
	for name, forged := range map[string]string{
		"empty":            "",
		"no signature":     body,
		"empty signature":  body + ".",
		"other key":        other.Sign(claims, now),
		"other claims":     otherBody + "." + mac,
		"cut":              token[:len(token)-1],
		"longer":           token + "A",
		"not base64":       "!!." + mac,
		"bad signature":    body + ".!!",
		"far too long":     strings.Repeat("a", 2000) + "." + mac,
		"names no one":     signer.Sign(acklink.Claims{Incident: "INC-1042"}, now),
		"another spelling": body + "=." + mac,
		"another line":     body[:4] + "\n" + body[4:] + "." + mac,
	} {
		_, err := signer.Verify(forged, now)
		require.ErrorIs(t, err, acklink.ErrForged, name)
	}
}

func TestSignerNeedsAKey(t *testing.T) {
	short := acklink.Signer{Key: []byte("short")}
	require.ErrorContains(t, short.Validate(), "at least 32")
	_, err := short.Verify(short.Sign(claims, now), now)
	require.ErrorIs(t, err, acklink.ErrForged)
	require.NoError(t, signer.Validate())
}

func FuzzVerify(f *testing.F) {
	good := signer.Sign(claims, now)
	f.Add(good)
	f.Add("." + good)
	f.Add("e30.e30")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := signer.Verify(token, now); err == nil {
			require.Equal(t, good, token, "only the signer makes tokens that verify")
		}
	})
}
